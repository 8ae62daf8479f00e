using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Api.Tests.Grpc;
using Milvus.Api.Tests.Rest;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;

namespace Milvus.Api.Tests.Types;

/// <summary>Searches that rank the elements of structs, and function chains, through both protocols.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class ElementSearchTests(RestServer server)
{
    [Fact]
    public async Task Elements_are_found_with_their_places()
    {
        await server.DataAsync("collections/create", """
            {"collectionName":"clips","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true}],
              "structFields":[{"fieldName":"frames","typeParams":{"max_capacity":3},"fields":[
                {"fieldName":"second","dataType":"Array","elementDataType":"Int16"},
                {"fieldName":"emb","dataType":"ArrayOfVector","elementDataType":"FloatVector","elementTypeParams":{"dim":2}}]}]},
             "indexParams":[{"fieldName":"frames[emb]","indexType":"HNSW","metricType":"L2","params":{"M":8,"efConstruction":40}}]}
            """);
        await server.DataAsync("entities/insert", """
            {"collectionName":"clips","data":[
              {"id":1,"frames":[{"second":1,"emb":[5,0]},{"second":2,"emb":[1,0]}]},{"id":2,"frames":[]},{"id":3,"frames":[{"second":7,"emb":[2,0]},{"second":2,"emb":[4,0]}]}]}
            """);
        const string Search = "{\"collectionName\":\"clips\",\"data\":[[0,0]],\"annsField\":\"frames[emb]\",\"outputFields\":[\"id\"],\"consistencyLevel\":\"Strong\"";
        foreach (var sealedNow in new[] { false, true })
        {
            if (sealedNow) await server.DataAsync("collections/flush", """{"collectionName":"clips"}""");
            Assert.Equal(
                """[{"distance":1,"id":"1","offset":1},{"distance":4,"id":"3","offset":0},{"distance":16,"id":"3","offset":1}]""",
                (await server.DataAsync("entities/search", Search + ",\"limit\":3}")).GetRawText());
            Assert.Equal(
                """[{"distance":1,"id":"1","offset":1},{"distance":16,"id":"3","offset":1}]""",
                (await server.DataAsync("entities/search", Search + ",\"filter\":\"id > 0 and element_filter(frames, $[second] == 2)\"}")).GetRawText());
            Assert.Equal(
                """[{"distance":1,"id":"1","offset":1},{"distance":4,"id":"3","offset":0}]""",
                (await server.DataAsync("entities/search", Search + ",\"groupingField\":\"id\"}")).GetRawText());
        }
        await server.DataAsync("collections/create", """
            {"collectionName":"clips_plain","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}],
              "structFields":[{"fieldName":"frames","typeParams":{"max_capacity":3},"fields":[{"fieldName":"second","dataType":"Array","elementDataType":"Int16"}]}]},"indexParams":[{"fieldName":"v"}]}
            """);
        Assert.Contains("use MATCH_ANY", await server.RefusedAsync(1100, "entities/search", """
            {"collectionName":"clips_plain","data":[[0,0]],"annsField":"v","filter":"element_filter(frames, $[second] == 2)"}
            """));

        var group = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(new float[2])) } } } };
        var search = new SearchRequest { CollectionName = "clips", PlaceholderGroup = group.ToByteString(), SearchParams = { Pair("anns_field", "frames[emb]"), Pair("topk", "4"), Pair("metric_type", "L2") } };
        var found = (await server.Grpc.CallAsync(TestServer.Path("Search"), search)).Single(SearchResults.Parser);
        Assert.Equal([1L, 3, 3, 1], found.Results.Ids.IntId.Data);
        Assert.Equal([1L, 0, 1, 0], found.Results.ElementIndices.Data);
        var query = new QueryRequest { CollectionName = "clips", Expr = "element_filter(frames, $[second] < 3)", OutputFields = { "id" } };
        var rows = (await server.Grpc.CallAsync(TestServer.Path("Query"), query)).Single(QueryResults.Parser);
        Assert.Equal(["0,1", "1"], rows.ElementIndices.Select(e => string.Join(',', e.Indices.Data)));
    }

    [Fact]
    public async Task Chains_score_hits_over_both_protocols()
    {
        await server.DataAsync("collections/create", """{"collectionName":"chained","dimension":2,"metricType":"L2"}""");
        await server.DataAsync("collections/fields/add", """{"collectionName":"chained","schema":{"fieldName":"age","dataType":"Int64","nullable":true}}""");
        await server.DataAsync("entities/insert", new { collectionName = "chained", data = Enumerable.Range(0, 6).Select(i => new { id = i, vector = new[] { i, 0 }, age = 10 * (i % 3) }) });
        var hits = await server.DataAsync("entities/search", """
            {"collectionName":"chained","data":[[0,0]],"limit":6,"outputFields":["id"],"consistencyLevel":"Strong","functionChains":[{"name":"c","stage":"L2_rerank","ops":[
              {"op":"map","outputs":["$score"],"expr":{"name":"num_combine","args":[{"column":"$score"},{"column":"age"}],"params":{"mode":"sum"}}},
              {"op":"sort","inputs":["$score","$id"],"params":{"column":"$score","desc":true,"tie_break_col":"$id"}},
              {"op":"limit","params":{"limit":2}}]}]}
            """);
        // Squared distances 0, 1, 4, 9, 16, 25 and ages 0, 10, 20, 0, 10, 20.
        Assert.Equal("""[{"distance":45,"id":"5"},{"distance":26,"id":"4"}]""", hits.GetRawText());
        var grouped = await server.DataAsync("entities/search", """
            {"collectionName":"chained","data":[[0,0]],"limit":6,"outputFields":["id"],"consistencyLevel":"Strong","functionChains":[{"stage":"L2_rerank","ops":[
              {"op":"select","params":{"columns":["$id","$score","age"]}},{"op":"group_by","inputs":["age"],"params":{"field":"age","group_size":1,"limit":2}}]}]}
            """);
        Assert.Equal("""[{"distance":25,"id":"5"},{"distance":16,"id":"4"}]""", grouped.GetRawText());
        // Before the last stage distances are negated.
        var early = await server.DataAsync("entities/search", """
            {"collectionName":"chained","data":[[0,0]],"limit":3,"outputFields":["id"],"consistencyLevel":"Strong","functionChains":[{"stage":"L0_rerank","ops":[
              {"op":"map","outputs":["$score"],"expr":{"name":"num_combine","args":[{"column":"$score"},{"column":"age"}],"params":{"mode":"sum"}}}]}]}
            """);
        Assert.Equal("""[{"distance":-16,"id":"2"},{"distance":-9,"id":"1"},{"distance":0,"id":"0"}]""", early.GetRawText());
        Assert.Contains("unknown function", await server.RefusedAsync(1100, "entities/search", """
            {"collectionName":"chained","data":[[0,0]],"functionChains":[{"stage":5,"ops":[{"op":"map","outputs":["$score"],"expr":{"name":"nothing","args":[]}}]}]}
            """));
        // A shape that is no chain is told as such, and a parameter given twice is the one given last.
        foreach (var wrong in new[] { """{"stage":null,"ops":[{"op":"limit","params":{"limit":1}}]}""", """{"stage":true}""", """{"stage":5,"ops":[{"op":"sort","inputs":[null]}]}""", """{"stage":5,"ops":[{"op":"map","expr":{"name":"decay","args":[{"column":null}]}}]}""", "7" })
            await server.RefusedAsync(1100, "entities/search", """{"collectionName":"chained","data":[[0,0]],"functionChains":[CHAIN]}""".Replace("CHAIN", wrong, StringComparison.Ordinal));
        Assert.Equal(2, (await server.DataAsync("entities/search", """
            {"collectionName":"chained","data":[[0,0]],"consistencyLevel":"Strong","functionChains":[{"stage":5,"ops":[{"op":"limit","params":{"limit":1,"limit":2}}]}]}
            """)).GetArrayLength());

        var group = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(new float[2])) } } } };
        var chain = new FunctionChain
        {
            Stage = FunctionChainStage.L2Rerank,
            Ops =
            {
                new FunctionChainOp
                {
                    Op = "map", Outputs = { "$score" },
                    Expr = new FunctionChainExpr
                    {
                        Name = "decay",
                        Args = { new FunctionChainExprArg { Column = new FunctionChainColumnArg { Name = "age" } } },
                        Params =
                        {
                            ["function"] = new FunctionParamValue { StringValue = "linear" }, ["origin"] = new FunctionParamValue { Int64Value = 20 },
                            ["scale"] = new FunctionParamValue { DoubleValue = 20 }, ["decay"] = new FunctionParamValue { DoubleValue = 0.5 },
                        },
                    },
                },
                new FunctionChainOp { Op = "sort", Inputs = { "$score", "$id" }, Params = { ["desc"] = new FunctionParamValue { BoolValue = true } } },
            },
        };
        var search = new SearchRequest
        {
            CollectionName = "chained",
            PlaceholderGroup = group.ToByteString(),
            SearchParams = { Pair("anns_field", "vector"), Pair("topk", "6") },
            FunctionChains = { chain },
        };
        var found = (await server.Grpc.CallAsync(TestServer.Path("Search"), search)).Single(SearchResults.Parser);
        Assert.Equal("", found.Status.Reason);
        Assert.Equal([2L, 5, 1, 4, 0, 3], found.Results.Ids.IntId.Data);
        Assert.Equal([1f, 1, 0.75f, 0.75f, 0.5f, 0.5f], found.Results.Scores);
    }

    private static Milvus.Protocol.Common.KeyValuePair Pair(string key, string value) => new() { Key = key, Value = value };
}
