using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

/// <summary>Function chains in searches: the hits are at the distances 0, 1, 4, 9 … from the query, row i at i².</summary>
public sealed class FunctionChainTests
{
    private const int Rows = 20;

    private static async Task<World> RowsAsync()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("age", DataType.Int64, nullable: true), Field("fresh", DataType.Bool), VarChar("text", 64), Field("j", DataType.Json)], 3, metric: MetricType.L2);
        var ids = Enumerable.Range(0, Rows).Select(i => (long)i).ToArray();
        await world.InsertAsync(
            Rows, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Nullable("age", [.. ids.Select(i => i == 3 ? (long?)null : i * 10)]),
            new NamedColumn("fresh", new FixedColumn<bool>(DataType.Bool, Array.ConvertAll(ids, i => i % 2 == 0))),
            Texts("text", [.. ids.Select(i => new string((char)('a' + i), 3) + "z")]), Jsons("j", [.. ids.Select(_ => "{}")]));
        return world;
    }

    private static ImmutableDictionary<string, Literal> With(params (string Key, object Value)[] parameters) =>
        parameters.ToImmutableDictionary(p => p.Key, p => ToLiteral(p.Value));

    private static Literal ToLiteral(object value) => value switch
    {
        bool b => new Literal.Bool(b),
        int i => new Literal.Int(i),
        double d => new Literal.Float(d),
        string s => new Literal.Text(s),
        _ => new Literal.List([.. ((Array)value).Cast<object>().Select(ToLiteral)]),
    };

    private static ChainStep Map(string output, string function, string[] inputs, params (string Key, object Value)[] parameters) =>
        new("map", new ChainFunction(function, [.. inputs.Select(i => new ChainArgument(i, null))], With(parameters)), [], [output], With());

    private static ChainStep Sort(string by, bool descending, string? tie = null) =>
        new("sort", null, tie is null ? [by] : [by, tie], [], tie is null ? With(("column", by), ("desc", descending)) : With(("column", by), ("desc", descending), ("tie_break_col", tie)));

    private static ChainStep Limit(int limit, int offset = 0) => new("limit", null, [], [], With(("limit", limit), ("offset", offset)));

    private static FunctionChain Chain(params ChainStep[] steps) => new("chain", ChainStage.Level2Rerank, [.. steps]);

    private static Task<SearchResult> SearchAsync(World world, FunctionChain[] chains, params (string, string)[] parameters) =>
        world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = Queries([0, 0], [19, 0]),
            Params = Params([("anns_field", "v"), ("topk", "6"), .. parameters]),
            ConsistencyLevel = ConsistencyLevel.Strong,
            OutputFields = ["text"],
            Chains = [.. chains],
        });

    [Fact]
    public async Task Steps_run_in_order_and_what_they_compute_stays_inside()
    {
        var world = await RowsAsync();
        var result = await SearchAsync(world, [Chain(
            Map("nearness", "decay", ["age"], ("function", "linear"), ("origin", 40), ("scale", 40), ("decay", 0.5)),
            Map("$score", "num_combine", ["$score", "nearness"], ("mode", "weighted"), ("weights", new[] { 0.5, 8.0 })),
            Map("$score", "round_decimal", ["$score"], ("decimal", 2)),
            Sort("$score", true, "$id"),
            Limit(4, 1))]);
        double Score(int row, int query) => row == 3 ? 0
            : Math.Round((0.5 * Math.Pow(row - (query == 0 ? 0 : 19), 2)) + (8 * Math.Max(0.5, 1 - (Math.Abs((row * 10) - 40) * 0.5 / 40))), 2, MidpointRounding.AwayFromZero);
        long[] Expected(int query) => [.. Enumerable.Range(query == 0 ? 0 : 14, 6).OrderBy(r => r == 3).ThenByDescending(r => Score(r, query)).ThenBy(r => r).Skip(1).Take(4).Select(r => (long)r)];
        Assert.Equal([4, 4], result.TopKs.ToArray());
        Assert.Equal([.. Expected(0), .. Expected(1)], result.Ids.Int64s.ToArray());
        for (var i = 0; i < 8; i++) Assert.Equal(Score((int)result.Ids.Int64s[i], i / 4), result.Scores[i], 1e-4);
        Assert.Equal(["text"], result.Columns.Select(c => c.Name));
        Assert.Equal([.. result.Ids.Int64s.ToArray().Select(i => new string((char)('a' + i), 3) + "z")], ShowAll(result.Columns[0].Column));
    }

    [Theory]
    [InlineData("multiply", 20.0)]
    [InlineData("sum", 21.0)]
    [InlineData("max", 20.0)]
    [InlineData("min", 1.0)]
    [InlineData("avg", 10.5)]
    public async Task Modes_combine_numbers(string mode, double second)
    {
        var world = await RowsAsync();
        // Row 1: score 1, twice its age of 10.
        var result = await SearchAsync(world, [Chain(
            Map("twice", "num_combine", ["age", "age"], ("mode", "sum")),
            Map("$score", "num_combine", ["$score", "twice"], ("mode", mode)))]);
        Assert.Equal(second, result.Scores[1], 1e-6);
    }

    [Fact]
    public async Task The_last_stage_keeps_its_own_order_and_earlier_ones_sort_by_score()
    {
        var world = await RowsAsync();
        var byAge = await SearchAsync(world, [Chain(Sort("age", true))]);
        Assert.Equal([5L, 4, 2, 1, 0, 3], byAge.Ids.Int64s.ToArray()[..6]);
        Assert.Equal([25f, 16, 4, 1, 0, 9], byAge.Scores.ToArray()[..6]);
        // Distances are negated before the last stage: row i has i − i² there.
        var sum = new FunctionChain("", ChainStage.Level0Rerank, [Map("$score", "num_combine", ["$score", "$id"], ("mode", "sum"))]);
        var early = await SearchAsync(world, [Chain(Limit(4)), sum]);
        Assert.Equal([0L, 1, 2, 3], early.Ids.Int64s.ToArray()[..4]);
        Assert.Equal([0f, 0, 2, 6], early.Scores.ToArray()[..4]);
        var twice = await SearchAsync(world, [sum, new FunctionChain("", ChainStage.Level1Rerank, [Map("$score", "num_combine", ["$score", "$id"], ("mode", "sum")), Sort("$score", true, "$id"), Limit(3)])]);
        Assert.Equal([1L, 0, 2], twice.Ids.Int64s.ToArray()[..3]);
        Assert.Equal([-1f, 0, 0], twice.Scores.ToArray()[..3]);
        var offset = await SearchAsync(world, [Chain(Sort("$id", true))], ("offset", "2"));
        Assert.Equal([5L, 4, 3, 2, 1, 0], offset.Ids.Int64s.ToArray()[..6]);
    }

    [Fact]
    public async Task Early_stages_take_similarities_as_they_are()
    {
        var world = new World();
        world.Create([Key(), Vector()], 2, metric: MetricType.IP);
        await world.InsertAsync(4, Int64s("id", 0, 1, 2, 3), Floats("v", [1, 0], [2, 0], [3, 0], [4, 0]));
        var result = await world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = Queries([1, 0]),
            Params = Params(("topk", "4")),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Chains = [new FunctionChain("", ChainStage.Level0Rerank, [Map("$score", "num_combine", ["$score", "$id"], ("mode", "sum"))])],
        });
        Assert.Equal([3L, 2, 1, 0], result.Ids.Int64s.ToArray());
        Assert.Equal([7f, 5, 3, 1], result.Scores.ToArray());
    }

    [Theory]
    [InlineData("max", new long[] { 1, 3, 5, 0, 2, 4 }, new[] { 5f, 5, 5, 4, 4, 4 })]
    [InlineData("sum", new long[] { 1, 3, 5, 0, 2, 4 }, new[] { 9f, 9, 9, 6, 6, 6 })]
    [InlineData("avg", new long[] { 1, 3, 5, 0, 2, 4 }, new[] { 3f, 3, 3, 2, 2, 2 })]
    public async Task Hits_are_grouped_by_the_scores_of_groups(string scorer, long[] members, float[] groupScores)
    {
        var world = await RowsAsync();
        // The score is the key, the score of each hit then that of its group.
        var result = await SearchAsync(world, [Chain(
            Map("$score", "num_combine", ["$id", "$id"], ("mode", "avg")),
            Group("fresh", 3, 2, 0, scorer),
            Map("$score", "num_combine", ["$group_score", "$group_score"], ("mode", "avg")),
            Sort("$score", true, "$id"))]);
        Assert.Equal(members, result.Ids.Int64s.ToArray()[..6]);
        Assert.Equal(groupScores, result.Scores.ToArray()[..6]);
    }

    [Fact]
    public async Task Groups_have_a_size_and_a_window()
    {
        var world = await RowsAsync();
        var rank = Map("$score", "num_combine", ["$id", "$id"], ("mode", "avg"));
        Assert.Equal((long[])[5L, 3, 4, 2], (await SearchAsync(world, [Chain(rank, Group("fresh", 2, 2, 0))])).Ids.Int64s.ToArray()[..4]);
        Assert.Equal((long[])[4L, 2], (await SearchAsync(world, [Chain(rank, Group("fresh", 2, 2, 1))])).Ids.Int64s.ToArray()[..2]);
        Assert.Equal((long[])[5L, 3, 1], (await SearchAsync(world, [Chain(rank, Group("fresh", 3, 1, 0))])).Ids.Int64s.ToArray()[..3]);
        // Rows without a value are a group, and groups that score alike go by size, then by key.
        var same = Map("$score", "decay", ["$id"], ("function", "linear"), ("origin", 0), ("scale", 1), ("decay", 0.999), ("offset", 100));
        Assert.Equal((long[])[0L, 1, 2, 3, 4, 5], (await SearchAsync(world, [Chain(same, Group("age", 2, 9, 0))])).Ids.Int64s.ToArray()[..6]);
        Assert.Equal((long[])[0L, 2, 4, 1, 3, 5], (await SearchAsync(world, [Chain(same, Group("fresh", 9, 9, 0))])).Ids.Int64s.ToArray()[..6]);
    }

    [Fact]
    public async Task Columns_that_are_not_selected_are_gone()
    {
        var world = await RowsAsync();
        var keeps = Select("$id", "$score", "age");
        var result = await SearchAsync(world, [Chain(Map("x", "num_combine", ["age", "$id"], ("mode", "sum")), keeps, Map("$score", "num_combine", ["age", "age"], ("mode", "sum")), Limit(2))]);
        Assert.Equal([0f, 20f], result.Scores.ToArray()[..2]);
        Assert.Contains("column x not found", await RefusedAsync(world, Chain(Map("x", "num_combine", ["age", "$id"]), keeps, Sort("x", true))));
        Assert.Contains("column text not found", await RefusedAsync(world, Chain(keeps, Sort("text", true))));
        Assert.Contains("columns must include $id and $score", await RefusedAsync(world, Chain(Select("$id", "age"))));
    }

    [Fact]
    public async Task Large_integers_are_told_apart()
    {
        var world = new World();
        const long Large = 1L << 60;
        world.Create([Key(), Vector(), Field("n", DataType.Int64)], 1);
        await world.InsertAsync(4, Int64s("id", 0, 1, 2, 3), Floats("v", [1, 0], [2, 0], [3, 0], [4, 0]), Int64s("n", Large, Large + 1, Large, Large + 1));
        async Task<long[]> KeysAsync(ChainStep step) => (await world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = Queries([0, 0]),
            Params = Params(("topk", "4")),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Chains = [Chain(step)],
        })).Ids.Int64s.ToArray();
        Assert.Equal((long[])[1L, 3, 0, 2], await KeysAsync(Sort("n", true)));
        Assert.Equal((long[])[3L, 2], await KeysAsync(Group("n", 1, 9, 0)));
    }

    private static ChainStep Group(string field, int size, int limit, int offset, string scorer = "max") =>
        new("group_by", null, [field], [], With(("field", field), ("group_size", size), ("limit", limit), ("offset", offset), ("scorer", scorer)));

    private static ChainStep Select(params string[] columns) => new("select", null, [.. columns], [], With(("columns", columns)));

    [Fact]
    public async Task Models_score_texts_in_the_last_stage()
    {
        var world = await RowsAsync();
        var model = Map("$score", "rerank_model", ["text"], ("provider", "fake"), ("queries", new[] { "abz", "t" }));
        var result = await SearchAsync(world, [Chain(model, Sort("$score", true, "$id"), Limit(3))]);
        Assert.Equal([0L, 1, 2, 19, 14, 15], result.Ids.Int64s.ToArray());
        Assert.Equal([2f, 2, 1, 1, 0, 0], result.Scores.ToArray());
        Assert.Contains("not runnable at stage L1_rerank", await RefusedAsync(world, new FunctionChain("", ChainStage.Level1Rerank, [model])));
    }

    [Fact]
    public async Task Wrong_chains_are_refused()
    {
        var world = await RowsAsync();
        var score = Map("$score", "num_combine", ["$score", "age"]);
        (FunctionChain Chain, string Message)[] cases =
        [
            (Chain(score) with { Stage = ChainStage.Unspecified }, "unsupported function chain stage"),
            (Chain(score) with { Stage = ChainStage.PostProcess }, "unsupported function chain stage: postprocess"),
            (Chain(Limit(0)), "limit_op: limit must be positive"),
            (Chain(Limit(1, -1)), "limit_op: offset must be non-negative"),
            (Chain(new ChainStep("sort", null, [], [], With())), "sort_op: column is required"),
            (Chain(new ChainStep("map", null, [], ["x"], With())), "map operator requires function"),
            (Chain(new ChainStep(" ", null, [], [], With())), "op name is empty"),
            (Chain(new ChainStep("shuffle", null, [], [], With())), "unknown operator type"),
            (Chain(new ChainStep("select", null, [], [], With())), "select_op: columns is required"),
            (Chain(Select("$id", "$score")) with { Stage = ChainStage.Level1Rerank }, "operator select is not supported at stage L1_rerank, only supports: [map, sort, limit]"),
            (Chain(Group("age", 1, 1, 0)) with { Stage = ChainStage.Level0Rerank }, "operator group_by is not supported at stage L0_rerank, only supports: [map]"),
            (Chain(new ChainStep("group_by", null, [], [], With(("group_size", 1), ("limit", 1)))), "group_by_op: field is required"),
            (Chain(Group("age", 0, 1, 0)), "group_by_op: group_size must be positive"),
            (Chain(Group("age", 1, 0, 0)), "group_by_op: limit must be positive"),
            (Chain(Group("age", 1, 1, -1)), "group_by_op: offset must be non-negative"),
            (Chain(Group("age", 1, 1, 0, "median")), "group_by_op: invalid group scorer \"median\", must be max/sum/avg"),
            (Chain(Group("nothing", 1, 1, 0)), "input field nothing not found"),
            (Chain(new ChainStep("group_by", null, [], [], With(("field", "age"), ("limit", 1)))), "group_by_op: group_size is required"),
            (Chain(new ChainStep("filter", null, ["age"], [], With())), "filter_op: function is required"),
            (Chain(Map("x", "num_combine", ["age", "$score"]) with { Operator = "filter" }), "filter_op: function must return boolean type, got float32"),
            (Chain(Map("$score", "expr", ["$score"])), "unknown function expr"),
            (Chain(Map("$score", "num_combine", ["$score"])), "num_combine: expected at least 2 inputs"),
            (Chain(Map("$score", "num_combine", ["$score", "age"], ("mode", "median"))), "num_combine: invalid mode"),
            (Chain(Map("$score", "num_combine", ["$score", "age"], ("mode", "weighted"), ("weights", new[] { 1.0 }))), "weights count 1 does not match"),
            (Chain(Map("$score", "num_combine", ["$score", "text"])), "num_combine: input column text is not numeric"),
            (Chain(Map("$score", "round_decimal", ["$score"], ("decimal", 7))), "round_decimal: decimal must be an integer in [0, 6]"),
            (Chain(Map("$id", "decay", ["age"], ("function", "linear"), ("origin", 1), ("scale", 1))), "unsupported system output $id"),
            (Chain(Map("x", "round_decimal", ["$seg_offset"], ("decimal", 1))), "unsupported system input $seg_offset"),
            (Chain(Map("x", "round_decimal", ["nothing"], ("decimal", 1))), "input field nothing not found"),
            (Chain(Map("x", "round_decimal", ["j"], ("decimal", 1))), "unsupported input field type"),
            (Chain(Map("x", "round_decimal", ["v"], ("decimal", 1))), "unsupported input field type"),
            (Chain(Map("$score", "rerank_model", ["text"], ("provider", "fake"), ("queries", new[] { "one" }))), "nq must equal to queries size"),
            (new FunctionChain("", ChainStage.Level0Rerank, [Sort("$score", true)]), "operator sort is not supported at stage L0_rerank"),
        ];
        foreach (var (chain, message) in cases) Assert.Contains(message, await RefusedAsync(world, chain));
        var vague = Chain(Map("$score", "decay", ["age"], ("function", "linear"), ("origin", 1)));
        await World.RefusedAsync(ErrorCode.MissingParameter, "decay scale not specified", () => world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest { Collection = "c", Vectors = Queries([0, 0]), Params = Params(("anns_field", "v"), ("topk", "6")), Chains = [vague] }));
        Assert.Contains("duplicate function chain stage: L2_rerank", await RefusedAsync(world, Chain(score), Chain(score)));
        var request = new SearchRequest { Collection = "c", Vectors = Queries([0, 0]), Params = Params(("anns_field", "v"), ("topk", "6")), Chains = [Chain(score)] };
        var boost = new FunctionScore([new RankFunction("f", [], Params(("reranker", "boost"), ("weight", "2")))], Params());
        Assert.Contains("cannot be used together", await RefusedAsync(world, request with { Score = boost }));
        Assert.Contains("conflicting sort criteria", await RefusedAsync(world, request with { Params = request.Params.Add("order_by_fields", "age") }));
        Assert.Contains("search iterator", await RefusedAsync(world, request with { Params = request.Params.Add("iterator", "True") }));
        var hybrid = await Assert.ThrowsAsync<MilvusException>(() => world.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest { Collection = "c", Requests = [request], RankParams = Params(("limit", "3")) }));
        Assert.Contains("function_chains is not supported for hybrid search yet", hybrid.Message);
    }

    private static Task<string> RefusedAsync(World world, params FunctionChain[] chains) => RefusedAsync(() => SearchAsync(world, chains));

    private static Task<string> RefusedAsync(World world, SearchRequest request) => RefusedAsync(() => world.Proxy.SearchAsync(RequestContext.Default, request));

    private static async Task<string> RefusedAsync(Func<Task> search)
    {
        var refused = await Assert.ThrowsAsync<MilvusException>(search);
        Assert.Equal(ErrorCode.InvalidParameter, refused.Code);
        return refused.Message;
    }
}
