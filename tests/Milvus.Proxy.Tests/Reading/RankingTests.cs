using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

/// <summary>Decay, boost and model rerankers in plain and hybrid searches.</summary>
public sealed class RankingTests
{
    private const int Rows = 20;

    /// <summary>Row i lies at (i, 0) in v and at (0, 20 − i) in w.</summary>
    private static async Task<World> RowsAsync(MetricType metric = MetricType.L2, int shards = 3)
    {
        var world = new World();
        world.Create([Key(), Vector(), Vector("w"), Field("age", DataType.Int64, nullable: true), VarChar("text", 64), Field("seed", DataType.Int64)], shards, metric: metric);
        var ids = Enumerable.Range(0, Rows).Select(i => (long)i).ToArray();
        await world.InsertAsync(
            Rows, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Floats("w", [.. ids.Select(i => new[] { 0, 20f - i })]),
            Nullable("age", [.. ids.Select(i => i == 3 ? (long?)null : i * 10)]), Texts("text", [.. ids.Select(i => new string((char)('a' + i), 3) + "z")]), Int64s("seed", ids));
        return world;
    }

    private static FunctionScore Score(string reranker, string[] inputs, params (string, string)[] parameters) =>
        new([new RankFunction("f", [.. inputs], Params([("reranker", reranker), .. parameters]))], Params());

    private static Task<SearchResult> SearchAsync(World world, FunctionScore score, params (string, string)[] parameters) =>
        world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = Queries([0, 0]),
            Params = Params([("anns_field", "v"), .. parameters]),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Score = score,
        });

    private static Task<SearchResult> HybridAsync(World world, FunctionScore? score, FunctionScore? sub, params (string, string)[] rank) =>
        world.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
        {
            Collection = "c",
            Requests =
            [
                new SearchRequest { Collection = "c", Vectors = Queries([0, 0]), Params = Params(("anns_field", "v"), ("topk", "10")), Score = sub },
                new SearchRequest { Collection = "c", Vectors = Queries([0, 0]), Params = Params(("anns_field", "w"), ("topk", "14")) },
            ],
            RankParams = Params(rank),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Score = score,
        });

    private static double Similarity(double distance) => 1 - (2 * Math.Atan(distance) / Math.PI);

    private static double Decay(string function, double x, double origin, double scale, double offset, double decay)
    {
        var d = Math.Max(0, Math.Abs(x - origin) - offset);
        return function switch
        {
            "gauss" => Math.Exp(d * d * Math.Log(decay) / (scale * scale)),
            "exp" => Math.Exp(d * Math.Log(decay) / scale),
            _ => Math.Max(decay, 1 - (d * (1 - decay) / scale)),
        };
    }

    private static void AssertRanked(IEnumerable<(long Id, double Score)> expected, SearchResult result)
    {
        var ordered = expected.OrderByDescending(e => (float)e.Score).ThenBy(e => e.Id).ToArray();
        Assert.Equal(ordered.Select(e => e.Id), result.Ids.Int64s.ToArray());
        for (var i = 0; i < ordered.Length; i++) Assert.Equal(ordered[i].Score, result.Scores[i], 5);
    }

    [Theory]
    [InlineData("gauss")]
    [InlineData("exp")]
    [InlineData("linear")]
    public async Task Decay_scales_the_scores_of_a_plain_search(string function)
    {
        var world = await RowsAsync();
        var score = Score("decay", ["age"], ("function", function), ("origin", "80"), ("scale", "30"), ("offset", "5"), ("decay", "0.4"));
        var expected = Enumerable.Range(0, 12)
            .Select(i => ((long)i, i == 3 ? 0 : Similarity(i * i) * Decay(function, i * 10, 80, 30, 5, 0.4))).OrderByDescending(e => e.Item2).ThenBy(e => e.Item1).ToArray();
        AssertRanked(expected, await SearchAsync(world, score, ("topk", "12")));
        // The offset comes off the hits as they are ranked in the end.
        var page = await SearchAsync(world, score, ("topk", "7"), ("offset", "5"));
        Assert.Equal(expected[5..].Select(e => e.Item1), page.Ids.Int64s.ToArray());
    }

    [Theory]
    [InlineData("max")]
    [InlineData("sum")]
    [InlineData("avg")]
    public async Task Decay_merges_the_lists_of_a_hybrid_search(string mode)
    {
        var world = await RowsAsync();
        var score = Score("decay", ["age"], ("function", "gauss"), ("origin", "100"), ("scale", "40"), ("score_mode", mode));
        var expected = Enumerable.Range(0, Rows).Select(i =>
        {
            double[] found = [.. i < 10 ? new[] { Similarity(i * i) } : [], .. i > 5 ? new[] { Similarity((20 - i) * (20 - i)) } : []];
            var merged = mode == "max" ? found.Max() : mode == "sum" ? found.Sum() : found.Average();
            return ((long)i, i == 3 ? 0 : merged * Decay("gauss", i * 10, 100, 40, 0, 0.5));
        });
        AssertRanked(expected, await HybridAsync(world, score, null, ("limit", "20")));
    }

    [Fact]
    public async Task Boosts_change_the_scores_of_hits_that_pass()
    {
        var world = await RowsAsync(MetricType.IP);
        var queries = Queries([1, 0]);
        async Task<SearchResult> Search(params RankFunction[] functions) => await world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = queries,
            Params = Params(("anns_field", "v"), ("topk", "20")),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Score = new FunctionScore([.. functions], Params(("function_mode", functions.Length > 1 ? "sum" : "multiply"))),
        });
        var tens = Boost("10", "id in [2, 4, 6]");
        AssertRanked(Enumerable.Range(0, Rows).Select(i => ((long)i, i is 2 or 4 or 6 ? i * 10.0 : i)), await Search(tens));
        AssertRanked(Enumerable.Range(0, Rows).Select(i => ((long)i, i * (i is 2 or 4 or 6 ? i == 2 ? 13.0 : 10 : i < 3 ? 3 : 1))), await Search(tens, Boost("3", "id < 3")));

        var random = await Search(new RankFunction("r", [], Params(("reranker", "boost"), ("weight", "1"), ("random_score", "{\"seed\":7,\"field\":\"seed\"}"))));
        Assert.Equal(random.Scores.ToArray(), (await Search(new RankFunction("r", [], Params(("reranker", "boost"), ("weight", "1"), ("random_score", "{\"seed\":\"7\",\"field\":\"seed\"}"))))).Scores.ToArray());
        Assert.NotEqual(Enumerable.Range(0, Rows).Reverse().Select(i => (long)i), random.Ids.Int64s.ToArray());

        static RankFunction Boost(string weight, string filter) => new("b", [], Params(("reranker", "boost"), ("weight", weight), ("filter", filter)));
    }

    [Fact]
    public async Task Boosts_keep_the_direction_of_distances_and_apply_to_requests_of_hybrid_searches()
    {
        var world = await RowsAsync();
        var halved = new FunctionScore([new RankFunction("b", [], Params(("reranker", "boost"), ("weight", "0.01"), ("filter", "id == 9")))], Params());
        var plain = await SearchAsync(world, halved, ("topk", "10"));
        Assert.Equal([0L, 9, 1], plain.Ids.Int64s[..3].ToArray());
        // Second in the first list instead of last, eleventh in the second.
        var hybrid = await HybridAsync(world, null, halved, ("limit", "20"));
        Assert.Equal((1.0 / 62) + (1.0 / 71), hybrid.Scores[hybrid.Ids.Int64s.IndexOf(9)], 6);
    }

    [Fact]
    public async Task Models_score_texts_against_queries()
    {
        var world = await RowsAsync();
        var score = Score("model", ["text"], ("provider", "fake"), ("queries", "[\"fhz\"]"));
        AssertRanked(Enumerable.Range(0, 10).Select(i => ((long)i, i is 5 or 7 ? 2.0 : 1)), await SearchAsync(world, score, ("topk", "10")));
        AssertRanked(Enumerable.Range(0, Rows).Select(i => ((long)i, i is 5 or 7 ? 2.0 : 1)), await HybridAsync(world, score, null, ("limit", "20")));
        await World.RefusedAsync("model: queries count (0) != nq count (1)", () => SearchAsync(world, Score("model", ["text"], ("provider", "fake"), ("queries", "[]")), ("topk", "3")));
        world.Models.IsDown = true;
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "down", () => SearchAsync(world, score, ("topk", "3")));
    }

    [Fact]
    public async Task Fusion_may_be_given_as_a_function()
    {
        var world = await RowsAsync();
        var byParams = await HybridAsync(world, null, null, ("limit", "8"), ("strategy", "rrf"), ("params", "{\"k\":7}"));
        var byFunction = await HybridAsync(world, Score("rrf", [], ("k", "7")), null, ("limit", "8"));
        Assert.Equal(byParams.Scores.ToArray(), byFunction.Scores.ToArray());
        byParams = await HybridAsync(world, null, null, ("limit", "8"), ("strategy", "weighted"), ("params", "{\"weights\":[0.2,0.9],\"norm_score\":true}"));
        byFunction = await HybridAsync(world, Score("Weighted", [], ("weights", "[0.2,0.9]"), ("norm_score", "true")), null, ("limit", "8"));
        Assert.Equal(byParams.Scores.ToArray(), byFunction.Scores.ToArray());
        Assert.Equal(byParams.Ids.Int64s.ToArray(), byFunction.Ids.Int64s.ToArray());
    }

    [Fact]
    public async Task Wrong_rankers_are_refused()
    {
        var world = await RowsAsync();
        await Refused("unsupported reranker magic", Score("magic", []));
        await World.RefusedAsync(ErrorCode.MissingParameter, "reranker name not specified", () => SearchAsync(world, new FunctionScore([new RankFunction("f", [], Params())], Params()), ("topk", "5")));
        await Refused("only supports one rerank", new FunctionScore([Decay("gauss").Functions[0], Decay("exp").Functions[0]], Params()));
        await World.RefusedAsync(ErrorCode.MissingParameter, "decay origin not specified", () => SearchAsync(world, Score("decay", ["age"], ("function", "gauss"), ("scale", "1")), ("topk", "5")));
        await Refused("decay: scale must be > 0, got 0.000000", Score("decay", ["age"], ("function", "gauss"), ("scale", "0"), ("origin", "1")));
        await Refused("decay: decay must be 0 < decay < 1, got 1.000000", Score("decay", ["age"], ("function", "gauss"), ("scale", "1"), ("origin", "1"), ("decay", "1")));
        await Refused("decay: invalid function \"cubic\", must be one of [gauss, exp, linear]", Decay("cubic"));
        await Refused("decay input field text must be numeric, got VarChar", Score("decay", ["text"], ("function", "gauss"), ("scale", "1"), ("origin", "1")));
        await Refused("not found in collection schema", Score("decay", ["nope"], ("function", "gauss"), ("scale", "1"), ("origin", "1")));
        await Refused("must set weight params", Score("boost", []));
        var wrong = await Refused("failed to create query plan: parse expr failed: cannot parse expression", Score("boost", [], ("weight", "2"), ("filter", "age >")));
        Assert.Equal(0, wrong.Message.LastIndexOf("failed to create query plan", StringComparison.Ordinal));
        await Refused("rrf is for hybrid search only", Score("rrf", []));
        await World.RefusedAsync("segment scorer with group_by", () => SearchAsync(world, Score("boost", [], ("weight", "2")), ("topk", "5"), ("group_by_field", "age")));
        await World.RefusedAsync("boost ranker is not supported as the ranker of a hybrid search", () => HybridAsync(world, Score("boost", [], ("weight", "2")), null, ("limit", "3")));

        FunctionScore Decay(string function) => Score("decay", ["age"], ("function", function), ("scale", "1"), ("origin", "1"));
        Task<MilvusException> Refused(string text, FunctionScore score) => World.RefusedAsync(text, () => SearchAsync(world, score, ("topk", "5")));
    }
}
