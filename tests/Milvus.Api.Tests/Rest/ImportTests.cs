using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Milvus.Api.Import;
using Milvus.Model;
using Milvus.TestKit.Disk;

namespace Milvus.Api.Tests.Rest;

/// <summary>Files of rows through <c>jobs/import</c>.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class ImportTests(RestServer server)
{
    private const string Fields = """
        {"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}},
        {"fieldName":"t","dataType":"VarChar","elementTypeParams":{"max_length":8}},{"fieldName":"n","dataType":"Int32","nullable":true},
        {"fieldName":"d","dataType":"Int64","defaultValue":7},{"fieldName":"j","dataType":"JSON","nullable":true},
        {"fieldName":"a","dataType":"Array","elementDataType":"Int64","elementTypeParams":{"max_capacity":4},"nullable":true}
        """;

    [Fact]
    public async Task Json_rows_arrive_with_nulls_defaults_and_dynamic_values()
    {
        await CreateAsync("im_json", dynamic: true);
        await PutAsync("rows.json", """
              [{"id":1,"v":[1,2],"t":"one","n":5,"d":8,"j":{"k":1},"a":[1,2],"extra":"e","$meta":{"m":1}},
               {"id":2,"v":[3,4],"t":"","n":null,"$meta":"{\"m\":2}"},
               {"id":3,"v":[5,6],"t":"three"}]
            """);
        var done = await RunAsync("im_json", "rows.json");
        Assert.Equal(("Completed", 100, 3, 3), (State(done), Int(done, "progress"), Int(done, "totalRows"), Int(done, "importedRows")));
        Assert.True(Int(done, "fileSize") > 0);
        Assert.Equal("[rows.json]", done.GetProperty("details")[0].GetProperty("fileName").GetString());
        var rows = await RowsAsync("im_json");
        Assert.Equal(["1", "2", "3"], rows.Select(r => r.GetProperty("id").GetString()));
        Assert.Equal((5, "8", "e", 1), (Int(rows[0], "n"), rows[0].GetProperty("d").GetString(), rows[0].GetProperty("extra").GetString(), Int(rows[0], "m")));
        Assert.Equal((JsonValueKind.Null, "7", 2), (rows[1].GetProperty("n").ValueKind, rows[1].GetProperty("d").GetString(), Int(rows[1], "m")));
    }

    [Fact]
    public async Task Other_forms_of_json_are_read_and_surplus_members_passed_over()
    {
        await CreateAsync("im_forms");
        await PutAsync("old.json", """  {"rows":[{"id":1,"v":[1,2],"t":"a","surplus":1}]}""");
        await PutAsync("lines.jsonl", "{\"id\":2,\"v\":[1,2],\"t\":\"b\"}\n{\"id\":3,\"v\":[1,2],\"t\":\"c\"}\n");
        await PutAsync("none.json", "[]");
        Assert.Equal("Completed", State(await RunAsync("im_forms", "old.json", "lines.jsonl", "none.json")));
        Assert.Equal(3, (await RowsAsync("im_forms")).Count);
    }

    [Fact]
    public async Task Csv_cells_are_text_or_json_and_a_key_means_null()
    {
        await CreateAsync("im_csv", dynamic: true);
        await PutAsync("rows.csv", "id|v|t|n|j|a|more\r\n1|\"[1, 2]\"|\"a\"\"|b\"|none|\"{\"\"k\"\": \"\"x\"\"}\"|[1]|7\r\n2|[3,4]||5|none|none|text\r\n");
        var done = await RunWithAsync("im_csv", """{"sep":"|","nullkey":"none"}""", "rows.csv");
        Assert.Equal("Completed", State(done));
        var rows = await RowsAsync("im_csv");
        Assert.Equal(("a\"|b", JsonValueKind.Null, 7), (rows[0].GetProperty("t").GetString(), rows[0].GetProperty("n").ValueKind, Int(rows[0], "more")));
        Assert.Equal(("", 5, "text"), (rows[1].GetProperty("t").GetString(), Int(rows[1], "n"), rows[1].GetProperty("more").GetString()));
    }

    [Theory]
    [InlineData(0, false, false)]
    [InlineData(1, true, true)]
    [InlineData(2, false, true)]
    public async Task Parquet_columns_become_rows(int codec, bool version2, bool dictionary)
    {
        await CreateAsync("im_parquet", dynamic: true);
        var bytes = ParquetBytes.Write(
            new(codec, version2, dictionary, PageEntries: 3, GroupRows: 2),
            new("id", 2, [1L, 2L, 3L], IsOptional: false),
            new("v", 4, [new[] { 1f, 2f }, new[] { 3f, 4.5f }, new[] { 5f, 6f }], IsList: true),
            new("t", 6, ["one", "", "zwölf"]),
            new("n", 1, [5, null, 7]),
            new("d", 2, [8L, null, 9L]),
            new("j", 6, ["""{"k":1}""", null, "[1]"]),
            new("a", 2, [new[] { 1L, 2L }, null, Array.Empty<long>()], IsList: true),
            new("$meta", 6, ["""{"m":1}""", null, "{}"]));
        await PutAsync("rows.parquet", bytes);
        var done = await RunAsync("im_parquet", "rows.parquet");
        Assert.Equal(("Completed", 3), (State(done), Int(done, "importedRows")));
        var rows = await RowsAsync("im_parquet");
        Assert.Equal(["1", "2", "3"], rows.Select(r => r.GetProperty("id").GetString()));
        Assert.Equal([3f, 4.5f], rows[1].GetProperty("v").EnumerateArray().Select(e => e.GetSingle()));
        Assert.Equal(("zwölf", 7, "9", 1), (rows[2].GetProperty("t").GetString(), Int(rows[2], "n"), rows[2].GetProperty("d").GetString(), Int(rows[0], "m")));
        Assert.Equal((JsonValueKind.Null, "7", JsonValueKind.Null), (rows[1].GetProperty("n").ValueKind, rows[1].GetProperty("d").GetString(), rows[1].GetProperty("j").ValueKind));
        Assert.Equal("""{"k":1}""", rows[0].GetProperty("j").GetString());
    }

    [Fact]
    public async Task Vectors_of_every_type_come_out_of_parquet()
    {
        await server.SendAsync("collections/drop", new { collectionName = "im_vectors" });
        await server.DataAsync("collections/create", """
            {"collectionName":"im_vectors","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},
            {"fieldName":"h","dataType":"Float16Vector","elementTypeParams":{"dim":2}},{"fieldName":"b","dataType":"BinaryVector","elementTypeParams":{"dim":16}},
            {"fieldName":"i","dataType":"Int8Vector","elementTypeParams":{"dim":2}},{"fieldName":"s","dataType":"SparseFloatVector"},
            {"fieldName":"z","dataType":"Timestamptz","nullable":true}]},
            "indexParams":[{"fieldName":"h"},{"fieldName":"b"},{"fieldName":"i"},{"fieldName":"s","metricType":"IP"}]}
            """);
        await PutAsync("vectors.parquet", ParquetBytes.Write(
            new(Codec: 1),
            new("id", 2, [1L]),
            new("h", 1, [new[] { 0, 0x3C, 0, 0x40 }], IsList: true),
            new("b", 1, [new[] { 255, 1 }], IsList: true),
            new("i", 1, [new[] { -1, 2 }], IsList: true),
            new("s", 6, ["""{"3":0.5,"1":2}"""]),
            new("z", 2, [1_700_000_000_000_000L])));
        Assert.Equal("Completed", State(await RunAsync("im_vectors", "vectors.parquet")));
        var row = Assert.Single(await RowsAsync("im_vectors"));
        Assert.Equal([0, 0x3C, 0, 0x40], row.GetProperty("h").GetBytesFromBase64());
        Assert.Equal([255, 1], row.GetProperty("b").GetBytesFromBase64());
        Assert.Equal([255, 2], row.GetProperty("i").GetBytesFromBase64());
        Assert.Equal(0.5, row.GetProperty("s").GetProperty("3").GetDouble());
        Assert.Equal("2023-11-14T22:13:20Z", row.GetProperty("z").GetString());
    }

    [Fact]
    public async Task Numpy_columns_become_rows()
    {
        await CreateAsync("im_numpy");
        await PutAsync("n/id.npy", NpyBytes.Write("<i8", "2,", MemoryMarshal.AsBytes<long>([1, 2])));
        await PutAsync("n/v.npy", NpyBytes.Write("<f4", "2, 2", MemoryMarshal.AsBytes<float>([1, 2, 3, 4])));
        await PutAsync("n/t.npy", NpyBytes.Write("<U3", "2,", Encoding.UTF32.GetBytes("one\u00e4\0\0")));
        await PutAsync("n/n.npy", NpyBytes.Write("<i4", "2,", MemoryMarshal.AsBytes<int>([7, 8])));
        await PutAsync("n/a.npy", NpyBytes.Write("|i1", "2, 3", [1, 2, 3, 4, 5, 255]));
        string[] files = ["n/id.npy", "n/v.npy", "n/t.npy", "n/n.npy", "n/a.npy"];
        var id = (await server.DataAsync("jobs/import/create", new { collectionName = "im_numpy", files = new[] { files } })).GetProperty("jobId").GetString()!;
        Assert.Equal("Completed", State(await UntilAsync(id)));
        var rows = await RowsAsync("im_numpy");
        Assert.Equal(("one", "ä", 8), (rows[0].GetProperty("t").GetString(), rows[1].GetProperty("t").GetString(), Int(rows[1], "n")));
        Assert.Equal([3f, 4f], rows[1].GetProperty("v").EnumerateArray().Select(e => e.GetSingle()));
        await PutAsync("n/id.npy", NpyBytes.Write("<i8", "1,", MemoryMarshal.AsBytes<long>([1])));
        id = (await server.DataAsync("jobs/import/create", new { collectionName = "im_numpy", files = new[] { files } })).GetProperty("jobId").GetString()!;
        Assert.Contains("row count", (await UntilAsync(id)).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Structs_are_read_from_json()
    {
        await server.SendAsync("collections/drop", new { collectionName = "im_structs" });
        await server.DataAsync("collections/create", """
            {"collectionName":"im_structs","schema":{"fields":[{"fieldName":"id","dataType":"Int64","isPrimary":true},{"fieldName":"v","dataType":"FloatVector","elementTypeParams":{"dim":2}}],
            "structFields":[{"fieldName":"s","typeParams":{"max_capacity":4},"fields":[{"fieldName":"x","dataType":"Array","elementDataType":"Int64"},
            {"fieldName":"w","dataType":"ArrayOfVector","elementDataType":"FloatVector","elementTypeParams":{"dim":2}}]}]},
            "indexParams":[{"fieldName":"v"},{"fieldName":"s[w]","metricType":"MAX_SIM_COSINE"}]}
            """);
        await PutAsync("structs.json", """[{"id":1,"v":[1,2],"s":[{"x":5,"w":[1,0]},{"x":6,"w":[0,1]}]}]""");
        var done = await RunAsync("im_structs", "structs.json");
        Assert.Equal(("Completed", ""), (State(done), done.TryGetProperty("reason", out var r) ? r.GetString() : ""));
        Assert.Equal(2, Assert.Single(await RowsAsync("im_structs")).GetProperty("s").GetArrayLength());
    }

    [Theory]
    [InlineData("""[{"id":1,"t":"a"}]""", "value of field 'v' is missed")]
    [InlineData("""[{"id":1,"v":[1,2,3],"t":"a"}]""", "expected dim '2' for field 'v' with type 'FloatVector', got dim '3'")]
    [InlineData("""[{"id":1,"v":[1,2],"t":null}]""", "the field 't' is not nullable but the file contains null value")]
    [InlineData("""[{"id":1,"v":[1,2],"t":"far too long"}]""", "length")]
    [InlineData("""[{"id":"x","v":[1,2],"t":"a"}]""", "expected type 'Int64' for field 'id'")]
    [InlineData("""[5]""", "each row should be a key-value map")]
    [InlineData("""[{"id":1,""", "failed to decode row")]
    [InlineData("""{"other":[]}""", "the root key should be 'rows', but get 'other'")]
    [InlineData("", "should be started with")]
    public async Task A_faulty_file_fails_and_leaves_nothing_behind(string tail, string reason)
    {
        await CreateAsync("im_bad");
        await PutAsync("good.json", """[{"id":900,"v":[1,2],"t":"a"}]""");
        await PutAsync("bad.json", tail);
        var failed = await RunAsync("im_bad", "good.json", "bad.json");
        Assert.Equal("Failed", State(failed));
        Assert.Contains(reason, failed.GetProperty("reason").GetString());
        Assert.Empty(await RowsAsync("im_bad"));
    }

    [Fact]
    public async Task Requests_that_cannot_be_are_refused()
    {
        await CreateAsync("im_refused");
        Task<string> Refused(int code, string more) => server.RefusedAsync(code, "jobs/import/create", $$"""{"collectionName":"im_refused",{{more}}}""");
        Assert.Contains("import request is empty", await Refused(1100, "\"files\":[[]]"));
        Assert.Contains("unexpected file type", await Refused(2100, "\"files\":[[\"a.txt\"]]"));
        Assert.Contains("accepts only one file", await Refused(2100, "\"files\":[[\"a.parquet\",\"b.parquet\"]]"));
        Assert.Contains("accepts only one file", await Refused(2100, "\"files\":[[\"a.json\",\"b.json\"]]"));
        Assert.Contains("inconsistency in file types", await Refused(2100, "\"files\":[[\"a.json\",\"b.csv\"]]"));
        Assert.Contains("partition not specified", await Refused(1101, "\"files\":[[\"a/\"]],\"options\":{\"backup\":\"true\"}"));
        Assert.Contains("partition not found", await Refused(200, "\"files\":[[\"a.json\"]],\"partitionName\":\"p\""));
        Assert.Contains("parse timeout failed", await Refused(2100, "\"files\":[[\"a.json\"]],\"options\":{\"timeout\":\"soon\"}"));
        foreach (var wrong in new[] { "false", "null", "1", "[\"false\"]" })
            Assert.Contains("into field options.auto_commit of type string", await Refused(1801, $$"""
                "files":[["a.json"]],"options":{"auto_commit":{{wrong}}}
                """));
        Assert.Contains("'Files' failed on the 'required' tag", await Refused(1802, "\"x\":1"));
        Assert.Contains("import job does not exist, jobID=12", await server.RefusedAsync(2101, "jobs/import/describe", new { jobId = "12" }));
        Assert.Contains("job 12 not found", await server.RefusedAsync(2101, "jobs/import/commit", new { jobId = "12" }));
        Assert.Contains("job 12 not found", await server.RefusedAsync(2101, "jobs/import/abort", new { jobId = "12" }));
        Assert.Contains("parse job id failed", await server.RefusedAsync(1100, "jobs/import/describe", new { jobId = "x" }));
        Assert.Equal("Failed", State(await RunAsync("im_refused", "missing.json")));
    }

    [Fact]
    public async Task A_job_that_waits_writes_on_commit_and_nothing_on_abort()
    {
        await CreateAsync("im_commit");
        await PutAsync("first.json", """[{"id":1,"v":[1,2],"t":"a"}]""");
        await PutAsync("second.json", """[{"id":2,"v":[1,2],"t":"b"}]""");
        var first = await StartAsync("im_commit", """{"auto_commit":"false"}""", "first.json");
        var second = await StartAsync("im_commit", """{"auto_commit":"false"}""", "second.json");
        Assert.Equal("Uncommitted", State(await UntilAsync(first)));
        Assert.Equal("Uncommitted", State(await UntilAsync(second)));
        Assert.Empty(await RowsAsync("im_commit"));
        await server.DataAsync("jobs/import/commit", new { jobId = first });
        await server.DataAsync("jobs/import/abort", new { jobId = second });
        Assert.Equal("Completed", State(await UntilAsync(first, "Uncommitted", "Committing")));
        Assert.Equal("Failed", State(await UntilAsync(second)));
        Assert.Single(await RowsAsync("im_commit"));
        Assert.Contains("cannot be aborted", await server.RefusedAsync(2100, "jobs/import/abort", new { jobId = first }));
        Assert.Contains("only an Uncommitted job", await server.RefusedAsync(2100, "jobs/import/commit", new { jobId = second }));
        var listed = (await server.DataAsync("jobs/import/list", new { collectionName = "im_commit" })).GetProperty("records");
        Assert.Equal([first, second], listed.EnumerateArray().Select(r => r.GetProperty("jobId").GetString()));
    }

    [Fact]
    public async Task Csv_cells_survive_any_quoting()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var rows = Enumerable.Range(0, 5).Select(_ => Enumerable.Range(0, 3).Select(_ => Cell(random)).ToArray()).ToList();
            var text = string.Concat(rows.Select(r => string.Join(',', r.Select(c => '"' + c.Replace("\"", "\"\"") + '"')) + "\n"));
            using var reader = new StreamReader(new MemoryStream(Encoding.UTF8.GetBytes(text)));
            var cells = new CsvCells(reader, ',');
            foreach (var row in rows) Assert.Equal(row, await cells.NextAsync(default));
            Assert.Null(await cells.NextAsync(default));
        }
    }

    [Theory]
    [InlineData("300s", 300)]
    [InlineData("1h45m", 6300)]
    [InlineData("1.5h", 5400)]
    [InlineData("250ms", 0.25)]
    public void Durations_are_read_as_clients_write_them(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), ImportOptions.From([new Property("timeout", text)]).Timeout);

    [Theory]
    [InlineData("true", true)]
    [InlineData("False", false)]
    public void Flags_are_true_or_false(string text, bool value) => Assert.Equal(value, ImportOptions.From([new Property("auto_commit", text)]).AutoCommit);

    [Theory]
    [InlineData("no")]
    [InlineData("0")]
    [InlineData("")]
    public void Any_other_flag_is_refused(string text) =>
        Assert.Equal(ErrorCode.InvalidParameter, Assert.Throws<MilvusException>(() => ImportOptions.From([new Property("auto_commit", text)])).Code);

    private static string Cell(Random random) => string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => "a,\"\n\r é"[random.Next(7)]));

    private async Task CreateAsync(string name, bool dynamic = false)
    {
        await server.SendAsync("collections/drop", new { collectionName = name });
        await server.DataAsync("collections/create", $$"""
            {"collectionName":"{{name}}","schema":{"enableDynamicField":{{(dynamic ? "true" : "false")}},"fields":[{{Fields}}]},"indexParams":[{"fieldName":"v"}]}
            """);
    }

    private Task PutAsync(string path, byte[] content) => server.ImportFiles.PutAsync(path, content);

    private Task PutAsync(string path, string content) => server.ImportFiles.PutAsync(path, Encoding.UTF8.GetBytes(content));

    private Task<JsonElement> RunAsync(string name, params string[] files) => RunWithAsync(name, "{}", files);

    private async Task<JsonElement> RunWithAsync(string name, string options, params string[] files) => await UntilAsync(await StartAsync(name, options, files));

    private async Task<string> StartAsync(string name, string options, params string[] files)
    {
        var groups = string.Join(',', files.Select(f => $"[\"{f}\"]"));
        return (await server.DataAsync("jobs/import/create", $$"""{"collectionName":"{{name}}","files":[{{groups}}],"options":{{options}}}""")).GetProperty("jobId").GetString()!;
    }

    /// <summary>Asks until the job rests.</summary>
    private async Task<JsonElement> UntilAsync(string job, params string[] passing)
    {
        while (true)
        {
            var now = await server.DataAsync("jobs/import/describe", new { jobId = job });
            if (State(now) is not ("Pending" or "Importing" or "Committing") && !passing.Contains(State(now))) return now;
        }
    }

    private async Task<List<JsonElement>> RowsAsync(string name) =>
        [.. (await server.DataAsync("entities/query", new { collectionName = name, filter = "id > 0", consistencyLevel = "Strong" })).EnumerateArray().OrderBy(r => r.GetProperty("id").GetString())];

    private static string State(JsonElement job) => job.GetProperty("state").GetString()!;

    private static int Int(JsonElement owner, string name) => owner.GetProperty(name).GetInt32();
}
