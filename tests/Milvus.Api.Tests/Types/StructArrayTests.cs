using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Api.Tests.Grpc;
using Milvus.Api.Tests.Rest;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;

namespace Milvus.Api.Tests.Types;

/// <summary>Arrays of structs through both protocols.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class StructArrayTests(RestServer server)
{
    [Fact]
    public async Task Rest_knows_structs_as_arrays_of_objects()
    {
        await server.DataAsync("collections/create", """
            {"collectionName":"docs","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true}],
              "structFields":[{"fieldName":"chunks","typeParams":{"max_capacity":3},"fields":[
                {"fieldName":"text","dataType":"Array","elementDataType":"VarChar","elementTypeParams":{"max_length":20}},
                {"fieldName":"page","dataType":"Array","elementDataType":"Int16"},
                {"fieldName":"emb","dataType":"ArrayOfVector","elementDataType":"FloatVector","elementTypeParams":{"dim":2}}]}]},
             "indexParams":[{"fieldName":"chunks[emb]","indexType":"HNSW","metricType":"MAX_SIM_IP","params":{"M":8,"efConstruction":40}}]}
            """);
        await server.DataAsync("entities/insert", """
            {"collectionName":"docs","data":[
              {"id":1,"chunks":[{"text":"a","page":1,"emb":[1,0]},{"text":"b","page":2,"emb":[0,1]}]},{"id":2,"chunks":[]},{"id":3,"chunks":[{"text":"c","page":3,"emb":[0.5,0.5]}]}]}
            """);
        foreach (var sealedNow in new[] { false, true })
        {
            if (sealedNow) await server.DataAsync("collections/flush", """{"collectionName":"docs"}""");
            Assert.Equal(
                """[{"chunks":[{"text":"a","page":1,"emb":[1,0]},{"text":"b","page":2,"emb":[0,1]}],"id":"1"},{"chunks":[],"id":"2"},{"chunks":[{"text":"c","page":3,"emb":[0.5,0.5]}],"id":"3"}]""",
                (await server.DataAsync("entities/query", """{"collectionName":"docs","filter":"id > 0","consistencyLevel":"Strong"}""")).GetRawText());
            Assert.Equal("""[{"chunks":[{"page":3}],"id":"3"}]""", (await server.DataAsync("entities/query", """{"collectionName":"docs","filter":"id == 3","outputFields":["chunks[page]"],"consistencyLevel":"Strong"}""")).GetRawText());
            Assert.Equal(
                """[{"distance":2,"id":"1","chunks":[{"text":"a"},{"text":"b"}]},{"distance":1,"id":"3","chunks":[{"text":"c"}]}]""",
                (await server.DataAsync("entities/search", """{"collectionName":"docs","data":[[[1,0],[0,1]]],"annsField":"chunks[emb]","limit":5,"outputFields":["chunks[text]"],"consistencyLevel":"Strong"}""")).GetRawText());
        }
        Assert.Equal("""[{"id":"1"}]""", (await server.DataAsync("entities/query", """{"collectionName":"docs","filter":"array_contains(chunks[page], 2)","outputFields":["id"],"consistencyLevel":"Strong"}""")).GetRawText());
        var described = (await server.DataAsync("collections/describe", """{"collectionName":"docs"}""")).GetProperty("structFields").GetRawText();
        Assert.StartsWith("""[{"name":"chunks","id":101,"description":"","nullable":false,"type":"ArrayOfStruct","fields":[{"name":"text","id":102,"type":"Array",""", described);
        Assert.Contains("""{"name":"emb","id":104,"type":"ArrayOfVector",""", described);

        async Task RefusedAsync(int code, string chunks) => await server.RefusedAsync(code, "entities/insert", $$"""{"collectionName":"docs","data":[{"id":9,"chunks":{{chunks}}}]}""");
        await RefusedAsync(1804, "null");
        await RefusedAsync(1804, "[{\"text\":\"a\",\"page\":1}]");
        await RefusedAsync(1804, "[{\"text\":\"a\",\"page\":1,\"emb\":[1]}]");
        await RefusedAsync(1804, "[{\"text\":\"a\",\"page\":1,\"emb\":[1,2],\"more\":1}]");
        await RefusedAsync(1804, "{\"text\":\"a\"}");
        await RefusedAsync(1100, "[{\"text\":\"much longer than twenty bytes\",\"page\":1,\"emb\":[1,2]}]");
        await RefusedAsync(1100, $"[{string.Join(',', Enumerable.Repeat("{\"text\":\"a\",\"page\":1,\"emb\":[1,2]}", 4))}]");
        Assert.Contains("a list of vectors is expected", await server.RefusedAsync(1100, "entities/search", """{"collectionName":"docs","data":[[1,0]],"annsField":"chunks[emb]"}"""));
    }

    [Fact]
    public async Task A_struct_is_added_over_rest()
    {
        await server.DataAsync("collections/create", """{"collectionName":"grown_struct","dimension":2}""");
        await server.DataAsync("entities/insert", """{"collectionName":"grown_struct","data":[{"id":1,"vector":[1,2]}]}""");
        const string Field = """{"fieldName":"s","dataType":"ArrayOfStruct","nullable":NULLABLE,"fields":[{"fieldName":"n","dataType":"Array","elementDataType":"Int64","elementTypeParams":{"max_capacity":4}}]}""";
        Assert.Contains("added struct field must be nullable", await server.RefusedAsync(1100, "collections/struct_fields/add", $$"""{"collectionName":"grown_struct","schema":{{Field.Replace("NULLABLE", "false")}}}"""));
        Assert.Contains("struct_fields/add", await server.RefusedAsync(1100, "collections/fields/add", $$"""{"collectionName":"grown_struct","schema":{{Field.Replace("NULLABLE", "true")}}}"""));
        await server.DataAsync("collections/struct_fields/add", $$"""{"collectionName":"grown_struct","schema":{{Field.Replace("NULLABLE", "true")}}}""");
        await server.DataAsync("entities/insert", """{"collectionName":"grown_struct","data":[{"id":2,"vector":[1,2],"s":[{"n":7}]},{"id":3,"vector":[1,2]}]}""");
        Assert.Equal(
            """[{"s":null,"id":"1"},{"s":[{"n":"7"}],"id":"2"},{"s":null,"id":"3"}]""",
            (await server.DataAsync("entities/query", """{"collectionName":"grown_struct","filter":"id > 0","outputFields":["s"],"consistencyLevel":"Strong"}""")).GetRawText());
        await server.DataAsync("entities/upsert", """{"collectionName":"grown_struct","partialUpdate":true,"data":[{"id":3,"s":[{"n":1},{"n":2}]}]}""");
        await server.DataAsync("entities/upsert", """{"collectionName":"grown_struct","partialUpdate":true,"data":[{"id":2,"vector":[5,5]}]}""");
        Assert.Equal(
            """[{"vector":[5,5],"s":[{"n":"7"}],"id":"2"},{"vector":[1,2],"s":[{"n":"1"},{"n":"2"}],"id":"3"}]""",
            (await server.DataAsync("entities/query", """{"collectionName":"grown_struct","filter":"id > 1","outputFields":["vector","s"],"consistencyLevel":"Strong"}""")).GetRawText());
    }

    [Fact]
    public async Task A_struct_that_is_added_may_be_called_an_array_of_structs_with_the_capacity_where_arrays_have_theirs()
    {
        await server.DataAsync("collections/create", """{"collectionName":"named_struct","dimension":2}""");
        const string Field = """{"fieldName":"s","dataType":"Array","elementDataType":"ELEMENT","nullable":true,"elementTypeParams":{"max_capacity":4},"fields":[{"fieldName":"n","dataType":"Array","elementDataType":"Int64"}]}""";
        Assert.StartsWith(
            "StructArray field must use ArrayOfStruct or Array with Struct element, got dataType Array and elementDataType Int64",
            await server.RefusedAsync(1100, "collections/struct_fields/add", $$"""{"collectionName":"named_struct","schema":{{Field.Replace("ELEMENT", "Int64")}}}"""));
        await server.DataAsync("collections/struct_fields/add", $$"""{"collectionName":"named_struct","schema":{{Field.Replace("ELEMENT", "Struct")}}}""");
        var described = (await server.DataAsync("collections/describe", new { collectionName = "named_struct" })).GetProperty("structFields")[0];
        Assert.Contains("""{"key":"max_capacity","value":"4"}""", described.GetProperty("fields")[0].GetProperty("params").GetRawText());
    }

    [Fact]
    public async Task Grpc_knows_structs_as_columns_inside_a_column()
    {
        var schema = new CollectionSchema
        {
            Name = "lists",
            Fields = { new FieldSchema { Name = "id", DataType = DataType.Int64, IsPrimaryKey = true } },
            StructArrayFields =
            {
                new StructArrayFieldSchema
                {
                    Name = "s",
                    Nullable = true,
                    Fields =
                    {
                        new FieldSchema { Name = "n", DataType = DataType.Array, ElementType = DataType.Int32, TypeParams = { Pair("max_capacity", "4") } },
                        new FieldSchema { Name = "w", DataType = DataType.ArrayOfVector, ElementType = DataType.FloatVector, TypeParams = { Pair("dim", "2"), Pair("max_capacity", "4") } },
                    },
                },
            },
        };
        await OkAsync("CreateCollection", new CreateCollectionRequest { CollectionName = "lists", Schema = schema.ToByteString(), ShardsNum = 1 });
        await OkAsync("CreateIndex", new CreateIndexRequest { CollectionName = "lists", FieldName = "s[w]", ExtraParams = { Pair("index_type", "AUTOINDEX"), Pair("metric_type", "MAX_SIM_L2") } });
        await OkAsync("LoadCollection", new LoadCollectionRequest { CollectionName = "lists" });
        var described = await CallAsync("DescribeCollection", new DescribeCollectionRequest { CollectionName = "lists" }, DescribeCollectionResponse.Parser);
        var parent = Assert.Single(described.Schema.StructArrayFields);
        Assert.Equal(("s", true, 101L), (parent.Name, parent.Nullable, parent.FieldID));
        Assert.Equal(["n:102", "w:103"], parent.Fields.Select(f => $"{f.Name}:{f.FieldID}"));
        Assert.All(parent.Fields, f => Assert.True(f.Nullable));
        Assert.Equal("id", Assert.Single(described.Schema.Fields).Name);

        var insert = new InsertRequest
        {
            CollectionName = "lists",
            NumRows = 3,
            FieldsData =
            {
                new FieldData { FieldName = "id", Type = DataType.Int64, Scalars = new ScalarField { LongData = new LongArray { Data = { 1, 2, 3 } } } },
                new FieldData
                {
                    FieldName = "s",
                    Type = DataType.ArrayOfStruct,
                    ValidData = { true, false, true },
                    StructArrays = new StructArrayField
                    {
                        Fields =
                        {
                            new FieldData
                            {
                                FieldName = "n", Type = DataType.Array,
                                Scalars = new ScalarField { ArrayData = new ArrayArray { ElementType = DataType.Int32, Data = { Ints(5, 6), Ints(7) } } },
                            },
                            new FieldData
                            {
                                FieldName = "w", Type = DataType.ArrayOfVector,
                                Vectors = new VectorField { Dim = 2, VectorArray = new VectorArray { Dim = 2, ElementType = DataType.FloatVector, Data = { Floats(0, 0, 3, 4), Floats(1, 1) } } },
                            },
                        },
                    },
                },
            },
        };
        var inserted = await CallAsync("Insert", insert, MutationResult.Parser);
        Assert.Equal((0, 3L), (inserted.Status.Code, inserted.InsertCnt));

        var rows = await CallAsync("Query", new QueryRequest { CollectionName = "lists", Expr = "id > 0", OutputFields = { "*" } }, QueryResults.Parser);
        var data = rows.FieldsData.Single(f => f.FieldName == "s");
        Assert.Equal((DataType.ArrayOfStruct, 101L), (data.Type, data.FieldId));
        Assert.Equal([true, false, true], data.ValidData);
        var (n, w) = (data.StructArrays.Fields[0], data.StructArrays.Fields[1]);
        Assert.Equal(("n", "w"), (n.FieldName, w.FieldName));
        Assert.Equal([5, 6], n.Scalars.ArrayData.Data[0].IntData.Data);
        Assert.Equal((2L, DataType.FloatVector), (w.Vectors.VectorArray.Dim, w.Vectors.VectorArray.ElementType));
        Assert.Equal([0f, 0, 3, 4], w.Vectors.VectorArray.Data[0].FloatVector.Data);
        Assert.Equal((3, 0), (w.Vectors.VectorArray.Data.Count, w.Vectors.VectorArray.Data[1].FloatVector.Data.Count));
        Assert.Equal([1f, 1], w.Vectors.VectorArray.Data[2].FloatVector.Data);

        rows = await CallAsync("Query", new QueryRequest { CollectionName = "lists", Expr = "id > 0", OutputFields = { "id", "s[n]", "s[w]" } }, QueryResults.Parser);
        Assert.Equal(["id", "s"], rows.OutputFields.Order());

        var group = new PlaceholderGroup
        {
            Placeholders = { new PlaceholderValue { Tag = "$0", Type = PlaceholderType.EmbListFloatVector, Values = { Bytes(3, 4, 0, 1), Bytes(1, 1) } } },
        };
        var search = new SearchRequest { CollectionName = "lists", PlaceholderGroup = group.ToByteString(), SearchParams = { Pair("anns_field", "s[w]"), Pair("topk", "5"), Pair("metric_type", "MAX_SIM_L2") } };
        var found = await CallAsync("Search", search, SearchResults.Parser);
        Assert.Equal(0, found.Status.Code);
        Assert.Equal([2L, 2], found.Results.Topks);
        // 3,4 is 0 from row 1 and 13 from row 3; 0,1 is 1 from both. The second query is 1,1 alone.
        Assert.Equal([1L, 3, 3, 1], found.Results.Ids.IntId.Data);
        Assert.Equal([1f, 14, 0, 2], found.Results.Scores);
    }

    private static Milvus.Protocol.Common.KeyValuePair Pair(string key, string value) => new() { Key = key, Value = value };

    private static ScalarField Ints(params int[] values) => new() { IntData = new IntArray { Data = { values } } };

    private static VectorField Floats(params float[] values) => new() { Dim = 2, FloatVector = new FloatArray { Data = { values } } };

    private static ByteString Bytes(params float[] values) => ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan()));

    private async Task OkAsync(string method, IMessage request) => Assert.Equal("", (await CallAsync(method, request, Status.Parser)).Reason);

    private async Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser)
        where T : IMessage<T> => (await server.Grpc.CallAsync(TestServer.Path(method), request)).Single(parser);
}
