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
        var early = await SearchAsync(world, [Chain(Limit(2)), new FunctionChain("", ChainStage.Level0Rerank, [Map("$score", "num_combine", ["$score", "$id"], ("mode", "sum"))])]);
        Assert.Equal([5L, 4], early.Ids.Int64s.ToArray()[..2]);
        Assert.Equal([30f, 20], early.Scores.ToArray()[..2]);
        var offset = await SearchAsync(world, [Chain(Sort("$id", true))], ("offset", "2"));
        Assert.Equal([5L, 4, 3, 2, 1, 0], offset.Ids.Int64s.ToArray()[..6]);
    }

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
            (Chain(new ChainStep("select", null, [], [], With())), "operator select is not supported"),
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
