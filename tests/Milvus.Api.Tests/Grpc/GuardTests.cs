using System.Text;
using Google.Protobuf;
using Milvus.Api.Grpc;
using Milvus.Protocol;

namespace Milvus.Api.Tests.Grpc;

public sealed class GuardTests
{
    private static readonly string Version = TestServer.Path("GetVersion");

    [Fact]
    public async Task A_caller_is_known_by_user_and_password()
    {
        await using var server = await StartAsync();
        var reply = await server.Client.CallAsync(Version, new GetVersionRequest(), ("authorization", Base64("root:Mil:vus")));
        Assert.Equal("root", reply.Single(GetVersionResponse.Parser).Version);
    }

    [Theory]
    [InlineData(null, "missing authorization in header")]
    [InlineData("not base64!", "invalid token format")]
    [InlineData("/w==", "invalid token format")]
    [InlineData("cm9vdDp3cm9uZw==", "auth check failure, please check username and password are correct")]
    public async Task Others_are_unauthenticated(string? header, string message)
    {
        await using var server = await StartAsync();
        var metadata = header is null ? [] : new[] { ("authorization", header) };
        var reply = await server.Client.CallAsync(Version, new GetVersionRequest(), metadata);
        Assert.Equal((GrpcStatusCode.Unauthenticated, message), (reply.Status!.Value, reply.Message));
    }

    [Fact]
    public async Task The_guard_sees_the_request_before_the_handler_does()
    {
        await using var server = await StartAsync();
        var reply = await server.Client.CallAsync(
            TestServer.Path("Query"), new QueryRequest { CollectionName = "secret" }, ("authorization", Base64("root:Mil:vus")));
        Assert.Equal((GrpcStatusCode.PermissionDenied, "no QueryRequest for root"), (reply.Status!.Value, reply.Message));
    }

    [Fact]
    public async Task A_text_without_colon_is_an_api_key()
    {
        await using var server = await StartAsync();
        var reply = await server.Client.CallAsync(Version, new GetVersionRequest(), ("authorization", Base64("some-key")));
        Assert.Equal("key some-key", reply.Message);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        table =>
        {
            GrpcCallTests.EchoExpression(table);
            table.Unary<GetVersionRequest, GetVersionResponse>(
                TestServer.Service, "GetVersion", GetVersionRequest.Parser,
                (_, call) => ValueTask.FromResult(new GetVersionResponse { Version = call.User }));
        },
        guard: new OneUser());

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private sealed class OneUser : IGrpcGuard
    {
        public ValueTask<string?> AuthenticateAsync(GrpcCallContext call)
        {
            var credential = GrpcCredential.Read(call);
            if (credential.ApiKey is { } key) throw new GrpcException(GrpcStatusCode.Unauthenticated, "key " + key);
            if (credential is { User: "root", Password: "Mil:vus" }) return ValueTask.FromResult<string?>("root");
            throw new GrpcException(
                GrpcStatusCode.Unauthenticated, "auth check failure, please check username and password are correct");
        }

        public ValueTask AuthorizeAsync(IMessage request, GrpcCallContext call) =>
            request is GetVersionRequest
                ? ValueTask.CompletedTask
                : throw new GrpcException(GrpcStatusCode.PermissionDenied, $"no {request.Descriptor.Name} for {call.User}");
    }
}
