using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

/// <summary>Queries that order rows by fields, and queries that answer groups and aggregates.</summary>
public sealed class QueryOrderTests
{
    private const int Rows = 60;

    private static async Task<World> RowsAsync()
    {
        var world = new World();
        world.Create(
            [Key(), Vector(), Field("n", DataType.Int64, nullable: true), VarChar("s"), Field("i", DataType.Int32), List("tags", DataType.Int64), Field("j", DataType.Json)], shards: 3, dynamic: true);
        var ids = Enumerable.Range(0, Rows).Select(i => (long)i).ToArray();
        await world.InsertAsync(
            Rows, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Nullable("n", [.. ids.Select(i => i % 5 == 0 ? (long?)null : (i * 7) % 11)]),
            Texts("s", [.. ids.Select(i => $"s{i % 4}")]), Int32s("i", [.. ids.Select(i => (int)i - 30)]), Lists("tags", DataType.Int64, [.. ids.Select(i => new[] { i })]),
            Jsons("j", [.. ids.Select(i => $"{i}")]));
        return world;
    }

    private static string[] Column(QueryResult result, string name) => ShowAll(result.Columns.Single(c => c.Name == name).Column);

    [Theory]
    [InlineData("n", false, false)]
    [InlineData("n:asc:nulls_first", false, true)]
    [InlineData("n:desc", true, true)]
    [InlineData("n:DESCENDING:NULLS_LAST", true, false)]
    [InlineData("[\"n:ascending\"]", false, false)]
    public async Task Rows_are_ordered_with_nulls_where_they_are_wanted(string order, bool descending, bool nullsFirst)
    {
        var world = await RowsAsync();
        var expected = Enumerable.Range(0, Rows)
            .OrderBy(i => i % 5 == 0 != nullsFirst ? 1 : 0)
            .ThenBy(i => i % 5 == 0 ? 0 : descending ? -(i * 7 % 11) : i * 7 % 11)
            .ThenBy(i => i).Select(i => $"{i}").ToArray();
        foreach (var (offset, limit) in new[] { (0, Rows), (0, 7), (13, 20), (55, 20), (90, 3) })
        {
            var page = await world.QueryAsync("", ["n"], ("order_by_fields", order), ("limit", $"{limit}"), ("offset", $"{offset}"));
            Assert.Equal(expected.Skip(offset).Take(limit), Column(page, "id"));
        }
        Assert.Equal(0, world.Shards.OpenReaders);
    }

    [Fact]
    public async Task Several_fields_order_and_filters_apply()
    {
        var world = await RowsAsync();
        var result = await world.QueryAsync("id < 20", ["s"], ("order_by_fields", "s:desc, i:desc"), ("limit", "6"));
        Assert.Equal(["19", "15", "11", "7", "3", "18"], Column(result, "id"));
        result = await world.QueryAsync("", ["id"], ("order_by_fields", "id:desc,s"), ("limit", "2"));
        Assert.Equal(["59", "58"], Column(result, "id"));
    }

    [Fact]
    public async Task What_cannot_be_ordered_by_is_refused()
    {
        var world = await RowsAsync();
        await Refused("order_by field 'x' does not exist in collection schema", "x");
        await Refused("order_by field 'j' has type JSON which is not sortable", "j");
        await Refused("order_by field 'v' has type", "v");
        await Refused("order_by field 'tags' has type", "tags");
        await Refused("invalid order direction 'up' for field 'n', must be 'asc' or 'desc'", "n:up");
        await Refused("invalid nulls order 'last'", "n:asc:last");
        await World.RefusedAsync("ORDER BY can only reference GROUP BY columns. Valid targets are: []", () => world.QueryAsync("", ["count(*)"], ("order_by_fields", "n"), ("limit", "5")));
        await Refused("order_by field '' does not exist in collection schema", ":asc");
        await World.RefusedAsync("ORDER BY requires explicit limit", () => world.QueryAsync("id > 0", [], ("order_by_fields", "n")));
        await World.RefusedAsync("ORDER BY requires explicit limit", () => world.QueryAsync("", [], ("order_by_fields", "n")));
        await World.RefusedAsync("ORDER BY with iterator is not supported", () => world.QueryAsync("id > 0", [], ("order_by_fields", "n"), ("limit", "1"), ("iterator", "True")));

        Task<MilvusException> Refused(string text, string order) => World.RefusedAsync(text, () => world.QueryAsync("", [], ("order_by_fields", order), ("limit", "5")));
    }

    [Fact]
    public async Task Aggregates_of_everything()
    {
        var world = await RowsAsync();
        var result = await world.QueryAsync("", ["COUNT(*)", "count(n)", "sum(n)", "avg( n )", "min(s)", "max(i)", "sum(i)"]);
        Assert.Equal(["count(*)", "count(n)", "sum(n)", "avg( n )", "min(s)", "max(i)", "sum(i)"], result.OutputFields.ToArray());
        Assert.Equal(1, result.RowCount);
        var values = Enumerable.Range(0, Rows).Where(i => i % 5 != 0).Select(i => i * 7 % 11).ToArray();
        string[] expected =
            [$"{Rows}", $"{values.Length}", $"{values.Sum()}", values.Average().ToString("R", System.Globalization.CultureInfo.InvariantCulture), "s0", "29", $"{Enumerable.Range(0, Rows).Sum(i => i - 30)}"];
        Assert.Equal(expected, result.Columns.Select(c => Show(c.Column, 0)));
        Assert.Equal(DataType.Int32, result.Columns[5].Column.Type);

        var none = await world.QueryAsync("id < 0", ["count(*)", "sum(n)", "avg(n)", "max(s)"]);
        Assert.Equal(["0", "null", "null", "null"], none.Columns.Select(c => Show(c.Column, 0)));
    }

    [Fact]
    public async Task Groups_with_aggregates_in_order_and_in_windows()
    {
        var world = await RowsAsync();
        var result = await world.QueryAsync("", ["s", "count(*)", "max(id)"], ("group_by_fields", "s"));
        Assert.Equal(["s0", "s1", "s2", "s3"], Column(result, "s"));
        Assert.Equal(["15", "15", "15", "15"], Column(result, "count(*)"));
        Assert.Equal(["56", "57", "58", "59"], Column(result, "max(id)"));

        result = await world.QueryAsync("", ["s", "count(*)"], ("group_by_fields", "s"), ("order_by_fields", "s:desc"), ("limit", "2"), ("offset", "1"));
        Assert.Equal(["s2", "s1"], Column(result, "s"));

        result = await world.QueryAsync("", ["n", "count(n)", "count(*)"], ("group_by_fields", "n"), ("order_by_fields", "n:desc"));
        Assert.Equal("null", Column(result, "n")[0]);
        Assert.Equal("0", Column(result, "count(n)")[0]);
        Assert.Equal("12", Column(result, "count(*)")[0]);
        Assert.Equal(12, result.RowCount);

        result = await world.QueryAsync("id < 8", ["s", "n", "count(*)"], ("group_by_fields", "s,n"));
        Assert.Equal(8, result.RowCount);
        Assert.Equal(["s0", "s3"], Column(await world.QueryAsync("s in ['s0', 's3']", [], ("group_by_fields", "s")), "s"));
    }

    [Fact]
    public async Task What_cannot_be_aggregated_is_refused()
    {
        var world = await RowsAsync();
        await World.RefusedAsync("aggregation operator sum does not support data type VarChar", () => world.QueryAsync("", ["sum(s)"]));
        await World.RefusedAsync("aggregation operator max does not support data type FloatVector", () => world.QueryAsync("", ["max(v)"]));
        await World.RefusedAsync("sum(*) is not supported, only count(*) is allowed", () => world.QueryAsync("", ["sum(*)"]));
        await World.RefusedAsync("target field x for aggregation:sum does not exist", () => world.QueryAsync("", ["sum(x)"]));
        await World.RefusedAsync("target field ** for aggregation:count does not exist", () => world.QueryAsync("", ["count(**)"]));
        await World.RefusedAsync("field x not exist", () => world.QueryAsync("", ["count(*)"], ("group_by_fields", "x")));
        await World.RefusedAsync("group by field j has unsupported data type JSON", () => world.QueryAsync("", ["count(*)"], ("group_by_fields", "j")));
        await World.RefusedAsync("output field 'n' is not allowed: it must be an aggregation or one of the group by fields", () => world.QueryAsync("", ["n", "count(*)"], ("group_by_fields", "s")));
        await World.RefusedAsync("ORDER BY on aggregate expression 'count(*)' is not yet supported", () => world.QueryAsync("", ["count(*)"], ("group_by_fields", "s"), ("order_by_fields", "count(*)")));
        await World.RefusedAsync("ORDER BY can only reference GROUP BY columns. Valid targets are: [s]", () => world.QueryAsync("", ["count(*)"], ("group_by_fields", "s"), ("order_by_fields", "n")));
    }
}
