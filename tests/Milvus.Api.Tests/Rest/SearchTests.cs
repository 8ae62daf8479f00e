using System.Text.Json;

namespace Milvus.Api.Tests.Rest;

/// <summary>Search and hybrid search over REST: forms of query vectors, parameters and hits.</summary>
public sealed class SearchTests(RestServer server) : IClassFixture<RestServer>, IAsyncLifetime
{
    // Row i: dense (i, 0), sparse {0: 1, i: 1}, group i / 3, tag "even" or "odd".
    public async Task InitializeAsync()
    {
        if ((await server.DataAsync("collections/has", """{"collectionName":"s"}""")).GetProperty("has").GetBoolean()) return;
        await server.DataAsync("collections/create", """
            {"collectionName":"s","schema":{"enableDynamicField":true,"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"grp","dataType":"Int32"},
              {"fieldName":"dense","dataType":"FloatVector","elementTypeParams":{"dim":2}},{"fieldName":"half","dataType":"Float16Vector","elementTypeParams":{"dim":2}},
              {"fieldName":"bits","dataType":"BinaryVector","elementTypeParams":{"dim":8}},{"fieldName":"sparse","dataType":"SparseFloatVector"}]},
             "indexParams":[{"fieldName":"dense","metricType":"L2","indexType":"HNSW","params":{"M":8,"efConstruction":64}},{"fieldName":"half","metricType":"IP"},{"fieldName":"bits"},{"fieldName":"sparse","metricType":"IP"}]}
            """);
        var data = Enumerable.Range(0, 30).Select(i => new
        {
            id = i,
            grp = i / 3,
            dense = new[] { i, 0 },
            half = new[] { i, 1 },
            bits = new[] { i },
            tag = i % 2 == 0 ? "even" : "odd",
            sparse = i == 0 ? new Dictionary<string, double> { ["0"] = 1 } : new Dictionary<string, double> { ["0"] = 1, [$"{i}"] = 1 },
        });
        await server.DataAsync("entities/insert", new { collectionName = "s", data });
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Hits_carry_key_distance_and_what_was_asked_for()
    {
        var answer = await SearchAsync("\"annsField\":\"dense\",\"data\":[[1.9,0]],\"limit\":2,\"outputFields\":[\"tag\",\"grp\"]");
        Assert.Equal("""[{"distance":0.010000004,"id":"2","grp":0,"tag":"even"},{"distance":0.80999994,"id":"1","grp":0,"tag":"odd"}]""", Sorted(answer.Data));
        Assert.Equal("[2]", answer.Root.GetProperty("topks").GetRawText());
        Assert.Equal(0, answer.Root.GetProperty("cost").GetInt32());
        var plain = (await SearchAsync("\"annsField\":\"dense\",\"data\":[[1.9,0]],\"limit\":1")).Data[0];
        Assert.Equal(["distance", "id"], plain.EnumerateObject().Select(p => p.Name).Order());
    }

    [Fact]
    public async Task Hits_of_several_queries_stand_one_after_another()
    {
        var answer = await SearchAsync("\"annsField\":\"dense\",\"data\":[[5,0],[100,0],[0,0]],\"limit\":3,\"offset\":1,\"filter\":\"tag == 'odd'\"");
        Assert.Equal("[3,3,3]", answer.Root.GetProperty("topks").GetRawText());
        Assert.Equal([3, 7, 1, 27, 25, 23, 3, 5, 7], Ids(answer.Data));
        var none = await SearchAsync("\"annsField\":\"dense\",\"data\":[[5,0]],\"filter\":\"grp > 99\"");
        Assert.Equal("[]", none.Data.GetRawText());
        Assert.False(none.Root.TryGetProperty("topks", out _));
    }

    [Theory]
    [InlineData("half", "[[1,0]]", 29)]
    [InlineData("half", "[\"ADwAAA==\"]", 29)]
    [InlineData("bits", "[\"AA==\"]", 0)]
    [InlineData("bits", "[[7]]", 7)]
    [InlineData("sparse", "[{\"9\":1}]", 9)]
    [InlineData("sparse", "[{\"indices\":[0,9],\"values\":[0.1,1]}]", 9)]
    public async Task Query_vectors_have_the_forms_of_stored_ones(string field, string data, int best) =>
        Assert.Equal(best, Ids((await SearchAsync($"\"annsField\":\"{field}\",\"data\":{data},\"limit\":1")).Data).Single());

    [Theory]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":[[1]]")]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":[[1,\"x\"]]")]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":[1,2]")]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":[null]")]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":\"x\"")]
    [InlineData(1801, "\"annsField\":\"sparse\",\"data\":[[1,2]]")]
    [InlineData(1801, "\"annsField\":\"bits\",\"data\":[\"AAAA\"]")]
    [InlineData(1802, "\"annsField\":\"dense\"")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[]")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"ids\":[1]")]
    [InlineData(1100, "\"annsField\":\"dense\",\"ids\":[\"x\"]")]
    [InlineData(1100, "\"annsField\":\"dense\",\"ids\":[1.5]")]
    [InlineData(1802, "\"annsField\":\"dense\",\"ids\":[]")]
    [InlineData(1100, "\"data\":[[1,2]]")]
    [InlineData(1100, "\"annsField\":\"grp\",\"data\":[[1,2]]")]
    [InlineData(1100, "\"annsField\":\"nothing\",\"data\":[[1,2]]")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":0")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":16385")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":16384,\"offset\":1")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1e39,2]]")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"filter\":\"grp = = 1\"")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"partitionNames\":[\"none\"]")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"consistencyLevel\":\"Strongest\"")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"searchParams\":{\"metricType\":\"IP\"}")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"searchParams\":{\"ef\":50,\"params\":{\"ef\":60}}")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"searchParams\":{\"range_filter\":0.5}")]
    [InlineData(1100, "\"annsField\":\"dense\",\"data\":[[1,2]],\"searchParams\":{\"radius\":1,\"range_filter\":2}")]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":[[1,2]],\"searchParams\":[]")]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":1.5")]
    [InlineData(1801, "\"annsField\":\"dense\",\"data\":[[1,2]],\"outputFields\":\"id\"")]
    [InlineData(1700, "\"annsField\":\"dense\",\"data\":[[1,2]],\"groupingField\":\"dense[\"")]
    public async Task What_cannot_be_searched_is_refused(int code, string members)
    {
        var answer = await server.SendAsync("entities/search", $$"""{"collectionName":"s",{{members}}}""");
        Assert.Equal(200, answer.Status);
        if (code == 1700) Assert.NotEqual(0, answer.Code);
        else Assert.Equal((code, true), (answer.Code, answer.Message.Length > 0));
    }

    [Fact]
    public async Task Parameters_may_be_flat_nested_or_both_when_they_agree()
    {
        const string Query = "\"annsField\":\"dense\",\"data\":[[0,0]],\"limit\":5,\"searchParams\":";
        foreach (var form in new[] { "{\"radius\":10,\"range_filter\":4}", "{\"params\":{\"radius\":10,\"range_filter\":4}}", "{\"metricType\":\"L2\",\"metric_type\":\"L2\",\"radius\":10,\"params\":{\"radius\":10,\"range_filter\":4}}" })
            Assert.Equal([2, 3], Ids((await SearchAsync(Query + form)).Data));
        var clash = await server.RefusedAsync(1100, "entities/search", $$"""{"collectionName":"s",{{Query}}{"radius":10,"params":{"radius":11} } }""");
        Assert.StartsWith("ambiguous parameter: radius, in search_param: 10, in search_param.params: 11", clash);
    }

    [Fact]
    public async Task Grouping_returns_the_best_of_each_group()
    {
        const string Query = "\"annsField\":\"dense\",\"data\":[[4,0]],\"groupingField\":\"grp\",\"outputFields\":[\"grp\"],";
        Assert.Equal([4, 2, 6], Ids((await SearchAsync(Query + "\"limit\":3")).Data));
        var strict = (await SearchAsync(Query + "\"limit\":2,\"groupSize\":2,\"strictGroupSize\":true")).Data;
        Assert.Equal([1, 1, 0, 0], strict.EnumerateArray().Select(h => h.GetProperty("grp").GetInt32()));
    }

    [Fact]
    public async Task Hits_group_by_dynamic_keys_and_come_in_the_order_of_fields()
    {
        Assert.Equal([4, 3], Ids((await SearchAsync("\"annsField\":\"dense\",\"data\":[[4,0]],\"groupingField\":\"tag\",\"limit\":3")).Data));
        Assert.Equal([5, 4, 3], Ids((await SearchAsync("\"annsField\":\"dense\",\"data\":[[4,0]],\"limit\":3,\"searchParams\":{\"order_by_fields\":\"id:desc\"}")).Data));
    }

    [Fact]
    public async Task Hits_come_in_buckets()
    {
        const string Query = "\"annsField\":\"dense\",\"data\":[[4,0]],\"searchAggregation\":";
        var answer = await SearchAsync(Query + """{"fields":["grp"],"size":2,"metrics":{"n":{"op":"count","fieldName":"*"} },"topHits":{"size":2,"sort":[{"fieldName":"id","direction":"desc"}]} }""");
        Assert.Equal(
            """[{"buckets":[{"key":[{"fieldName":"grp","value":1}],"count":2,"metrics":{"n":2},"hits":[{"distance":0,"id":"4"},{"distance":1,"id":"3"}],"subGroups":[]},{"key":[{"fieldName":"grp","value":0}],"count":2,"metrics":{"n":2},"hits":[{"distance":4,"id":"2"},{"distance":9,"id":"1"}],"subGroups":[]}]}]""",
            answer.Data.GetRawText());
        Assert.Equal("[2]", answer.Root.GetProperty("aggTopks").GetRawText());
        await server.RefusedAsync(1100, "entities/search", $$"""{"collectionName":"s",{{Query}}{"fields":[],"size":2} }""");
    }

    [Theory]
    [InlineData("searchAggregation.fields must be non-empty", """{"fields":[],"size":2}""")]
    [InlineData("searchAggregation.fields must contain non-empty field names", """{"fields":[" "],"size":2}""")]
    [InlineData("searchAggregation.size must be positive", """{"fields":["grp"]}""")]
    [InlineData("searchAggregation.searchSize must be greater than or equal to size", """{"fields":["grp"],"size":3,"searchSize":2}""")]
    [InlineData("searchAggregation.metrics.m.op must be non-empty", """{"fields":["grp"],"size":3,"metrics":{"m":{"op":"","fieldName":"id"}}}""")]
    [InlineData("searchAggregation.order direction must be non-empty", """{"fields":["grp"],"size":3,"order":[{"key":"_count"}]}""")]
    [InlineData("searchAggregation.topHits.size must be positive", """{"fields":["grp"],"size":3,"topHits":{"size":0}}""")]
    [InlineData("searchAggregation.topHits.sort fieldName must be non-empty", """{"fields":["grp"],"size":3,"topHits":{"size":1,"sort":[{"direction":"asc"}]}}""")]
    [InlineData("searchAggregation.size must be positive", """{"fields":["grp"],"size":3,"subAggregation":{"fields":["id"],"size":0}}""")]
    [InlineData("offset is not supported with searchAggregation", """{"fields":["grp"],"size":3},"offset":1""")]
    [InlineData("searchParams.offset is not supported with searchAggregation", """{"fields":["grp"],"size":3},"searchParams":{"offset":1}""")]
    [InlineData("groupingField/groupSize/strictGroupSize and searchAggregation cannot be used simultaneously", """{"fields":["grp"],"size":3},"groupingField":"grp" """)]
    public async Task Buckets_that_are_described_badly_are_refused(string problem, string aggregation)
    {
        var answer = await server.SendAsync("entities/search", $$"""{"collectionName":"s","annsField":"dense","data":[[4,0]],"searchAggregation":{{aggregation}}}""");
        Assert.Equal(1100, answer.Code);
        Assert.StartsWith(problem, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_score_hits_anew()
    {
        const string Query = "\"annsField\":\"dense\",\"data\":[[0,0]],\"limit\":10,\"functionScore\":";
        var decayed = await SearchAsync(Query + """{"functions":[{"name":"d","type":"Rerank","inputFieldNames":["grp"],"params":{"reranker":"decay","function":"gauss","origin":3,"scale":1,"decay":0.001} }]}""");
        Assert.Equal(9, Ids(decayed.Data)[0]);
        var boosted = await SearchAsync(Query + """{"functions":[{"name":"b","type":"Rerank","inputFieldNames":[],"params":{"reranker":"boost","weight":0.01,"filter":"id == 8"} }],"params":{"boost_mode":"multiply"} }""");
        Assert.Equal([0, 8, 1], Ids(boosted.Data)[..3]);
        var raised = await SearchAsync(Query + """{"functions":[{"name":"b","type":"Rerank","inputFieldNames":[],"params":{"reranker":"boost","weight":63.5,"filter":"id == 8"} }],"params":{"boost_mode":"sum"} }""");
        Assert.Equal((8, 0.5f), (Ids(raised.Data)[1], raised.Data[1].GetProperty("distance").GetSingle()));
        await server.RefusedAsync(1100, "entities/search", $$"""{"collectionName":"s",{{Query}}{"functions":[{"name":"x","type":"BM25"}]} }""");
        const string Searches = """
            "search":[{"annsField":"dense","data":[[4,0]],"limit":3},{"annsField":"sparse","data":[{"4":1}],"limit":3}]
            """;
        var fused = await HybridAsync(Searches + ",\"limit\":1,\"functionScore\":{\"functions\":[{\"name\":\"w\",\"type\":\"Rerank\",\"params\":{\"reranker\":\"weighted\",\"weights\":[0,1]}}]}");
        Assert.Equal((4, 1f), (Ids(fused.Data)[0], fused.Data[0].GetProperty("distance").GetSingle()));
    }

    [Fact]
    public async Task Stored_rows_may_be_the_query() =>
        Assert.Equal([7, 6, 8, 20, 19, 21], Ids((await SearchAsync("\"annsField\":\"dense\",\"ids\":[7,\"20\"],\"limit\":3")).Data));

    [Fact]
    public async Task A_score_that_json_cannot_hold_is_1805()
    {
        await server.DataAsync("collections/create", """{"collectionName":"huge","dimension":2,"metricType":"IP"}""");
        await server.DataAsync("entities/insert", """{"collectionName":"huge","data":[{"id":1,"vector":[3e38,3e38]}]}""");
        Assert.StartsWith("fail to parse search result, error: ", await server.RefusedAsync(1805, "entities/search", """{"collectionName":"huge","data":[[3e38,3e38]]}"""));
    }

    [Fact]
    public async Task Hybrid_search_fuses_by_rank_or_weight()
    {
        const string Searches = """
            "search":[{"annsField":"dense","data":[[4,0]],"limit":3,"metricType":"whatever","groupingField":"x","outputFields":["y"],"params":{"params":{"ef":50}}},
                      {"annsField":"sparse","data":[{"4":1}],"limit":3}]
            """;
        var rrf = (await HybridAsync(Searches + ",\"rerank\":{\"strategy\":\"rrf\",\"params\":{\"k\":1}},\"limit\":2,\"outputFields\":[\"tag\"]")).Data;
        Assert.Equal((4, 1f, "even"), (Ids(rrf)[0], rrf[0].GetProperty("distance").GetSingle(), rrf[0].GetProperty("tag").GetString()));
        Assert.Equal(Ids(rrf)[0], Ids((await HybridAsync(Searches)).Data)[0]);
        var weighted = (await HybridAsync(Searches + ",\"rerank\":{\"strategy\":\"weighted\",\"params\":{\"weights\":[0,1],\"norm_score\":false}},\"limit\":1")).Data;
        Assert.Equal((4, 1f), (Ids(weighted)[0], weighted[0].GetProperty("distance").GetSingle()));
        var grouped = await HybridAsync(Searches + ",\"rerank\":{\"strategy\":\"rrf\",\"params\":{\"k\":1}},\"groupingField\":\"grp\",\"limit\":5,\"outputFields\":[\"grp\"]");
        var groups = grouped.Data.EnumerateArray().Select(h => h.GetProperty("grp").GetInt32()).ToList();
        Assert.Equal(groups.Distinct(), groups);
    }

    [Theory]
    [InlineData(1802, "\"limit\":3")]
    [InlineData(1801, "\"search\":{}")]
    [InlineData(1801, "\"search\":[7]")]
    [InlineData(1100, "\"search\":[]")]
    [InlineData(1802, "\"search\":[{\"annsField\":\"dense\",\"limit\":3}]")]
    [InlineData(1100, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]]}]")]
    [InlineData(1100, "\"search\":[{\"data\":[[1,2]],\"limit\":3}]")]
    [InlineData(1100, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":3}],\"rerank\":{\"strategy\":\"dice\"}")]
    [InlineData(1100, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":3}],\"rerank\":{\"strategy\":\"rrf\",\"params\":{\"k\":0}}")]
    [InlineData(1100, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":3}],\"rerank\":{\"strategy\":\"weighted\",\"params\":{\"weights\":[1,1]}}")]
    [InlineData(1801, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":3}],\"rerank\":[]")]
    [InlineData(1100, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":3},{\"annsField\":\"sparse\",\"data\":[{},{}],\"limit\":3}]")]
    [InlineData(1100, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":3}],\"searchAggregation\":{}")]
    [InlineData(1100, "\"search\":[{\"annsField\":\"dense\",\"data\":[[1,2]],\"limit\":3,\"searchAggregation\":{\"fields\":[\"grp\"],\"size\":2}}]")]
    public async Task What_cannot_be_fused_is_refused(int code, string members) =>
        await server.RefusedAsync(code, "entities/hybrid_search", $$"""{"collectionName":"s",{{members}}}""");

    private Task<RestAnswer> SearchAsync(string members) => server.SendAsync("entities/search", $$"""{"collectionName":"s",{{members}}}""");

    private Task<RestAnswer> HybridAsync(string members) => server.SendAsync("entities/advanced_search", $$"""{"collectionName":"s",{{members}}}""");

    private static List<int> Ids(JsonElement hits) => [.. hits.EnumerateArray().Select(h => int.Parse(h.GetProperty("id").GetString()!))];

    // Members in a fixed order: theirs follows the schema and the request.
    private static string Sorted(JsonElement hits) =>
        "[" + string.Join(',', hits.EnumerateArray().Select(h => "{" + string.Join(',', h.EnumerateObject().OrderBy(p => p.Name switch { "distance" => 0, "id" => 1, "grp" => 2, _ => 3 }).Select(p => $"\"{p.Name}\":{p.Value.GetRawText()}")) + "}")) + "]";
}
