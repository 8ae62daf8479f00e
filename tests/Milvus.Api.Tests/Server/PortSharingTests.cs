using System.IO.Pipelines;
using System.Net.Sockets;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Milvus.Api.Grpc;
using Milvus.Api.Server;
using Milvus.Api.Tests.Grpc;
using Milvus.Protocol.Health;
using Milvus.Protocol;

namespace Milvus.Api.Tests.Server;

public sealed class PortSharingTests
{
    [Fact]
    public async Task One_port_serves_grpc_and_both_versions_of_http()
    {
        await using var server = await TestServer.StartAsync(TestServer.AddVersion);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };

        Assert.Equal("rest GET /v2/x HTTP/1.1", await GetAsync(http, HttpVersion.Version11));
        Assert.Equal("rest GET /v2/x HTTP/2", await GetAsync(http, HttpVersion.Version20));
        var reply = await server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest());
        Assert.Equal(GrpcStatusCode.Ok, reply.Status);
        Assert.Equal("rest GET /v2/x HTTP/1.1", await GetAsync(http, HttpVersion.Version11));
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc; charset=utf-8", true)]
    [InlineData("APPLICATION/GRPC", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grpc+json", false)]
    [InlineData("application/grpcx", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public void Only_grpc_with_protobuf_is_grpc(string? contentType, bool accepted) =>
        Assert.Equal(accepted, GrpcRequestHandler.Accepts(contentType));

    [Theory]
    [InlineData("application/grpc-web", 415)]
    [InlineData("application/grpc", 426)]
    public async Task Kinds_of_grpc_that_cannot_work_are_refused_by_http_status(string contentType, int status)
    {
        await using var server = await TestServer.StartAsync(TestServer.AddVersion);
        using var http = new HttpClient();
        using var content = new ByteArrayContent([]);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await http.PostAsync($"http://127.0.0.1:{server.Port}{TestServer.Path("GetVersion")}", content);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore", true)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSX", false)]
    [InlineData("POST /v2 HTTP/1.1\r\n", false)]
    [InlineData("P", false)]
    [InlineData("", false)]
    public async Task The_preface_is_recognised_in_pieces_of_any_size(string text, bool expected)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        for (var piece = 1; piece <= bytes.Length + 1; piece++)
        {
            var pipe = new Pipe();
            var detection = Http2PrefaceDetector.StartsWithPrefaceAsync(pipe.Reader, CancellationToken.None).AsTask();
            for (var at = 0; at < bytes.Length && !detection.IsCompleted; at += piece)
                await pipe.Writer.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
            await pipe.Writer.CompleteAsync();
            Assert.Equal(expected, await detection);

            // Whatever was looked at is still there for the protocol to read.
            var rest = await pipe.Reader.ReadAtLeastAsync(1);
            Assert.StartsWith(text[..(int)rest.Buffer.Length], text);
            Assert.True(rest.Buffer.Length > 0 || text.Length == 0);
        }
    }

    [Fact]
    public async Task A_connection_that_breaks_off_in_the_preface_does_no_harm()
    {
        await using var server = await TestServer.StartAsync(TestServer.AddVersion);
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(IPAddress.Loopback, server.Port);
            await socket.GetStream().WriteAsync("PRI * HT"u8.ToArray());
        }
        Assert.Equal(GrpcStatusCode.Ok, (await server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest())).Status);
    }

    [Fact]
    public async Task A_silent_connection_is_closed()
    {
        var pipe = new Pipe();
        await using var connection = new Microsoft.AspNetCore.Connections.DefaultConnectionContext("silent")
        {
            Transport = new DuplexPipe(pipe.Reader, pipe.Writer),
        };
        // Aborting closes it from another thread, which must have happened before the connection goes away.
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = connection.ConnectionClosed.Register(closed.SetResult);
        var served = false;
        var detector = Http2PrefaceDetector.Wrap(
            _ =>
            {
                served = true;
                return Task.CompletedTask;
            },
            TimeSpan.FromMilliseconds(1), TimeProvider.System);
        await detector(connection);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(served);
    }

    [Fact]
    public async Task Stopping_waits_for_running_calls_then_aborts_them()
    {
        var started = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var server = await TestServer.StartAsync(
            table => table.Unary<GetVersionRequest, GetVersionResponse>(
                TestServer.Service, "GetVersion", GetVersionRequest.Parser, async (_, call) =>
                {
                    started.TrySetResult();
                    await release.Task.WaitAsync(call.Cancellation);
                    return new GetVersionResponse { Version = "in time" };
                }),
            shutdown: TimeSpan.FromMinutes(1));
        var patient = server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest());
        await started.Task;
        var stop = server.StopAsync(CancellationToken.None);
        release.SetResult();
        Assert.Equal("in time", (await patient).Single(GetVersionResponse.Parser).Version);
        await stop;

        started = new TaskCompletionSource();
        release = new TaskCompletionSource();
        server = await TestServer.StartAsync(
            table => table.Unary<GetVersionRequest, GetVersionResponse>(
                TestServer.Service, "GetVersion", GetVersionRequest.Parser, async (_, call) =>
                {
                    started.TrySetResult();
                    await release.Task.WaitAsync(call.Cancellation);
                    return new GetVersionResponse();
                }),
            shutdown: TimeSpan.Zero);
        var cut = server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest());
        await started.Task;
        await server.StopAsync(CancellationToken.None);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => cut);
    }

    [Fact]
    public async Task A_taken_port_is_a_clear_error()
    {
        var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var options = new MilvusServerOptions { Port = port, MetricsPort = null, Address = IPAddress.Loopback };
        await using var server = new MilvusServer(
            options, new GrpcMethodTable.Builder().Build(), _ => Task.CompletedTask, null, new ServerHealth(), new(), "test",
            TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        var error = await Assert.ThrowsAsync<ServerStartException>(() => server.StartAsync());
        Assert.Equal($"cannot listen on port {port} of 127.0.0.1: another process uses it", error.Message);
        holder.Stop();
    }

    [Fact]
    public async Task All_interfaces_can_be_served_on_a_free_port()
    {
        var options = new MilvusServerOptions { Port = 0, MetricsPort = 0, ShutdownTimeout = TimeSpan.Zero };
        var health = new ServerHealth();
        await using var server = new MilvusServer(
            options, new GrpcMethodTable.Builder().AddHealth(health).Build(), _ => Task.CompletedTask, null, health, new(), "test",
            TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        await server.StartAsync();
        Assert.NotEqual(server.Port, server.MetricsPort);
        using var client = new RawGrpcClient(server.Port);
        var reply = await client.CallAsync("/grpc.health.v1.Health/Check", new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, reply.Single(HealthCheckResponse.Parser).Status);
    }

    [Fact]
    public async Task A_server_that_drains_closes_each_connection_with_its_next_answer()
    {
        var options = new MilvusServerOptions { Port = 0, MetricsPort = null, Address = IPAddress.Loopback };
        await using var server = new MilvusServer(
            options, new GrpcMethodTable.Builder().Build(), http => http.Response.WriteAsync("here"), null, new ServerHealth(), new(), "test",
            TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        await server.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        using (var before = await http.GetAsync(new Uri("/v2/x", UriKind.Relative))) Assert.NotEqual(true, before.Headers.ConnectionClose);
        server.BeginDrain();
        using var after = await http.GetAsync(new Uri("/v2/x", UriKind.Relative));
        Assert.Equal("here", await after.Content.ReadAsStringAsync());
        Assert.Equal(true, after.Headers.ConnectionClose);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(65536, 0)]
    [InlineData(19530, 19530)]
    [InlineData(1, 70000)]
    public void Impossible_ports_are_refused(int port, int metricsPort) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MilvusServerOptions { Port = port, MetricsPort = metricsPort }.Validate());

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private static async Task<string> GetAsync(HttpClient http, Version version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/x")
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
