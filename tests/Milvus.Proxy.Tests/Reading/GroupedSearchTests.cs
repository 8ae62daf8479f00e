using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

/// <summary>Hits grouped by fields, JSON paths and dynamic keys, and hits in the order of fields.</summary>
public sealed class GroupedSearchTests
{
    /// <summary>Row i lies at distance i² from the origin.</summary>
    private static async Task<World> RowsAsync(int rows = 24, int shards = 2)
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("n", DataType.Int64, nullable: true), VarChar("s"), Field("meta", DataType.Json)], shards, dynamic: true);
        var ids = Enumerable.Range(0, rows).Select(i => (long)i).ToArray();
        await world.InsertAsync(
            rows, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Nullable("n", [.. ids.Select(i => i % 7 == 0 ? (long?)null : i % 3)]),
            Texts("s", [.. ids.Select(i => $"s{i % 4}")]),
            Jsons("meta", [.. ids.Select(i => $"{{\"a\":{{\"b\":{i % 5}}},\"list\":[\"x{i % 2}\",true]}}")]),
            Dynamic([.. ids.Select(i => i % 6 == 0 ? "{}" : $"{{\"color\":\"c{i % 3}\",\"rank\":{100 - i},\"mixed\":{(i % 2 == 0 ? "1.5" : "\"z\"")}}}")]));
        return world;
    }

    private static string[] Groups(SearchResult result) => ShowAll(result.GroupBy.Single().Column);

    private static Task<SearchResult> Search(World world, params (string, string)[] parameters) => world.SearchAsync(Queries([0, 0]), parameters);

    [Theory]
    [InlineData("meta[\"a\"][\"b\"]", "", "")]
    [InlineData("meta", "/a/b", "int64")]
    [InlineData("meta", "[\"a\"]['b']", "Int8")]
    public async Task A_JSON_path_groups(string field, string path, string type)
    {
        var world = await RowsAsync();
        var result = await Search(world, ("topk", "3"), ("offset", "1"), ("group_by_field", field), ("json_path", path), ("json_type", type), ("group_size", "2"));
        Assert.Equal(["1", "6", "2", "7", "3", "8"], ShowAll(result.Ids.Column));
        Assert.Equal(["1", "1", "2", "2", "3", "3"], Groups(result));
        Assert.Equal(type == "" ? DataType.VarChar : DataType.Int64, result.GroupBy[0].Column.Type);
    }

    [Fact]
    public async Task Dynamic_keys_group_and_what_is_absent_is_a_group()
    {
        var world = await RowsAsync();
        var result = await Search(world, ("topk", "10"), ("group_by_field", "color"));
        Assert.Equal(["0", "1", "2", "3"], ShowAll(result.Ids.Column));
        Assert.Equal(["null", "c1", "c2", "c0"], Groups(result));
        Assert.Equal("color", result.GroupBy[0].Name);
        result = await Search(world, ("topk", "10"), ("group_by_field", "meta[\"list\"][0]"));
        Assert.Equal(["x0", "x1"], Groups(result));
    }

    [Fact]
    public async Task Several_fields_group_together()
    {
        var world = await RowsAsync();
        var result = await Search(world, ("topk", "4"), ("group_by_fields", "n, s"), ("group_size", "2"));
        Assert.Equal(["n", "s"], result.GroupBy.Select(g => g.Name));
        Assert.Equal(["0", "1", "13", "2", "3", "15"], ShowAll(result.Ids.Column));
        Assert.Equal(["null", "1", "1", "2", "0", "0"], ShowAll(result.GroupBy[0].Column));
        Assert.Equal(["s0", "s1", "s1", "s2", "s3", "s3"], ShowAll(result.GroupBy[1].Column));
    }

    [Fact]
    public async Task What_cannot_group_is_refused()
    {
        var world = await RowsAsync();
        await World.RefusedAsync(ErrorCode.SegcoreError, "unsupported data type VECTOR_FLOAT for group by operator", () => Search(world, ("topk", "3"), ("group_by_field", "v")));
        world.Alter(c => c with
        {
            Schema = c.Schema.With(fields: [.. c.Schema.Fields,
                new FieldSchema { Id = 900, Name = "sparse", Type = DataType.SparseFloatVector },
                new FieldSchema { Id = 901, Name = "many", Type = DataType.ArrayOfVector, ElementType = DataType.FloatVector }]),
        });
        await World.RefusedAsync(ErrorCode.SegcoreError, "unsupported data type VECTOR_SPARSE_U32_F32 for group by operator", () => Search(world, ("topk", "3"), ("anns_field", "v"), ("group_by_field", "sparse")));
        await World.RefusedAsync(ErrorCode.SegcoreError, "unsupported data type VECTOR_ARRAY for group by operator", () => Search(world, ("topk", "3"), ("anns_field", "v"), ("group_by_field", "many")));
        await World.RefusedAsync("cannot parse identifier: 21", () => Search(world, ("topk", "3"), ("anns_field", "v"), ("group_by_field", "21")));
        await World.RefusedAsync("input group size:0 is negative", () => Search(world, ("topk", "3"), ("anns_field", "v"), ("group_by_field", "n"), ("group_size", "0")));
    }

    [Fact]
    public async Task Groups_hold_their_best_rows_wherever_those_are()
    {
        // Rows of a group lie where other groups are better, so that no shard would tell of them unasked.
        for (var shards = 1; shards < 5; shards++)
        {
            var world = await RowsAsync(200, shards);
            var result = await world.SearchAsync(Queries([0, 0], [199, 0]), ("topk", "2"), ("group_by_field", "n"), ("group_size", "4"));
            var near = new[] { "0", "7", "14", "21", "1", "4", "10", "13" };
            Assert.Equal(near, ShowAll(result.Ids.Column)[..8]);
            Assert.Equal([8, 8], result.TopKs.ToArray());
            Assert.Equal(["199", "193", "190", "187", "198", "195", "192", "186"], ShowAll(result.Ids.Column)[8..]);
        }
    }

    [Fact]
    public async Task Casts_and_orders_that_cannot_group_are_refused()
    {
        var world = await RowsAsync();
        await World.RefusedAsync("json_type float is not supported", () => Search(world, ("topk", "3"), ("group_by_field", "meta"), ("json_type", "float")));
        await World.RefusedAsync(ErrorCode.SegcoreError, "is not of type Int64", () => Search(world, ("topk", "3"), ("group_by_field", "color"), ("json_type", "int64"), ("strict_cast", "true")));
        await World.RefusedAsync("order_by_fields is not supported when grouping by several fields", () => Search(world, ("topk", "3"), ("group_by_fields", "n,s"), ("order_by_fields", "s")));
    }

    [Theory]
    [InlineData("s:desc", "3 7 2 6 1 5 0 4")]
    [InlineData("n", "3 6 1 4 2 5 0 7")]
    [InlineData("n:asc:nulls_first,id:desc", "7 0 6 3 4 1 5 2")]
    [InlineData("rank", "7 5 4 3 2 1 0 6")]
    [InlineData("meta[\"a\"][\"b\"]:desc", "4 3 2 7 1 6 0 5")]
    [InlineData("mixed", "2 4 1 3 5 7 0 6")]
    public async Task Hits_are_re_ordered_but_not_chosen_by_fields(string order, string expected)
    {
        var world = await RowsAsync();
        var result = await Search(world, ("topk", "8"), ("order_by_fields", order));
        Assert.Equal(expected.Split(' '), ShowAll(result.Ids.Column));
        Assert.Equal(expected.Split(' ').Select(i => float.Parse(i) * float.Parse(i)), result.Scores);
    }

    [Fact]
    public async Task Groups_are_re_ordered_by_their_best_hits_and_stay_together()
    {
        var world = await RowsAsync();
        var result = await Search(world, ("topk", "3"), ("group_by_field", "n"), ("group_size", "2"), ("order_by_fields", "s:desc"));
        Assert.Equal(["2", "5", "1", "4", "0", "7"], ShowAll(result.Ids.Column));
        await World.RefusedAsync("order_by field 'v' has unsortable type FloatVector; supported types", () => Search(world, ("topk", "3"), ("order_by_fields", "v")));
        await World.RefusedAsync("order_by field 'j[x:asc' does not exist in collection schema", () => Search(world, ("topk", "3"), ("order_by_fields", "j[x:asc")));
        await World.RefusedAsync("order_by is not supported when using search iterator", () => Search(world, ("topk", "3"), ("order_by_fields", "n"), ("iterator", "true")));
    }
}
