using System.Text;
using System.Text.Json;
using Milvus.Api.Tests.Grpc;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.TestKit.Disk;

namespace Milvus.Api.Tests.Rest;

/// <summary>Collections that show the rows of files.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class ExternalCollectionTests(RestServer server)
{
    private const string Secret = "do-not-show";

    [Fact]
    public async Task A_refresh_shows_the_rows_of_the_files_and_a_later_one_those_that_they_have_by_then()
    {
        await CreateAsync("ex_rows", "rows", "json");
        await PutAsync("rows/a.json", Rows(0, 3));
        await PutAsync("rows/b.json", Rows(10, 2));
        await PutAsync("rows/deeper/c.json", Rows(20, 5));
        await PutAsync("rows/_SUCCESS.json", "not a file of rows");
        var first = await RefreshAsync("ex_rows");
        Assert.Equal(("RefreshCompleted", 100L, "ex_rows"), (Text(first, "state"), first.GetProperty("progress").GetInt64(), Text(first, "collectionName")));
        Assert.True(first.GetProperty("endTime").GetInt64() >= first.GetProperty("startTime").GetInt64());
        Assert.DoesNotContain(Secret, first.GetRawText());
        await IndexAndLoadAsync("ex_rows");
        Assert.Equal([0, 1, 2, 10, 11], await IdsAsync("ex_rows"));

        await PutAsync("rows/b.json", Rows(30, 4));
        await RefreshAsync("ex_rows");
        Assert.Equal([0, 1, 2, 30, 31, 32, 33], await IdsAsync("ex_rows"));
        await server.ImportFiles.DeleteAsync("lake/rows/b.json");
        await RefreshAsync("ex_rows");
        Assert.Equal([0, 1, 2], await IdsAsync("ex_rows"));
        var hit = (await server.DataAsync("entities/search", """{"collectionName":"ex_rows","data":[[2,1]],"annsField":"vec","limit":1,"outputFields":["id","tag"],"searchParams":{"metricType":"L2"}}"""))[0];
        Assert.Equal(("2", "t2"), (Text(hit, "id"), Text(hit, "tag")));
        var got = await server.DataAsync("entities/get", $$"""{"collectionName":"ex_rows","id":[{{(await KeysAsync("ex_rows", "id == 1"))[0]}}],"outputFields":["id"]}""");
        Assert.Equal("1", Text(got[0], "id"));
        Assert.Equal(3, (await server.DataAsync("jobs/external_collection/list", new { collectionName = "ex_rows" })).GetProperty("records").GetArrayLength());
        Assert.Empty((await server.DataAsync("jobs/import/list", new { collectionName = "ex_rows" })).GetProperty("records").EnumerateArray());
    }

    [Fact]
    public async Task Files_that_are_as_they_were_keep_their_segments()
    {
        await CreateAsync("ex_kept", "kept", "json");
        await PutAsync("kept/a.json", Rows(0, 3));
        await RefreshAsync("ex_kept");
        await IndexAndLoadAsync("ex_kept");
        var keys = await KeysAsync("ex_kept", "id < 10");
        await PutAsync("kept/b.json", Rows(10, 3));
        // The same bytes, written again.
        await PutAsync("kept/a.json", Rows(0, 3));
        await RefreshAsync("ex_kept");
        Assert.Equal(keys, await KeysAsync("ex_kept", "id < 10"));
        Assert.Equal(6, (await IdsAsync("ex_kept")).Count);
        // A field more is to be read from all of them.
        await server.DataAsync("collections/fields/add", """{"collectionName":"ex_kept","schema":{"fieldName":"more","dataType":"Int64","nullable":true,"externalField":"n"}}""");
        await RefreshAsync("ex_kept");
        Assert.NotEqual(keys, await KeysAsync("ex_kept", "id < 10"));
        Assert.Equal(6, (await QueryAsync("ex_kept", "more == 7")).Count);
    }

    [Fact]
    public async Task Parquet_columns_are_checked_by_name_and_type()
    {
        var good = ParquetBytes.Write(
            new(0, false, false, PageEntries: 3, GroupRows: 2), new("ID", 2, [1L, 2L, 3L]), new("V", 4, [new[] { 1f, 2f }, new[] { 3f, 4.5f }, new[] { 5f, 6f }], IsList: true),
            new("T", 6, ["one", null, "three"]), new("unused", 2, [1L, 2L, 3L]));
        await PutAsync("pq/good/rows.parquet", good);
        await CreateAsync("ex_parquet", "pq/good", "parquet", ("id", "ID"), ("vec", "V"), ("tag", "T"));
        Assert.Equal("RefreshCompleted", Text(await RefreshAsync("ex_parquet"), "state"));
        await IndexAndLoadAsync("ex_parquet");
        Assert.Equal([1, 2, 3], await IdsAsync("ex_parquet"));

        await CreateAsync("ex_case", "pq/good", "parquet", ("id", "id"), ("vec", "V"), ("tag", "T"));
        var wrong = await RefreshAsync("ex_case");
        Assert.Equal(("RefreshFailed", true), (Text(wrong, "state"), Text(wrong, "reason").Contains("column 'id' is not found", StringComparison.Ordinal)));
        await CreateAsync("ex_type", "pq/good", "parquet", ("id", "T"), ("vec", "V"), ("tag", "ID"));
        Assert.Contains("has a type that is no", Text(await RefreshAsync("ex_type"), "reason"));
    }

    [Fact]
    public async Task Geometries_in_Parquet_files_are_text_or_binary()
    {
        object?[] shapes = [GeometryCodec.ToWkb("POINT (1 2)"), "POINT (3 4)", null];
        await PutAsync("geo/rows.parquet", ParquetBytes.Write(new(0, false, false), new("id", 2, [1L, 2L, 3L]), new("vec", 4, [new[] { 1f, 1 }, new[] { 2f, 1 }, new[] { 3f, 1 }], IsList: true), new("shape", 6, shapes)));
        await PutAsync("geobad/rows.parquet", ParquetBytes.Write(new(0, false, false), new("id", 2, [1L]), new("vec", 4, [new[] { 1f, 1 }], IsList: true), new("shape", 6, [new byte[] { 1, 99, 0, 0, 0 }])));
        await server.DataAsync("collections/create", $$$"""
            {"collectionName":"ex_geo","schema":{"externalSource":"{{{Source("geo")}}}","externalSpec":{{{JsonSerializer.Serialize(Spec("parquet"))}}},"fields":[
             {"fieldName":"id","dataType":"Int64","externalField":"id"},
             {"fieldName":"vec","dataType":"FloatVector","elementTypeParams":{"dim":2},"externalField":"vec"},
             {"fieldName":"shape","dataType":"Geometry","externalField":"shape"}]}}
            """);
        Assert.Equal("RefreshCompleted", Text(await RefreshAsync("ex_geo"), "state"));
        await IndexAndLoadAsync("ex_geo");
        var rows = await server.DataAsync("entities/query", new { collectionName = "ex_geo", filter = "id > 0", outputFields = new[] { "id", "shape" }, consistencyLevel = "Strong" });
        Assert.Equal(["1 POINT (1 2)", "2 POINT (3 4)", "3 "], rows.EnumerateArray().Select(r => $"{Text(r, "id")} {Text(r, "shape")}").Order(StringComparer.Ordinal));
        Assert.Contains("a value of column 'shape' cannot be read", Text(await RefreshAsync("ex_geo", Source("geobad"), Spec("parquet")), "reason"));
    }

    [Fact]
    public async Task A_refresh_that_fails_leaves_rows_and_source_as_they_were()
    {
        await CreateAsync("ex_fail", "fail", "json");
        await PutAsync("fail/a.json", Rows(0, 3));
        await RefreshAsync("ex_fail");
        await IndexAndLoadAsync("ex_fail");
        await PutAsync("fail/b.json", """[{"id":5,"vec":[1,2,3],"tag":"x"}]""");
        var failed = await RefreshAsync("ex_fail");
        Assert.Equal("RefreshFailed", Text(failed, "state"));
        Assert.Contains("lake/fail/b.json", Text(failed, "reason"));
        Assert.Equal(3, (await IdsAsync("ex_fail")).Count);
        var elsewhere = await RefreshAsync("ex_fail", "s3://localhost:9000/nosuchbucket/x/", Spec("json"));
        Assert.Equal(("RefreshFailed", true), (Text(elsewhere, "state"), Text(elsewhere, "reason").Contains("no such bucket", StringComparison.Ordinal)));
        Assert.Equal(Source("fail"), Text(await server.DataAsync("collections/describe", new { collectionName = "ex_fail" }), "externalSource"));
        Assert.Contains("there are no json files", Text(await RefreshAsync("ex_fail", Source("empty"), Spec("json")), "reason"));

        await PutAsync("other/a.jsonl", "{\"id\":77,\"vec\":[1,2],\"tag\":\"y\"}\n");
        await RefreshAsync("ex_fail", Source("other"), Spec("json"));
        Assert.Equal([77], await IdsAsync("ex_fail"));
        var described = await server.DataAsync("collections/describe", new { collectionName = "ex_fail" });
        Assert.Equal(Source("other"), Text(described, "externalSource"));
        Assert.DoesNotContain(Secret, Text(described, "externalSpec"));
        Assert.Contains("\"***\"", Text(described, "externalSpec"));
    }

    [Fact]
    public async Task Whatever_writes_is_refused()
    {
        await CreateAsync("ex_write", "write", "json");
        const string text = "operation is not supported for external collection ex_write";
        var row = """[{"id":1,"vec":[1,2],"tag":"x"}]""";
        await RefusedAsync($"insert {text}", "entities/insert", $$"""{"collectionName":"ex_write","data":{{row}}}""");
        await RefusedAsync($"upsert {text}", "entities/upsert", $$"""{"collectionName":"ex_write","data":{{row}}}""");
        await RefusedAsync($"delete {text}", "entities/delete", new { collectionName = "ex_write", filter = "id >= 0" });
        await RefusedAsync($"flush {text}", "collections/flush", new { collectionName = "ex_write" });
        await RefusedAsync($"manual compaction {text}", "collections/compact", new { collectionName = "ex_write" });
        await RefusedAsync($"create partition {text}", "partitions/create", new { collectionName = "ex_write", partitionName = "p" });
        await RefusedAsync($"drop partition {text}", "partitions/drop", new { collectionName = "ex_write", partitionName = "p" });
        await RefusedAsync($"import {text}", "jobs/import/create", new { collectionName = "ex_write", files = new[] { new[] { "a.json" } } });
        await RefusedAsync("truncate is not supported on external collections", "collections/truncate", new { collectionName = "ex_write" });
        await RefusedAsync($"alter field {text}", "collections/fields/alter_properties", """{"collectionName":"ex_write","fieldName":"tag","fieldParams":{"max_length":32}}""");
        await RefusedAsync("requires external_field mapping", "collections/fields/add", """{"collectionName":"ex_write","schema":{"fieldName":"n","dataType":"Int64","nullable":true}}""");
        await RefusedAsync("mapped by multiple fields", "collections/fields/add", """{"collectionName":"ex_write","schema":{"fieldName":"n","dataType":"Int64","nullable":true,"externalField":"tag"}}""");
        await RefusedAsync("external_source and external_spec cannot be altered", "collections/alter_properties", """{"collectionName":"ex_write","properties":{"collection.external_source":"s3://b/k"}}""");
        await RefusedAsync("both provided or both omitted", "jobs/external_collection/refresh", new { collectionName = "ex_write", externalSource = Source("x") });
        await PlainCollection.CreateAsync(server.Milvus, "ex_plain");
        await RefusedAsync("not an external collection", "jobs/external_collection/refresh", new { collectionName = "ex_plain" });
        await RefusedAsync("not an external collection", "jobs/external_collection/list", new { collectionName = "ex_plain" });
        await RefusedAsync("external field mapping", "collections/fields/add", """{"collectionName":"ex_plain","schema":{"fieldName":"n","dataType":"Int64","nullable":true,"externalField":"n"}}""");
        await server.DataAsync("collections/create", """{"collectionName":"ex_later","schema":{"fields":[{"fieldName":"vec","dataType":"FloatVector","elementTypeParams":{"dim":2},"externalField":"vec"}]}}""");
        await RefusedAsync("no persisted external_source/external_spec", "jobs/external_collection/refresh", new { collectionName = "ex_later" });
        Assert.Equal(100, (await server.SendAsync("jobs/external_collection/refresh", new { collectionName = "ex_never_was" })).Code);
        Assert.Equal(1100, (await server.SendAsync("jobs/external_collection/describe", new { jobId = 1 })).Code);
    }

    [Fact]
    public async Task Clients_of_gRPC_see_the_same()
    {
        await CreateAsync("ex_grpc", "grpc", "json");
        await PutAsync("grpc/a.json", Rows(0, 2));
        var id = ((await server.Grpc.CallAsync(TestServer.Path("RefreshExternalCollection"), new RefreshExternalCollectionRequest { CollectionName = "ex_grpc" })).Single(RefreshExternalCollectionResponse.Parser)).JobId;
        RefreshExternalCollectionJobInfo info;
        do
        {
            await Task.Delay(5);
            info = ((await server.Grpc.CallAsync(TestServer.Path("GetRefreshExternalCollectionProgress"), new GetRefreshExternalCollectionProgressRequest { JobId = id })).Single(GetRefreshExternalCollectionProgressResponse.Parser)).JobInfo;
        }
        while (info.State is not (RefreshExternalCollectionState.RefreshCompleted or RefreshExternalCollectionState.RefreshFailed));
        Assert.Equal((RefreshExternalCollectionState.RefreshCompleted, "ex_grpc", Source("grpc")), (info.State, info.CollectionName, info.ExternalSource));
        var jobs = (await server.Grpc.CallAsync(TestServer.Path("ListRefreshExternalCollectionJobs"), new ListRefreshExternalCollectionJobsRequest { CollectionName = "ex_grpc" })).Single(ListRefreshExternalCollectionJobsResponse.Parser);
        Assert.Equal([id], jobs.Jobs.Select(j => j.JobId));
        var schema = ((await server.Grpc.CallAsync(TestServer.Path("DescribeCollection"), new DescribeCollectionRequest { CollectionName = "ex_grpc" })).Single(DescribeCollectionResponse.Parser)).Schema;
        Assert.Equal((Source("grpc"), FieldIds.VirtualKeyName, true), (schema.ExternalSource, schema.Fields[0].Name, schema.Fields[0].IsPrimaryKey && schema.Fields[0].AutoID));
        Assert.All(schema.Fields.Skip(1), f => Assert.True(f.Nullable && f.ExternalField.Length > 0));
        Assert.DoesNotContain(Secret, schema.ExternalSpec);
    }

    private static string Source(string directory) => $"s3://localhost:9000/lake/{directory}/";

    private static string Spec(string format) =>
        $$$"""{"format":"{{{format}}}","extfs":{"cloud_provider":"minio","region":"us-east-1","access_key_id":"user","access_key_value":"{{{Secret}}}"}}""";

    private static string Rows(int first, int count) =>
        $"[{string.Join(',', Enumerable.Range(first, count).Select(i => $$"""{"id":{{i}},"vec":[{{i}},1],"tag":"t{{i}}","n":7}"""))}]";

    private static string Text(JsonElement owner, string name) => owner.TryGetProperty(name, out var v) ? v.ToString() : "";

    private Task CreateAsync(string collection, string directory, string format, params (string Field, string Column)[] columns)
    {
        string Column(string field) => columns.FirstOrDefault(c => c.Field == field).Column ?? field;
        return server.DataAsync("collections/create", $$$"""
            {"collectionName":"{{{collection}}}","schema":{"externalSource":"{{{Source(directory)}}}","externalSpec":{{{JsonSerializer.Serialize(Spec(format))}}},"fields":[
             {"fieldName":"id","dataType":"Int64","externalField":"{{{Column("id")}}}"},
             {"fieldName":"vec","dataType":"FloatVector","elementTypeParams":{"dim":2},"externalField":"{{{Column("vec")}}}"},
             {"fieldName":"tag","dataType":"VarChar","elementTypeParams":{"max_length":16},"externalField":"{{{Column("tag")}}}"}]}}
            """);
    }

    private async Task RefusedAsync(string text, string path, object body)
    {
        var answer = await server.SendAsync(path, body);
        Assert.Equal(1100, answer.Code);
        Assert.Contains(text, answer.Message);
    }

    private Task PutAsync(string name, string content) => PutAsync(name, Encoding.UTF8.GetBytes(content));

    private Task PutAsync(string name, byte[] content) => server.ImportFiles.PutAsync($"lake/{name}", content);

    private async Task IndexAndLoadAsync(string collection)
    {
        await server.DataAsync("indexes/create", $$"""{"collectionName":"{{collection}}","indexParams":[{"fieldName":"vec","indexName":"v","metricType":"L2","indexType":"AUTOINDEX"}]}""");
        await server.DataAsync("collections/load", new { collectionName = collection });
        await server.Milvus.Engine.WaitLoadedAsync(server.Milvus.Proxy.Catalog.GetCollection("default", collection), default);
    }

    private async Task<JsonElement> RefreshAsync(string collection, string source = "", string spec = "")
    {
        var id = (await server.DataAsync("jobs/external_collection/refresh", new { collectionName = collection, externalSource = source, externalSpec = spec })).GetProperty("jobId").GetInt64();
        for (var i = 0; i < 4000; i++)
        {
            var job = await server.DataAsync("jobs/external_collection/describe", new { jobId = id });
            if (Text(job, "state") is "RefreshCompleted" or "RefreshFailed") return job;
            await Task.Delay(5);
        }
        throw new TimeoutException($"the refresh of {collection} did not end");
    }

    private async Task<List<int>> IdsAsync(string collection) =>
        [.. (await QueryAsync(collection, "id >= 0")).Select(r => int.Parse(Text(r, "id"))).Order()];

    private async Task<List<string>> KeysAsync(string collection, string filter) => [.. (await QueryAsync(collection, filter)).Select(r => Text(r, FieldIds.VirtualKeyName)).Order(StringComparer.Ordinal)];

    private async Task<List<JsonElement>> QueryAsync(string collection, string filter) =>
        [.. (await server.DataAsync("entities/query", new { collectionName = collection, filter, outputFields = new[] { "id", FieldIds.VirtualKeyName }, limit = 100, consistencyLevel = "Strong" })).EnumerateArray()];
}
