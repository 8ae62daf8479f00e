using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class HybridTests
{
    private static async Task<World> RowsAsync(int shards = 2, MetricType metric = MetricType.L2)
    {
        var world = new World();
        world.Create([Key(), Vector("a"), Vector("b", dim: 3), Vector("s", type: DataType.SparseFloatVector), Field("g", DataType.Int64)], shards, metric: metric);
        var random = new Random(4);
        var ids = Enumerable.Range(0, 60).Select(i => (long)i).ToArray();
        float Value() => random.Next(-5, 6) / 4f;
        await world.InsertAsync(
            60, Int64s("id", ids), Floats("a", [.. ids.Select(_ => new[] { Value(), Value() })]), Floats("b", [.. ids.Select(_ => new[] { Value(), Value(), Value() })]),
            Sparse("s", [.. ids.Select(i => new[] { ((uint)(i % 7), 1f + (i % 3)) })]), Int64s("g", [.. ids.Select(i => i % 4)]));
        return world;
    }

    private static SearchRequest Sub(string field, string topK, params float[][] queries) =>
        new() { Collection = "c", Vectors = Queries(queries), Params = Params(("anns_field", field), ("topk", topK)) };

    private static Task<SearchResult> HybridAsync(World world, (string, string)[] rank, params SearchRequest[] requests) =>
        world.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
        {
            Collection = "c",
            Requests = [.. requests],
            RankParams = Params(rank),
            OutputFields = ["g"],
            ConsistencyLevel = ConsistencyLevel.Strong,
        });

    /// <summary>The fused list of single-query sub-searches by definition.</summary>
    private static async Task<List<(long Id, double Score)>> ExpectedAsync(World world, Func<int, int, double, double> contribution, bool larger, params SearchRequest[] requests)
    {
        var fused = new Dictionary<long, double>();
        for (var list = 0; list < requests.Length; list++)
        {
            var hits = await world.Proxy.SearchAsync(RequestContext.Default, requests[list] with { ConsistencyLevel = ConsistencyLevel.Strong });
            for (var rank = 0; rank < hits.Ids.Count; rank++)
                fused[hits.Ids.Int64s[rank]] = fused.GetValueOrDefault(hits.Ids.Int64s[rank]) + contribution(list, rank + 1, hits.Scores[rank]);
        }
        return [.. (larger ? fused.OrderByDescending(p => p.Value) : fused.OrderBy(p => p.Value)).ThenBy(p => p.Key).Select(p => (p.Key, p.Value))];
    }

    private static void AssertSame(List<(long Id, double Score)> expected, SearchResult result, int offset, int limit)
    {
        var wanted = expected.Skip(offset).Take(limit).ToList();
        Assert.Equal(wanted.Select(w => w.Id), result.Ids.Int64s.ToArray());
        for (var i = 0; i < wanted.Count; i++) Assert.Equal(wanted[i].Score, result.Scores[i], 1e-5);
    }

    [Fact]
    public async Task Reciprocal_ranks_are_added_up()
    {
        var world = await RowsAsync();
        SearchRequest[] requests = [Sub("a", "20", [0, 0]), Sub("b", "15", [1, 1, 1])];
        var expected = await ExpectedAsync(world, (_, rank, _) => 1.0 / (60 + rank), true, requests);
        AssertSame(expected, await HybridAsync(world, [("limit", "10")], requests), 0, 10);
        AssertSame(expected, await HybridAsync(world, [("limit", "10"), ("offset", "4"), ("strategy", "rrf")], requests), 4, 10);
        AssertSame(expected, await HybridAsync(world, [("limit", "10")], requests[0] with { Params = requests[0].Params.Add("offset", "3") }, requests[1]), 0, 10);
        expected = await ExpectedAsync(world, (_, rank, _) => 1.0 / (1.5 + rank), true, requests);
        var result = await HybridAsync(world, [("limit", "100"), ("strategy", "rrf"), ("params", "{\"k\":1.5}")], requests);
        AssertSame(expected, result, 0, 100);
        Assert.Equal(result.Ids.Int64s.ToArray().Select(i => $"{i % 4}"), ShowAll(result.Columns.Single().Column));
        Assert.Equal(0, world.Shards.OpenReaders);
    }

    [Fact]
    public async Task Weighted_scores_follow_the_metrics()
    {
        static double Atan(double d) => 1 - (2 * Math.Atan(d) / Math.PI);
        var world = await RowsAsync();
        SearchRequest[] distances = [Sub("a", "60", [0, 0]), Sub("b", "60", [1, 1, 1])];
        var weights = new[] { 0.7, 0.2 };
        (string, string)[] Rank(string more = "") => [("limit", "12"), ("strategy", "weighted"), ("params", $"{{\"weights\":[0.7,0.2]{more}}}")];

        // All distances and not normalised: raw sums, the smallest first.
        AssertSame(await ExpectedAsync(world, (l, _, s) => weights[l] * s, false, distances), await HybridAsync(world, Rank(), distances), 0, 12);
        AssertSame(await ExpectedAsync(world, (l, _, s) => weights[l] * Atan(s), true, distances), await HybridAsync(world, Rank(",\"norm_score\":true"), distances), 0, 12);

        var sparse = new SearchRequest
        {
            Collection = "c",
            Vectors = new QueryVectors(DataType.SparseFloatVector, [SparseBytes((1, 1f), (3, 2f))]),
            Params = Params(("anns_field", "s"), ("topk", "30")),
        };
        SearchRequest[] mixed = [Sub("a", "60", [0, 0]), sparse];
        AssertSame(await ExpectedAsync(world, (l, _, s) => weights[l] * (l == 0 ? Atan(s) : s), true, mixed), await HybridAsync(world, Rank(), mixed), 0, 12);
        AssertSame(
            await ExpectedAsync(world, (l, _, s) => weights[l] * (l == 0 ? Atan(s) : 0.5 + (Math.Atan(s) / Math.PI)), true, mixed),
            await HybridAsync(world, Rank(",\"norm_score\":\"True\""), mixed), 0, 12);

        var cosine = await RowsAsync(metric: MetricType.Cosine);
        SearchRequest[] similar = [Sub("a", "60", [1, 0.5f]), Sub("b", "60", [1, 1, 1])];
        AssertSame(await ExpectedAsync(cosine, (l, _, s) => weights[l] * s, true, similar), await HybridAsync(cosine, Rank(), similar), 0, 12);
        AssertSame(await ExpectedAsync(cosine, (l, _, s) => weights[l] * (1 + s) / 2, true, similar), await HybridAsync(cosine, Rank(",\"norm_score\":true"), similar), 0, 12);
    }

    [Fact]
    public async Task Several_queries_are_fused_one_by_one()
    {
        var world = await RowsAsync();
        var both = await HybridAsync(world, [("limit", "5")], Sub("a", "9", [0, 0], [1, 1]), Sub("b", "9", [0, 0, 0], [1, 1, 1]));
        Assert.Equal([5, 5], both.TopKs.ToArray());
        var second = await HybridAsync(world, [("limit", "5")], Sub("a", "9", [1, 1]), Sub("b", "9", [1, 1, 1]));
        Assert.Equal(ShowAll(second.Ids.Column), ShowAll(both.Ids.Column).Skip(5));
        Assert.Equal(second.Scores.ToArray(), both.Scores.Skip(5));
    }

    [Theory]
    [InlineData("max")]
    [InlineData("sum")]
    [InlineData("avg")]
    public async Task Groups_are_ordered_by_their_scorer(string scorer)
    {
        var world = await RowsAsync();
        var result = await HybridAsync(
            world, [("limit", "3"), ("group_by_field", "g"), ("group_size", "2"), ("rank_group_scorer", scorer)], Sub("a", "60", [0, 0]), Sub("b", "60", [1, 1, 1]));
        var groups = ShowAll(result.GroupBy.Single().Column);
        Assert.Equal(6, groups.Length);
        Assert.Equal(3, groups.Distinct().Count());
        Assert.Equal(result.Ids.Int64s.ToArray().Select(i => $"{i % 4}"), groups);
        double Score(int group)
        {
            var (x, y) = (result.Scores[group * 2], result.Scores[(group * 2) + 1]);
            Assert.True(x >= y);
            return scorer == "max" ? x : scorer == "sum" ? x + y : (x + y) / 2;
        }
        Assert.True(Score(0) >= Score(1) && Score(1) >= Score(2));
    }

    [Theory]
    [InlineData("limit not found in rank_params")]
    [InlineData("limit [0] is invalid", "limit", "0")]
    [InlineData("invalid max query result window, (offset+limit) should be in range [1, 16384], but got 16385", "limit", "16384", "offset", "1")]
    [InlineData("The rank params k should be in range (0, 16384)", "limit", "1", "params", "{\"k\":0}")]
    [InlineData("The rank params k should be in range (0, 16384)", "limit", "1", "params", "{\"k\":16384}")]
    [InlineData("the length of weights param mismatch with ann search requests", "limit", "1", "strategy", "weighted", "params", "{\"weights\":[0.5]}")]
    [InlineData("rank param weight should be in range [0, 1]", "limit", "1", "strategy", "weighted", "weights", "[0.5, 1.5]")]
    [InlineData("rank param weights not found", "limit", "1", "strategy", "weighted")]
    [InlineData("unsupported rank type decay", "limit", "1", "strategy", "decay")]
    [InlineData("failed to parse rank params", "limit", "1", "params", "{")]
    public async Task Wrong_rank_parameters_are_refused(string text, params string[] rank)
    {
        var world = await RowsAsync();
        await World.RefusedAsync(text, () => HybridAsync(world, [.. rank.Chunk(2).Select(p => (p[0], p[1]))], Sub("a", "5", [0, 0]), Sub("b", "5", [1, 1, 1])));
    }

    [Fact]
    public async Task Requests_must_agree()
    {
        var world = await RowsAsync();
        (string, string)[] rank = [("limit", "5")];
        await World.RefusedAsync("nq of ann search requests must be equal", () => HybridAsync(world, rank, Sub("a", "5", [0, 0], [0, 1]), Sub("b", "5", [1, 1, 1])));
        await World.RefusedAsync("nq [0] is invalid, nq (number of search vector per search request) should be in range [1, 16384], but got 0", () => HybridAsync(world, rank));
        var unlimited = await HybridAsync(world, rank, Sub("a", "None", [0, 0]), Sub("b", "5", [1, 1, 1]));
        Assert.Equal([5], unlimited.TopKs.ToArray());
        await World.RefusedAsync("topk [0] is invalid", () => HybridAsync(world, rank, Sub("a", "0", [0, 0])));
        await World.RefusedAsync("multiple anns_fields exist", () => HybridAsync(world, rank, Sub("", "5", [0, 0])));
    }
}
