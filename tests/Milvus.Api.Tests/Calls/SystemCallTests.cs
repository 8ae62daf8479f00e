using System.Text.Json;
using Google.Protobuf;
using Milvus.Protocol;
using Milvus.Protocol.Common;

namespace Milvus.Api.Tests.Calls;

public sealed class SystemCallTests
{
    [Fact]
    public async Task Version_health_and_states_agree()
    {
        await using var server = await MilvusTestServer.StartAsync();
        Assert.Equal("v3.0.0", (await server.CallAsync("GetVersion", new GetVersionRequest(), GetVersionResponse.Parser)).Version);
        Assert.True((await server.CallAsync("CheckHealth", new CheckHealthRequest(), CheckHealthResponse.Parser)).IsHealthy);
        var states = await server.CallAsync("GetComponentStates", new GetComponentStatesRequest(), ComponentStates.Parser);
        Assert.Equal(StateCode.Healthy, states.State.StateCode);
    }

    [Fact]
    public async Task System_info_is_JSON_and_other_metrics_are_refused()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var answer = await server.CallAsync("GetMetrics", new GetMetricsRequest { Request = "{\"metric_type\":\"system_info\"}" }, GetMetricsResponse.Parser);
        using var document = JsonDocument.Parse(answer.Response);
        Assert.Equal("standalone1", document.RootElement.GetProperty("nodes_info")[0].GetProperty("infos").GetProperty("name").GetString());

        Assert.Equal(1200, (await server.CallAsync("GetMetrics", new GetMetricsRequest { Request = "{\"metric_type\":\"x\"}" }, GetMetricsResponse.Parser)).Status.Code);
        foreach (var bad in new[] { "", "[]", "nonsense", "{}" })
            Assert.Equal(1100, (await server.CallAsync("GetMetrics", new GetMetricsRequest { Request = bad }, GetMetricsResponse.Parser)).Status.Code);
    }

    [Fact]
    public async Task Analyzers_show_their_terms()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var request = new RunAnalyzerRequest
        {
            AnalyzerParams = "{\"type\":\"standard\"}",
            Placeholder = { ByteString.CopyFromUtf8("Hello, WORLD") },
            WithDetail = true,
            WithHash = true,
        };
        var answer = await server.CallAsync("RunAnalyzer", request, RunAnalyzerResponse.Parser);
        Assert.Equal(["hello", "world"], answer.Results[0].Tokens.Select(t => t.Token));
        Assert.Equal((7L, 12L), (answer.Results[0].Tokens[1].StartOffset, answer.Results[0].Tokens[1].EndOffset));
        Assert.NotEqual(0u, answer.Results[0].Tokens[1].Hash);

        Assert.Equal(0, (await server.CallAsync("RunAnalyzer", new RunAnalyzerRequest { AnalyzerParams = "{}" }, RunAnalyzerResponse.Parser)).Status.Code);
        request = new RunAnalyzerRequest { CollectionName = "books", FieldName = "title", Placeholder = { ByteString.CopyFromUtf8("x") } };
        Assert.Equal(1100, (await server.CallAsync("RunAnalyzer", request, RunAnalyzerResponse.Parser)).Status.Code);
        request.FieldName = "nothing";
        Assert.Equal(1700, (await server.CallAsync("RunAnalyzer", request, RunAnalyzerResponse.Parser)).Status.Code);
    }
}
