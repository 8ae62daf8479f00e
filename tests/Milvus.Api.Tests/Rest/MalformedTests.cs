using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Milvus.Api.Grpc;
using Milvus.Api.Tests.Grpc;
using Milvus.Protocol;
using Milvus.Protocol.Schema;
using DataType = Milvus.Protocol.Schema.DataType;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;
using PlaceholderGroup = Milvus.Protocol.Common.PlaceholderGroup;
using PlaceholderType = Milvus.Protocol.Common.PlaceholderType;
using PlaceholderValue = Milvus.Protocol.Common.PlaceholderValue;

namespace Milvus.Api.Tests.Rest;

/// <summary>
/// Thousands of malformed requests at a whole server: each is answered with a code, none with a failure of the server itself, and none leaves
/// part of its rows behind.
/// </summary>
public sealed class MalformedTests(RestServer server) : IClassFixture<RestServer>
{
    private const int Parallel = 16;
    private const int FirstNumber = 1000;

    // One valid request of each kind; {0} is replaced by a number of its own.
    private static readonly (string Path, string Body)[] s_valid =
    [
        ("collections/create", """{"collectionName":"m{0}","dimension":4,"metricType":"L2","idType":"Int64","autoID":false,"params":{"shardsNum":1,"enableDynamicField":true},"properties":{"collection.ttl.seconds":600}}"""),
        ("collections/create", """{"collectionName":"m{0}","schema":{"autoID":false,"fields":[{"fieldName":"id","dataType":"VarChar","isPrimary":true,"elementTypeParams":{"max_length":9}},{"fieldName":"a","dataType":"Array","elementDataType":"Int8","elementTypeParams":{"max_capacity":3}},{"fieldName":"n","dataType":"Int32","defaultValue":1,"nullable":true},{"fieldName":"t","dataType":"VarChar","elementTypeParams":{"max_length":90,"enable_analyzer":true,"analyzer_params":{"tokenizer":"standard","filter":[{"type":"stop","stop_words":["a"]}]}}},{"fieldName":"sp","dataType":"SparseFloatVector"},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}}],"functions":[{"name":"f","type":"BM25","inputFieldNames":["t"],"outputFieldNames":["sp"],"params":{}}]},"indexParams":[{"fieldName":"v","indexName":"x","metricType":"IP","indexType":"HNSW","params":{"M":8,"efConstruction":50}},{"fieldName":"sp","metricType":"BM25"}]}"""),
        ("entities/insert", """{"collectionName":"target","data":[{"id":{0}1,"n":5,"s":"x","j":{"a":[1,{"b":2}]},"tags":["a","b"],"v":[1,2,3,4],"bits":"AQI=","sparse":{"3":0.5},"extra":{"deep":[1]}},{"id":{0}2,"n":5,"s":"x","j":"{}","tags":[],"v":[1,2,3,4],"bits":"AQI=","sparse":{"indices":[1],"values":[2]}}]}"""),
        ("entities/upsert", """{"collectionName":"target","data":[{"id":{0}1,"n":5,"s":"x","j":null,"tags":["a"],"v":[1,2,3,4],"bits":"AQI=","sparse":{}},{"id":{0}2,"n":5,"s":"x","j":1,"tags":[],"v":[1,2,3,4],"bits":"AQI=","sparse":{"1":1}}]}"""),
        ("entities/upsert", """{"collectionName":"fixed","partialUpdate":true,"data":[{"id":1,"tags":["c"]},{"id":2,"tags":["d"]}],"fieldOps":[{"fieldName":"tags","op":"REPLACE"}]}"""),
        ("entities/delete", """{"collectionName":"target","filter":"id in [{0}1, {0}2] and n > {x}","exprParams":{"x":1}}"""),
        ("entities/query", """{"collectionName":"fixed","filter":"n > 1 and s like 'x%' and j['a'][0] == 1 or array_contains(tags, {t}) and not (id % 2 == 1)","exprParams":{"t":"a"},"outputFields":["id","s","extra"],"limit":5,"offset":1,"partitionNames":["_default"],"consistencyLevel":"Strong"}"""),
        ("entities/get", """{"collectionName":"fixed","id":[1,"2"],"outputFields":["*"]}"""),
        ("entities/search", """{"collectionName":"fixed","annsField":"v","data":[[1,2,3,4],[4,3,2,1]],"limit":3,"offset":1,"filter":"json_contains(j['a'], 1) or exists j['a'] or id in [1,2,3]","outputFields":["*"],"groupingField":"n","groupSize":2,"strictGroupSize":true,"searchParams":{"metricType":"L2","params":{"ef":32}}}"""),
        ("entities/search", """{"collectionName":"fixed","annsField":"sparse","data":[{"3":0.5}],"limit":3,"searchParams":{"radius":0.1,"range_filter":100,"drop_ratio_search":0.1}}"""),
        ("entities/hybrid_search", """{"collectionName":"fixed","search":[{"annsField":"v","data":[[1,2,3,4]],"limit":3,"filter":"n > 1","params":{"ef":20}},{"annsField":"bits","data":["AQI="],"limit":3}],"rerank":{"strategy":"weighted","params":{"weights":[0.5,0.5],"norm_score":true}},"limit":2,"outputFields":["s"]}"""),
        ("indexes/create", """{"collectionName":"fixed","indexParams":[{"fieldName":"j","indexName":"j{0}","indexType":"INVERTED","params":{"json_path":"j['{0}']","json_cast_type":"double"}}]}"""),
        ("collections/fields/add", """{"collectionName":"m0","schema":{"fieldName":"f{0}","dataType":"VarChar","nullable":true,"defaultValue":"x","elementTypeParams":{"max_length":5}}}"""),
        ("collections/alter_properties", """{"collectionName":"m0","properties":{"collection.ttl.seconds":"90"}}"""),
        ("collections/get_load_state", """{"collectionName":"fixed","partitionNames":["_default"]}"""),
        ("segments/describe", """{"collectionID":1,"segmentIDs":[1,2]}"""),
        ("common/run_analyzer", """{"text":["the quick fox"],"analyzerParams":"{\"tokenizer\":\"standard\"}","withDetail":true,"withHash":true}"""),
        ("users/create", """{"userName":"u{0}","password":"secret1","description":"d"}"""),
        ("roles/grant_privilege_v2", """{"roleName":"public","privilege":"Search","collectionName":"*","dbName":"*"}"""),
        ("resource_groups/alter", """{"resource_groups":{"__default_resource_group":{"requests":{"node_num":1},"limits":{"node_num":1},"transfer_from":[{"resource_group":"a"}],"node_filter":{"node_labels":{"a":"b"}}}}}"""),
        ("databases/create", """{"dbName":"d{0}","properties":{"database.replica.number":1}}"""),
    ];

    private static readonly string[] s_replacements =
    [
        "null", "true", "0", "-1", "1", "1.5", "1e999", "-1e-999", "99999999999999999999", "9223372036854775807", "-9223372036854775808", "2147483648", "16385", "\"\"", "\"x\"",
        "\"*\"", "\"\\u0000\"", "\"\\ud800\"", "\"漢字'\\\"\"", "\"1\"", "\"NaN\"", "\"AAAA\"", "\"id > 0\"", "\"((((\"", "\"$meta\"", "[]", "[[]]", "[null]", "[1,2]", "[\"a\"]", "[{}]", "{}",
        "{\"a\":1}", "{\"$meta\":1}", "{\"params\":{\"params\":{}}}", "[[1,2,3]]", "[1e39,1,1,1]", "[1,2,3,\"x\"]",
    ];

    [Fact]
    public async Task Mutated_rest_requests_are_answered_with_a_code()
    {
        await PrepareAsync();
        var random = new Random(20261122);
        var requests = new List<(string Path, byte[] Body)>();
        for (var i = 0; i < 4000; i++)
        {
            var (path, template) = s_valid[i % s_valid.Length];
            var body = template.Replace("{0}", $"{FirstNumber + i}");
            requests.Add((path, random.Next(10) switch
            {
                0 => Encoding.UTF8.GetBytes(body)[..random.Next(body.Length)],
                1 => Flipped(random, Encoding.UTF8.GetBytes(body)),
                2 => Filtered(random, body),
                _ => Mutated(random, body),
            }));
        }
        var answers = await AnswerAllAsync(requests);
        await StillServesAsync();

        // Both rows of a write have keys that begin with its number: after a refusal neither may be there.
        var refused = Enumerable.Range(0, requests.Count).Where(i => requests[i].Path is "entities/insert" or "entities/upsert" && answers[i].Code != 0).Select(i => FirstNumber + i).ToHashSet();
        Assert.InRange(refused.Count, 50, requests.Count);
        var found = await server.DataAsync("entities/query", """{"collectionName":"target","limit":16384,"outputFields":["id"],"consistencyLevel":"Strong"}""");
        var stored = found.EnumerateArray().Select(r => long.Parse(r.GetProperty("id").GetString()!) / 10).ToHashSet();
        Assert.NotEmpty(stored);
        Assert.DoesNotContain(refused, n => stored.Contains(n));
    }

    [Fact]
    public async Task Odd_shapes_and_sizes_are_answered_with_a_code()
    {
        await PrepareAsync();
        var requests = new List<(string Path, byte[] Body)>();
        foreach (var depth in new[] { 100, 1000, 20_000 })
        {
            string Nest(string open, string inner, string close) => string.Concat(Enumerable.Repeat(open, depth)) + inner + string.Concat(Enumerable.Repeat(close, depth));
            void Query(string filter) => requests.Add(("entities/query", JsonSerializer.SerializeToUtf8Bytes(new { collectionName = "fixed", filter, limit = 1 })));
            Query(Nest("(", "id > 0", ")"));
            Query(Nest("not ", "id > 0", ""));
            Query(Nest("-", "1", "") + " < id");
            Query(Nest("[", "1", "]") + " == j");
            Query("j" + Nest("", "", "[0]") + " == 1");
            Query("id in [" + string.Join(',', Enumerable.Range(0, depth)) + "]");
            Query(string.Join(" or ", Enumerable.Repeat("id == 1", depth)));
            Query("id == 1" + Nest(" and (id == 1", "", ")"));
            Query("id" + Nest("+1", "", "") + " > 0");
            Query("s like '" + Nest("%a", "", "") + "'");
            requests.Add(("entities/insert", Encoding.UTF8.GetBytes($$"""{"collectionName":"target","data":[{"id":1,"n":1,"s":"","tags":[],"v":[1,2,3,4],"bits":"AQI=","sparse":{},"j":{{Nest("[", "1", "]")}} }]}""")));
            requests.Add(("entities/insert", Encoding.UTF8.GetBytes($$"""{"collectionName":"target","data":[{"id":1,"n":1,"s":"","tags":[],"v":[1,2,3,4],"bits":"AQI=","sparse":{},"j":{{JsonSerializer.Serialize(Nest("[", "1", "]"))}} }]}""")));
            requests.Add(("entities/search", Encoding.UTF8.GetBytes($$"""{"collectionName":"fixed","annsField":"v","data":[[{{string.Join(',', Enumerable.Repeat("1", depth))}}]]}""")));
            requests.Add(("entities/search", Encoding.UTF8.GetBytes($$"""{"collectionName":"fixed","annsField":"v","data":[{{string.Join(',', Enumerable.Repeat("[1,2,3,4]", depth))}}],"limit":1}""")));
            requests.Add(("collections/create", Encoding.UTF8.GetBytes($$"""{"collectionName":"{{new string('c', depth)}}","dimension":4}""")));
            requests.Add(("collections/create", Encoding.UTF8.GetBytes($$"""{"collectionName":"wide","schema":{"fields":[{{string.Join(',', Enumerable.Range(0, depth).Select(i => $$"""{"fieldName":"f{{i}}","dataType":"Int64"}"""))}}]} }""")));
            requests.Add(("common/run_analyzer", JsonSerializer.SerializeToUtf8Bytes(new { text = new[] { new string('a', depth) }, analyzerParams = Nest("[", "", "]") })));
        }
        await AnswerAllAsync(requests);
        await StillServesAsync();
    }

    [Fact]
    public async Task Random_http_leaves_the_server_serving()
    {
        await PrepareAsync();
        var random = new Random(5);
        for (var i = 0; i < 200; i++)
        {
            var noise = new byte[random.Next(400)];
            random.NextBytes(noise);
            byte[] conversation = (i % 5) switch
            {
                0 => noise,
                1 => [.. "POST /v2/vectordb/entities/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 400\r\n\r\n"u8, .. noise],
                2 => [.. "POST /v2/vectordb/entities/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"u8, .. noise],
                3 => [.. "POST /v2/vectordb/"u8, .. noise, .. " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"u8],
                _ => [.. "POST /v2/vectordb/entities/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\nDB-Name: "u8, .. noise, .. "\r\nContent-Length: 2\r\n\r\n{}"u8],
            };
            using var socket = new TcpClient("127.0.0.1", server.Port);
            try
            {
                var stream = socket.GetStream();
                await stream.WriteAsync(conversation);
                socket.Client.Shutdown(SocketShutdown.Send);
                using var reader = new StreamReader(stream);
                Assert.DoesNotContain(" 500 ", await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30)));
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // A reset is a fine answer to nonsense.
            }
        }
        await StillServesAsync();
    }

    [Fact]
    public async Task Mutated_grpc_messages_are_answered_with_a_code()
    {
        await PrepareAsync();
        var random = new Random(20261123);
        (string Method, IMessage Message)[] valid = [("Insert", Rows("target")), ("Upsert", Rows("target")), ("Search", Search()), ("Query", Query()), ("Delete", new DeleteRequest { CollectionName = "target", Expr = "id in [1,2]" }), ("CreateCollection", Create()), ("DescribeCollection", new DescribeCollectionRequest { CollectionName = "fixed" })];
        var calls = new List<Task<GrpcReply>>();
        for (var i = 0; i < 2500; i++)
        {
            var (method, message) = valid[i % valid.Length];
            var bytes = message.ToByteArray();
            var body = random.Next(8) switch
            {
                0 => RawGrpcClient.Frame(bytes[..random.Next(bytes.Length)]),
                1 => RawGrpcClient.Frame(bytes, 0, random.Next(bytes.Length * 2)),
                _ => RawGrpcClient.Frame(Flipped(random, bytes)),
            };
            calls.Add(server.Grpc.CallAsync(TestServer.Path(method), new ByteArrayContent(body), CancellationToken.None));
            if (calls.Count < Parallel) continue;
            foreach (var reply in await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(60)))
            {
                Assert.True(reply.Status is GrpcStatusCode.Ok or GrpcStatusCode.Internal or GrpcStatusCode.InvalidArgument or GrpcStatusCode.ResourceExhausted or GrpcStatusCode.Unauthenticated, $"{reply.Status} {reply.Message}");
                Assert.True(reply.Status == GrpcStatusCode.Ok || reply.Message.Length > 0);
                // 65535 with a reason of the runtime's would be a request that fell through every check.
                if (reply.Status == GrpcStatusCode.Ok) Assert.DoesNotContain("System.", Encoding.UTF8.GetString(reply.Body));
            }
            calls.Clear();
        }
        await StillServesAsync();
    }

    private async Task PrepareAsync()
    {
        if ((await server.DataAsync("collections/has", """{"collectionName":"fixed"}""")).GetProperty("has").GetBoolean()) return;
        foreach (var name in new[] { "fixed", "target" })
        {
            await server.DataAsync("collections/create", $$$"""
                {"collectionName":"{{{name}}}","schema":{"enableDynamicField":true,"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"n","dataType":"Int32"},
                  {"fieldName":"s","dataType":"VarChar","elementTypeParams":{"max_length":50}},{"fieldName":"j","dataType":"JSON","nullable":true},
                  {"fieldName":"tags","dataType":"Array","elementDataType":"VarChar","elementTypeParams":{"max_length":9,"max_capacity":9}},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":4}},
                  {"fieldName":"bits","dataType":"BinaryVector","elementTypeParams":{"dim":16}},{"fieldName":"sparse","dataType":"SparseFloatVector"}]},
                 "indexParams":[{"fieldName":"v","metricType":"L2"},{"fieldName":"bits"},{"fieldName":"sparse","metricType":"IP"}]}
                """);
        }
        await server.DataAsync("collections/create", """{"collectionName":"m0","dimension":4}""");
        var data = Enumerable.Range(1, 20).Select(i => new { id = i, n = i, s = $"x{i}", j = new { a = new[] { i } }, tags = new[] { "a" }, v = new[] { i, 0, 0, 0 }, bits = new[] { i, i }, sparse = new Dictionary<string, int> { ["3"] = i } });
        await server.DataAsync("entities/insert", new { collectionName = "fixed", data });
    }

    private async Task<List<RestAnswer>> AnswerAllAsync(List<(string Path, byte[] Body)> requests)
    {
        var all = new List<RestAnswer>();
        var wrong = new List<string>();
        foreach (var batch in requests.Chunk(Parallel))
        {
            var answers = await Task.WhenAll(batch.Select(r => server.SendAsync(r.Path, r.Body))).WaitAsync(TimeSpan.FromSeconds(60));
            foreach (var (request, answer) in batch.Zip(answers))
            {
                var shown = $"{request.Path} {Encoding.UTF8.GetString(request.Body.AsSpan(0, Math.Min(1500, request.Body.Length)))} -> {answer.Status} {answer.Root.GetRawText()[..Math.Min(300, answer.Root.GetRawText().Length)]}";
                // 65535 is what nobody foresaw.
                if (answer.Status != 200 || answer.Code is < 0 or 65535 || (answer.Code != 0 && answer.Message.Length == 0)) wrong.Add(shown);
            }
            all.AddRange(answers);
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong answers: {string.Join("\n", wrong.Take(15))}");
        return all;
    }

    private async Task StillServesAsync()
    {
        var found = await server.DataAsync("entities/search", """{"collectionName":"fixed","annsField":"v","data":[[1,0,0,0]],"limit":1,"outputFields":["s"]}""");
        Assert.Equal("1", found[0].GetProperty("id").GetString());
        Assert.Equal("""[{"count(*)":20}]""", (await server.DataAsync("entities/query", """{"collectionName":"fixed","outputFields":["count(*)"]}""")).GetRawText());
    }

    private static byte[] Mutated(Random random, string body)
    {
        var root = JsonNode.Parse(body)!;
        for (var times = random.Next(1, 3); times > 0; times--)
        {
            var places = new List<JsonNode>();
            Collect(root, places);
            var place = places[random.Next(places.Count)];
            switch (random.Next(6))
            {
                case 0 when place.Parent is JsonObject owner:
                    owner.Remove(place.GetPropertyName());
                    break;
                case 1 when place.Parent is JsonArray list:
                    list.Add(place.DeepClone());
                    break;
                case 2 when place is JsonObject grown:
                    grown["unknown" + random.Next(3)] = 1;
                    break;
                default:
                    if (place.Parent is not null) place.ReplaceWith(Marked.Create(s_replacements[random.Next(s_replacements.Length)]));
                    break;
            }
        }
        return Marked.Write(root);
    }

    private static byte[] Filtered(Random random, string body)
    {
        var root = JsonNode.Parse(body)!;
        if (root["filter"] is null) return Mutated(random, body);
        string[] words = ["id", "n", "s", "j", "tags", "v", "==", "!=", "<", ">=", "+", "%", "/", "0", "1", "1.5", "'x'", "\"", "(", ")", "[", "]", "{t}", "and", "or", "not", "in", "like", "is null", "exists", "j['a']", "tags[0]", "json_contains(", "array_length(", ",", "**", "9223372036854775808", "true", "iso", "$meta"];
        root["filter"] = string.Join(' ', Enumerable.Range(0, random.Next(1, 12)).Select(_ => words[random.Next(words.Length)]));
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        if (node is null) return;
        places.Add(node);
        if (node is JsonObject o)
            foreach (var (_, value) in o) Collect(value, places);
        if (node is JsonArray a)
            foreach (var value in a) Collect(value, places);
    }

    private static byte[] Flipped(Random random, byte[] bytes)
    {
        for (var flips = random.Next(1, 5); flips > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    private static InsertRequest Rows(string collection)
    {
        var request = new InsertRequest { CollectionName = collection, NumRows = 2 };
        request.FieldsData.Add(Scalar("id", DataType.Int64, new ScalarField { LongData = new LongArray { Data = { 21, 22 } } }));
        request.FieldsData.Add(Scalar("n", DataType.Int32, new ScalarField { IntData = new IntArray { Data = { 6, 6 } } }));
        request.FieldsData.Add(Scalar("s", DataType.VarChar, new ScalarField { StringData = new StringArray { Data = { "x", "é" } } }));
        request.FieldsData.Add(Scalar("j", DataType.Json, new ScalarField { JsonData = new JSONArray { Data = { ByteString.CopyFromUtf8("{\"a\":1}"), ByteString.CopyFromUtf8("[]") } } }));
        var tags = new ArrayArray { ElementType = DataType.VarChar };
        tags.Data.Add(new ScalarField { StringData = new StringArray { Data = { "a", "b" } } });
        tags.Data.Add(new ScalarField { StringData = new StringArray() });
        request.FieldsData.Add(Scalar("tags", DataType.Array, new ScalarField { ArrayData = tags }));
        request.FieldsData.Add(new FieldData { FieldName = "v", Type = DataType.FloatVector, Vectors = new VectorField { Dim = 4, FloatVector = new FloatArray { Data = { 1, 2, 3, 4, 5, 6, 7, 8 } } } });
        request.FieldsData.Add(new FieldData { FieldName = "bits", Type = DataType.BinaryVector, Vectors = new VectorField { Dim = 16, BinaryVector = ByteString.CopyFrom(1, 2, 3, 4) } });
        var sparse = new SparseFloatArray { Dim = 4 };
        sparse.Contents.Add(ByteString.CopyFrom(3, 0, 0, 0, 0, 0, 0x80, 0x3F));
        sparse.Contents.Add(ByteString.Empty);
        request.FieldsData.Add(new FieldData { FieldName = "sparse", Type = DataType.SparseFloatVector, Vectors = new VectorField { Dim = 4, SparseFloatVector = sparse } });
        return request;
    }

    private static FieldData Scalar(string name, DataType type, ScalarField values) => new() { FieldName = name, Type = type, Scalars = values };

    private static SearchRequest Search()
    {
        var vector = new float[] { 1, 2, 3, 4 }.SelectMany(BitConverter.GetBytes).ToArray();
        var group = new PlaceholderGroup { Placeholders = { new PlaceholderValue { Tag = "$0", Type = PlaceholderType.FloatVector, Values = { ByteString.CopyFrom(vector) } } } };
        var request = new SearchRequest { CollectionName = "fixed", Dsl = "n > 1 or j['a'] == 1", PlaceholderGroup = group.ToByteString(), Nq = 1 };
        foreach (var (key, value) in new[] { ("anns_field", "v"), ("topk", "3"), ("metric_type", "L2"), ("params", "{\"ef\":20}"), ("round_decimal", "2") })
            request.SearchParams.Add(new KeyValuePair { Key = key, Value = value });
        request.OutputFields.Add("*");
        return request;
    }

    private static QueryRequest Query()
    {
        var request = new QueryRequest { CollectionName = "fixed", Expr = "n > 1 and s like 'x%'" };
        request.OutputFields.Add("*");
        request.QueryParams.Add(new KeyValuePair { Key = "limit", Value = "5" });
        return request;
    }

    private static CreateCollectionRequest Create()
    {
        var schema = new CollectionSchema { Name = "g" };
        schema.Fields.Add(new FieldSchema { Name = "id", DataType = DataType.Int64, IsPrimaryKey = true });
        schema.Fields.Add(new FieldSchema { Name = "v", DataType = DataType.FloatVector, TypeParams = { new KeyValuePair { Key = "dim", Value = "4" } } });
        return new CreateCollectionRequest { CollectionName = "g", Schema = schema.ToByteString(), ShardsNum = 1 };
    }

    /// <summary>JSON nodes that stand for text which System.Text.Json would not write, such as 1e999 or half a surrogate pair.</summary>
    private static class Marked
    {
        private const string Mark = "raw json:";

        public static JsonNode Create(string raw) => JsonValue.Create(Mark + Convert.ToHexString(Encoding.UTF8.GetBytes(raw)))!;

        public static byte[] Write(JsonNode root)
        {
            var text = root.ToJsonString();
            for (var at = text.IndexOf('"' + Mark, StringComparison.Ordinal); at >= 0; at = text.IndexOf('"' + Mark, StringComparison.Ordinal))
            {
                var end = text.IndexOf('"', at + 1);
                var raw = Encoding.UTF8.GetString(Convert.FromHexString(text[(at + 1 + Mark.Length)..end]));
                text = text[..at] + raw + text[(end + 1)..];
            }
            return Encoding.UTF8.GetBytes(text);
        }
    }
}
