using Google.Protobuf;
using Milvus.Api.Access;
using Milvus.Coordinator;
using Milvus.Coordinator.Access;

namespace Milvus.Api.Grpc.Access;

/// <summary>Checks passwords and privileges of gRPC calls.</summary>
/// <param name="catalog">The newest catalogue, for aliases and roles.</param>
public sealed class AccessGuard(AccessControl access, Func<Catalog> catalog) : IGrpcGuard
{
    private readonly RequestAccess _requests = new(access, catalog);

    public ValueTask<string?> AuthenticateAsync(GrpcCallContext call)
    {
        // Probes carry no credentials.
        if (call.Method.Service.StartsWith("grpc.health.", StringComparison.Ordinal)) return ValueTask.FromResult<string?>(null);

        var credential = GrpcCredential.Read(call);
        if (credential.ApiKey is not null)
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "auth check failure, please check api key is correct");
        if (!access.Authenticate(credential.User, credential.Password))
        {
            throw new GrpcException(
                GrpcStatusCode.Unauthenticated, "auth check failure, please check username and password are correct");
        }
        return ValueTask.FromResult<string?>(credential.User);
    }

    public ValueTask AuthorizeAsync(IMessage request, GrpcCallContext call)
    {
        if (call.User is { } user && _requests.FindRefusal(request, user, call.Database) is { } refusal) throw new GrpcException(GrpcStatusCode.PermissionDenied, refusal);
        return ValueTask.CompletedTask;
    }
}
