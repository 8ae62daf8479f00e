using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class QueryTests
{
    private static async Task<World> RowsAsync(int rows, int shards = 3, DataType key = DataType.Int64, bool dynamic = false)
    {
        var world = new World();
        world.Create([Key(key), Vector(), Field("n", DataType.Int64)], shards, dynamic);
        var ids = Enumerable.Range(0, rows).Select(i => (long)i).ToArray();
        var columns = new List<NamedColumn>
        {
            key == DataType.Int64 ? Int64s("id", ids) : Texts("id", [.. ids.Select(i => $"k{i:D5}")]),
            Floats("v", [.. ids.Select(i => new[] { i, 0f })]),
            Int64s("n", [.. ids.Select(i => i % 10)]),
        };
        if (dynamic) columns.Add(Dynamic([.. ids.Select(i => $"{{\"a\":{i},\"b\":{{\"c\":[{i}]}},\"d e\":\"x\"}}")]));
        await world.InsertAsync(rows, [.. columns]);
        return world;
    }

    private static string[] Ids(QueryResult result) => ShowAll(result.Columns.Single(c => c.Name == "id").Column);

    [Fact]
    public async Task Columns_that_are_answered_are_not_read_again_for_the_elements_that_pass()
    {
        var world = new World();
        world.Create([Key(), Vector(), List("s[x]", DataType.Int64), List("s[y]", DataType.Int64)]);
        await world.InsertAsync(2, Int64s("id", 1, 2), Floats("v", [0, 0], [1, 1]), Lists("s[x]", DataType.Int64, [1, 2, 2], [3]), Lists("s[y]", DataType.Int64, [9, 8, 9], [9]));
        world.Alter(c => c with { Schema = c.Schema.With(structFields: [new StructFieldSchema { Id = 950, Name = "s" }]) });
        var (x, y) = (world.Collection.Schema.Find("s[x]")!.Id, world.Collection.Schema.Find("s[y]")!.Id);
        var result = await world.QueryAsync("element_filter(s, $[x] == 2 and $[y] == 9)", ["id", "s[x]"]);
        Assert.Equal([2], Assert.Single(result.Elements).ToArray());
        Assert.Equal([x, y], world.Shards.Fetched.Order());
    }

    [Fact]
    public async Task Pages_of_elements_count_elements()
    {
        var world = new World();
        world.Create([Key(), Vector(), List("s[x]", DataType.Int64)], shards: 2);
        await world.InsertAsync(
            4, Int64s("id", 1, 2, 3, 4), Floats("v", [0, 0], [1, 1], [2, 2], [3, 3]), Lists("s[x]", DataType.Int64, [7, 8, 1], [1], [7, 1, 9], [8, 8]));
        world.Alter(c => c with { Schema = c.Schema.With(structFields: [new StructFieldSchema { Id = 950, Name = "s" }]) });
        Assert.Equal(["1: 0 1 | 7 8 1", "3: 0 2 | 7 1 9", "4: 0 1 | 8 8"], await PageAsync(""));
        Assert.Equal(["1: 0 1 | 7 8 1", "3: 0 | 7 1 9"], await PageAsync("", ("limit", "3")));
        Assert.Equal(["1: 1 | 7 8 1", "3: 0 2 | 7 1 9"], await PageAsync("", ("limit", "3"), ("offset", "1")));
        Assert.Equal(["3: 2 | 7 1 9", "4: 0 | 8 8"], await PageAsync("", ("limit", "2"), ("offset", "3")));
        Assert.Empty(await PageAsync("", ("limit", "2"), ("offset", "6")));

        // Pages of an iterator begin in the row that the page before ended in.
        Assert.Equal(["1: 1 | 7 8 1", "3: 0 | 7 1 9"], await PageAsync("id >= 1 and ", Cursor("1", "0")));
        Assert.Equal(["3: 2 | 7 1 9", "4: 0 | 8 8"], await PageAsync("id >= 3 and ", Cursor("3", "0")));
        Assert.Equal(["4: 0 1 | 8 8"], await PageAsync("id >= 3 and ", Cursor("3", "2")));
        Assert.Empty(await PageAsync("id >= 4 and ", Cursor("4", "1")));
        await World.RefusedAsync("query_iter_last_element_offset can only be used when iterator=true", () => PageAsync("", ("query_iter_last_pk", "1")));
        await World.RefusedAsync("must be provided together, has_last_pk=true, has_last_element_offset=false", () => PageAsync("", ("iterator", "True"), ("query_iter_last_pk", "1")));
        await World.RefusedAsync("value for query iterator last element offset is invalid: invalid parameter[expected=non-negative int value][actual=-1]", () => PageAsync("", Cursor("1", "-1")));
        await World.RefusedAsync("value for query iterator last primary key is invalid: invalid parameter[expected=int64 primary key][actual=x]", () => PageAsync("", Cursor("x", "1")));

        (string, string)[] Cursor(string key, string element) => [("limit", "2"), ("iterator", "True"), ("query_iter_last_pk", key), ("query_iter_last_element_offset", element)];

        async Task<string[]> PageAsync(string filter, params (string, string)[] parameters)
        {
            var result = await world.QueryAsync(filter + "(element_filter(s, $[x] > 6))", ["id", "s[x]"], parameters);
            Assert.Equal(result.RowCount, result.Elements.Length);
            var lists = (ArrayColumn)result.Columns.Single(c => c.Name == "s[x]").Column;
            return [.. Ids(result).Select((id, row) => $"{id}: {string.Join(' ', result.Elements[row])} | {string.Join(' ', Enumerable.Range(lists.Offsets[row], lists.Offsets[row + 1] - lists.Offsets[row]).Select(e => ((FixedColumn<long>)lists.Elements).Values[e]))}")];
        }
    }

    [Fact]
    public async Task Rows_come_ascending_by_key_whatever_shard_they_are_in()
    {
        var world = await RowsAsync(100);
        var result = await world.QueryAsync("", ["n"], ("limit", "7"), ("offset", "20"));
        Assert.Equal(Enumerable.Range(20, 7).Select(i => $"{i}"), Ids(result));
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], ShowAll(result.Columns.Single(c => c.Name == "n").Column));
        Assert.Equal(["n", "id"], result.OutputFields.ToArray());
        Assert.Equal("id", result.PrimaryField);
        Assert.True(result.ReadAt > Timestamp.Zero);
        Assert.Equal(0, world.Shards.OpenReaders);
        Assert.Empty(Ids(await world.QueryAsync("", ["n"], ("limit", "7"), ("offset", "100"))));
    }

    [Fact]
    public async Task Filters_and_keys_choose_rows()
    {
        var world = await RowsAsync(50, key: DataType.VarChar);
        Assert.Equal(["k00003", "k00013", "k00023", "k00033", "k00043"], Ids(await world.QueryAsync("n == 3", [])));
        var got = await world.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = "c",
            Keys = PrimaryKeys.Of("k00009", "nope", "k00001"),
            OutputFields = ["*"],
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        Assert.Equal(["k00001", "k00009"], Ids(got));
        Assert.Equal(["v", "n", "id"], got.Columns.Select(c => c.Name));
        Assert.Empty(Ids(await world.QueryAsync("id in []", ["id"])));
    }

    [Fact]
    public async Task Counting()
    {
        var world = await RowsAsync(50);
        foreach (var spelling in new[] { "count(*)", "COUNT(*)", " Count ( * ) " })
        {
            var result = await world.QueryAsync("", [spelling]);
            Assert.Equal("count(*)", result.Columns.Single().Name);
            Assert.Equal(["50"], ShowAll(result.Columns.Single().Column));
            Assert.Equal(1, result.RowCount);
        }
        Assert.Equal(["10"], ShowAll((await world.QueryAsync("n < 2", ["count(*)"])).Columns.Single().Column));
        await World.RefusedAsync("count entities with pagination is not allowed", () => world.QueryAsync("", ["count(*)"], ("limit", "1")));
        Assert.Equal(["50"], ShowAll((await world.QueryAsync("", ["count(*)"], ("offset", "1"))).Columns.Single().Column));
    }

    [Fact]
    public async Task A_key_inserted_twice_is_returned_once_and_counted_twice()
    {
        var world = await RowsAsync(5);
        await world.InsertAsync(1, Int64s("id", 3), Floats("v", [9, 9]), Int64s("n", 77));
        Assert.Equal("77", (await world.AllAsync("n"))["3"]);
        Assert.Equal(["6"], ShowAll((await world.QueryAsync("", ["count(*)"])).Columns.Single().Column));
    }

    [Theory]
    [InlineData("parse ignore growing field failed", "limit", "3", "ignore_growing", "2.3")]
    [InlineData("limit [] is invalid", "limit", " ")]
    [InlineData("empty expression should be used with limit")]
    [InlineData("empty expression should be used with limit", "offset", "3")]
    [InlineData("invalid max query result window, limit [0] is invalid, should be greater than 0", "limit", "0")]
    [InlineData("invalid max query result window, limit [-1]", "limit", "-1")]
    [InlineData("invalid max query result window, (offset+limit) should be in range [1, 16384], but got 16385", "limit", "16385")]
    [InlineData("limit [x] is invalid", "limit", "x")]
    [InlineData("offset [-1] is invalid, should be gte than 0", "limit", "1", "offset", "-1")]
    [InlineData("alias or database may have been changed", "limit", "1", "collection_id", "9999")]
    public async Task Wrong_windows_are_refused(string text, params string[] parameters)
    {
        var world = await RowsAsync(1);
        await World.RefusedAsync(text, () => world.QueryAsync("", ["id"], [.. parameters.Chunk(2).Select(p => (p[0], p[1]))]));
    }

    [Fact]
    public async Task Only_what_is_loaded_can_be_read()
    {
        var world = await RowsAsync(3, shards: 1);
        var partition = world.Collection.FindPartition("p1")!;
        var request = new QueryRequest { Collection = "c", OutputFields = ["id"], Params = Params(("limit", "5")), ConsistencyLevel = ConsistencyLevel.Strong };
        Task<QueryResult> Query(params string[] partitions) => world.Proxy.QueryAsync(RequestContext.Default, request with { Partitions = [.. partitions] });
        await World.RefusedAsync("partition name x not found", () => Query("x"));
        Assert.Equal(0, (await Query("p1")).RowCount);
        Assert.Equal(3, (await Query("_default", "p1")).RowCount);
        world.Alter(c => c with { Load = new LoadSpec { PartitionIds = [partition.Id] } });
        await World.RefusedAsync(ErrorCode.PartitionNotLoaded, "failed to query: partition not loaded[partition=_default]", () => Query("_default"));
        Assert.Equal(0, (await Query()).RowCount);
        world.Alter(c => c with { Load = new LoadSpec { FieldIds = [100, 101] } });
        Assert.Equal(["n", "id"], (await world.QueryAsync("", ["n"], ("limit", "5"))).Columns.Select(c => c.Name));
        Assert.Contains("n", (await world.QueryAsync("", ["*"], ("limit", "5"))).Columns.Select(c => c.Name));
        await World.RefusedAsync("Invalid partition name: . Partition name should not be empty.", () => Query(""));
        world.Alter(c => c with { Load = null });
        await World.RefusedAsync("empty expression should be used with limit", () => world.QueryAsync("", ["n"]));
        await World.RefusedAsync(ErrorCode.CollectionNotLoaded, "failed to query: collection not loaded[collection=c]", () => Query());
    }

    [Fact]
    public async Task Output_fields_are_resolved_in_the_clients_terms()
    {
        var world = await RowsAsync(1, dynamic: true);
        async Task<string> Output(params string[] fields)
        {
            var result = await world.QueryAsync("", fields, ("limit", "1"));
            return string.Join(" ", result.Columns.Select(c => c.IsDynamic ? $"{c.Name}={Show(c.Column, 0)}" : c.Name)) + " | " + string.Join(" ", result.OutputFields);
        }
        Assert.Equal("v n id $meta={\"a\":0,\"b\":{\"c\":[0]},\"d e\":\"x\"} | id v n $meta", await Output("*"));
        Assert.Equal("id | id", await Output());
        Assert.Equal("id $meta={\"a\":0} | a id", await Output("a"));
        Assert.Equal("n id $meta={\"a\":0,\"d e\":\"x\"} | $meta[\"d e\"] n $meta['a'] id", await Output("$meta[\"d e\"]", "n", "$meta['a']", "n"));
        Assert.Equal("id $meta={} | zzz id", await Output("zzz"));
        Assert.Equal("id $meta={\"a\":0,\"b\":{\"c\":[0]},\"d e\":\"x\"} | $meta a id", await Output("$meta", "a"));
        await World.RefusedAsync("not support getting subkeys of json field yet", () => Output("$meta[\"b\"][\"c\"]"));
        var plain = await RowsAsync(1);
        await World.RefusedAsync("field zzz not exist", () => plain.QueryAsync("", ["zzz"], ("limit", "1")));
    }

    [Fact]
    public async Task An_iterator_walks_every_row_once_in_one_state()
    {
        foreach (var key in new[] { DataType.Int64, DataType.VarChar })
        {
            var world = await RowsAsync(1000, key: key);
            var seen = new List<string>();
            var expression = key == DataType.Int64 ? "id < 9223372036854775807" : "id != \"\"";
            ulong session = 0;
            while (true)
            {
                var page = await world.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
                {
                    Collection = "c",
                    Expression = expression,
                    OutputFields = ["n"],
                    GuaranteeTimestamp = session,
                    Params = Params(("iterator", "True"), ("reduce_stop_for_best", "True"), ("limit", "64"), ("collection_id", $"{world.Collection.Id}")),
                });
                if (page.RowCount == 0) break;
                Assert.True(page.ReadAt.Value > 0);
                if (session != 0) Assert.Equal(session, page.ReadAt.Value);
                session = page.ReadAt.Value;
                seen.AddRange(Ids(page));
                expression = key == DataType.Int64 ? $"id > {seen[^1]}" : $"id > \"{seen[^1]}\"";
                // Later writes are not part of the walk.
                await world.InsertAsync(1, key == DataType.Int64 ? Int64s("id", 5000 + seen.Count) : Texts("id", $"z{seen.Count}"), Floats("v", [0, 0]), Int64s("n", 1));
            }
            Assert.Equal(1000, seen.Count);
            Assert.Equal(seen, seen.Distinct());
        }
    }

    [Fact]
    public async Task Partition_key_filters_read_only_the_partitions_that_can_match()
    {
        var world = new World();
        world.Create([Key(), Vector(), VarChar("tenant") with { IsPartitionKey = true }]);
        var ids = Enumerable.Range(0, 60).Select(i => (long)i).ToArray();
        await world.InsertAsync(60, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Texts("tenant", [.. ids.Select(i => $"t{i % 6}")]));
        foreach (var expression in new[] { "tenant == 't2'", "tenant in ['t2'] and id >= 0" })
            Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{(i * 6) + 2}"), Ids(await world.QueryAsync(expression, ["id"])));
        var result = await world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = Queries([0, 0]),
            Expression = "tenant == 't2'",
            Params = Params(("topk", "3")),
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        Assert.Equal(["2", "8", "14"], ShowAll(result.Ids.Column));
        Assert.Single(world.Shards.Searches.Single().PartitionIds);

        world.SetProperty("partitionkey.isolation", "true");
        await World.RefusedAsync("partition key not found in expr", () => world.SearchAsync(Queries([0, 0]), ("topk", "3")));
        foreach (var (filter, problem) in new[] { ("tenant in ['t1', 't2']", "partition key isolation does not support IN"), ("tenant == 't1' or id > 1", "partition key isolation does not support OR"), ("id > 1", "partition key not found in expr") })
            await World.RefusedAsync(problem, () => world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest { Collection = "c", Vectors = Queries([0, 0]), Expression = filter, Params = Params(("topk", "3")) }));
    }

    [Fact]
    public async Task Huge_results_are_refused_before_they_are_built()
    {
        var world = new World(new ProxyOptions { MaxResultBytes = 1000 });
        world.Create([Key(), Vector(), VarChar("t", 500)]);
        await world.InsertAsync(3, Int64s("id", 1, 2, 3), Floats("v", [0, 0], [0, 0], [0, 0]), Texts("t", [.. Enumerable.Repeat(new string('x', 400), 3)]));
        await world.QueryAsync("", ["t"], ("limit", "2"));
        await World.RefusedAsync(ErrorCode.ParameterTooLarge, "exceed the maxOutputSize Limit", () => world.QueryAsync("", ["t"], ("limit", "3")));
        Assert.Equal(0, world.Shards.OpenReaders);
    }

    [Fact]
    public async Task Readers_are_let_go_when_a_shard_fails_to_open()
    {
        var world = await RowsAsync(3);
        world.Shards.BrokenShard = 1;
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "broken shard", () => world.QueryAsync("", ["id"], ("limit", "2")));
        Assert.Equal(2, world.Shards.Opened.Count);
        Assert.Equal(0, world.Shards.OpenReaders);
    }
}
