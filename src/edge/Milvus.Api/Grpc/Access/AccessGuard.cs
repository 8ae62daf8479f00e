using Google.Protobuf;
using Milvus.Coordinator;
using Milvus.Coordinator.Access;
using Milvus.Model;
using Milvus.Protocol;

namespace Milvus.Api.Grpc.Access;

/// <summary>
/// Checks passwords and privileges of gRPC calls. What a call needs is declared by its request's message; requests that declare
/// nothing are open to everyone who has authenticated.
/// </summary>
/// <param name="catalog">The newest catalogue, for aliases and roles.</param>
public sealed class AccessGuard(AccessControl access, Func<Catalog> catalog) : IGrpcGuard
{
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
                GrpcStatusCode.Unauthenticated, $"auth check failure, please check username [{credential.User}] and password are correct");
        }
        return ValueTask.FromResult<string?>(credential.User);
    }

    public ValueTask AuthorizeAsync(IMessage request, GrpcCallContext call)
    {
        if (call.User is not { } user || RequestPrivilege.Of(request.Descriptor) is not { } privilege) return ValueTask.CompletedTask;

        var database = Database(privilege.DatabaseOf(request), call);
        foreach (var name in privilege.ObjectsOf(request))
        {
            if (IsOwnBusiness(request, privilege, user, name)) continue;
            var target = privilege.ObjectType == Privileges.CollectionType ? Resolve(database, name) : name;
            if (access.IsAllowed(user, privilege.ObjectType, target, privilege.Privilege, database)) continue;
            throw new GrpcException(
                GrpcStatusCode.PermissionDenied, $"{privilege.Privilege}: permission deny to {user} in the `{database}` database");
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Users may look at themselves, change their own password and see what their roles grant.</summary>
    private bool IsOwnBusiness(IMessage request, RequestPrivilege privilege, string user, string name) => request switch
    {
        SelectGrantRequest { Entity.Role.Name: { } role } =>
            role == AccessControl.PublicRole || catalog().FindUser(user) is { } info && info.Roles.Contains(role),
        SelectUserRequest select => select.User?.Name == user,
        _ => privilege.ObjectType == Privileges.UserType && name == user,
    };

    private static string Database(string named, GrpcCallContext call) =>
        named.Length > 0 ? named : call.Database.Length > 0 ? call.Database : Limits.DefaultDatabase;

    /// <summary>Privileges are granted on collections, not on their aliases.</summary>
    private string Resolve(string database, string name) =>
        catalog().TryResolveCollection(database, name, out var collection) ? collection.Name : name;
}
