using Milvus.Api.Tests.Grpc;
using Milvus.Protocol;
using Milvus.Protocol.Health;
using static Milvus.Protocol.Health.HealthCheckResponse.Types;

namespace Milvus.Api.Tests.Server;

public sealed class ManagementTests
{
    [Fact]
    public async Task Health_follows_the_state_of_the_server_on_every_endpoint()
    {
        await using var server = await TestServer.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.MetricsPort}") };
        Assert.Equal((200, "OK"), await GetAsync(http, "/healthz"));
        Assert.Equal((200, "OK"), await GetAsync(http, "/readyz"));
        Assert.Equal((200, "OK"), await GetAsync(http, "/livez"));
        Assert.Equal(ServingStatus.Serving, await CheckAsync(server));

        server.Health.NotReady("recovering");
        Assert.Equal((503, "not ready: recovering"), await GetAsync(http, "/healthz"));
        Assert.Equal((503, "not ready: recovering"), await GetAsync(http, "/readyz"));
        Assert.Equal((200, "OK"), await GetAsync(http, "/livez"));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(server));
        Assert.Contains("recovering", (await GetAsync(http, "/")).Body);

        Assert.Equal(404, (await GetAsync(http, "/nothing")).Status);
        using var post = await http.PostAsync("/metrics", new StringContent(""));
        Assert.Equal(405, (int)post.StatusCode);
    }

    [Fact]
    public async Task Watch_sends_the_state_once_and_ends()
    {
        await using var server = await TestServer.StartAsync();
        var reply = await server.Client.CallAsync("/grpc.health.v1.Health/Watch", new HealthCheckRequest { Service = "anything" });
        Assert.Equal(ServingStatus.Serving, reply.Single(HealthCheckResponse.Parser).Status);
    }

    [Fact]
    public async Task Metrics_count_calls_by_method_and_outcome()
    {
        await using var server = await TestServer.StartAsync(TestServer.AddVersion);
        await server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest());
        await server.Client.CallAsync(TestServer.Path("GetVersion"), new GetVersionRequest());
        await server.Client.CallAsync(TestServer.Path("GetVersion"), new ByteArrayContent([1]), CancellationToken.None);
        await server.Client.CallAsync("/no.such/Method", new GetVersionRequest());

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.MetricsPort}") };
        var (status, text) = await GetAsync(http, "/metrics");
        Assert.Equal(200, status);
        Assert.Contains("milvus_proxy_req_count{function_name=\"GetVersion\",status=\"success\"} 2\n", text);
        Assert.Contains("milvus_proxy_req_count{function_name=\"GetVersion\",status=\"fail\"} 1\n", text);
        Assert.Contains("milvus_proxy_req_count{function_name=\"unknown\",status=\"fail\"} 1\n", text);
        Assert.Contains("milvus_proxy_req_latency_count{function_name=\"GetVersion\"} 3\n", text);
        Assert.Contains("# TYPE milvus_proxy_req_latency histogram\n", text);
    }

    private static async Task<ServingStatus> CheckAsync(TestServer server) =>
        (await server.Client.CallAsync("/grpc.health.v1.Health/Check", new HealthCheckRequest())).Single(HealthCheckResponse.Parser).Status;

    private static async Task<(int Status, string Body)> GetAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
