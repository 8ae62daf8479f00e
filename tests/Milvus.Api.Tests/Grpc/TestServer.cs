using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Metrics;
using Milvus.Api.Server;
using Milvus.Protocol;

namespace Milvus.Api.Tests.Grpc;

/// <summary>A server on free ports of the loopback interface, with handlers of the test's choice.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly MilvusServer _server;

    private TestServer(MilvusServer server, ServerHealth health, MetricsRegistry metrics)
    {
        _server = server;
        Health = health;
        Metrics = metrics;
        Client = new RawGrpcClient(server.Port);
    }

    public static GrpcService Service => ServiceContracts.Milvus;

    public RawGrpcClient Client { get; }

    public ServerHealth Health { get; }

    public MetricsRegistry Metrics { get; }

    public int Port => _server.Port;

    public int MetricsPort => _server.MetricsPort!.Value;

    public static string Path(string method) => $"/milvus.proto.milvus.MilvusService/{method}";

    public static async Task<TestServer> StartAsync(
        Action<GrpcMethodTable.Builder>? handlers = null, GrpcOptions? grpc = null, IGrpcGuard? guard = null,
        RequestDelegate? rest = null, TimeProvider? time = null, TimeSpan shutdown = default)
    {
        var health = new ServerHealth();
        var metrics = new MetricsRegistry();
        var table = new GrpcMethodTable.Builder().AddService(Service).AddHealth(health);
        handlers?.Invoke(table);
        var options = new MilvusServerOptions
        {
            Port = 0,
            MetricsPort = 0,
            Address = IPAddress.Loopback,
            Grpc = grpc ?? new GrpcOptions(),
            ShutdownTimeout = shutdown,
        };
        rest ??= http => http.Response.WriteAsync($"rest {http.Request.Method} {http.Request.Path} {http.Request.Protocol}");
        var server = new MilvusServer(
            options, table.Build(), rest, guard, health, metrics, "test", time ?? TimeProvider.System, NullLoggerFactory.Instance);
        await server.StartAsync();
        health.Ready();
        return new TestServer(server, health, metrics);
    }

    /// <summary>A handler that answers the version text it is given, for tests that need any working method.</summary>
    public static void AddVersion(GrpcMethodTable.Builder table) => table.Unary<GetVersionRequest, GetVersionResponse>(
        Service, "GetVersion", GetVersionRequest.Parser, (_, _) => ValueTask.FromResult(new GetVersionResponse { Version = "v-test" }));

    public Task StopAsync(CancellationToken cancellation) => _server.StopAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }
}
