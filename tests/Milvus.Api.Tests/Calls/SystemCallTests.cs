using System.Text.Json;
using Google.Protobuf;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;

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
    public async Task Requests_that_name_no_collection_fail()
    {
        await using var server = await MilvusTestServer.StartAsync();
        Assert.Equal(100, (await server.CallAsync("LoadBalance", new LoadBalanceRequest { SrcNodeID = 1 }, Status.Parser)).Code);
        Assert.Equal(1100, (await server.CallAsync("BatchDescribeCollection", new BatchDescribeCollectionRequest(), BatchDescribeCollectionResponse.Parser)).Status.Code);
    }

    [Fact]
    public async Task Distances_of_given_vectors_are_measured_but_not_too_many()
    {
        await using var server = await MilvusTestServer.StartAsync();
        var request = new CalcDistanceRequest
        {
            OpLeft = new VectorsArray { DataArray = new VectorField { Dim = 2, FloatVector = new FloatArray { Data = { 0, 0, 3, 4 } } } },
            OpRight = new VectorsArray { DataArray = new VectorField { Dim = 2, FloatVector = new FloatArray { Data = { 3, 4 } } } },
            Params = { new KeyValuePair { Key = "metric", Value = "L2" }, new KeyValuePair { Key = "sqrt", Value = "true" } },
        };
        Assert.Equal([5f, 0f], (await server.CallAsync("CalcDistance", request, CalcDistanceResults.Parser)).FloatDist.Data);

        VectorsArray Bits(int count) => new() { DataArray = new VectorField { Dim = 8, BinaryVector = ByteString.CopyFrom(new byte[count]) } };
        var bits = new CalcDistanceRequest { OpLeft = Bits(2048), OpRight = Bits(2049), Params = { new KeyValuePair { Key = "metric", Value = "HAMMING" } } };
        Assert.Equal(1100, (await server.CallAsync("CalcDistance", bits, CalcDistanceResults.Parser)).Status.Code);
        bits.OpRight = Bits(2);
        Assert.Equal(2048 * 2, (await server.CallAsync("CalcDistance", bits, CalcDistanceResults.Parser)).IntDist.Data.Count);
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
