using System.Globalization;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class SearchIteratorTests
{
    private static async Task<World> RowsAsync(MetricType metric, int shards, ProxyOptions? options = null)
    {
        var random = new Random(11);
        var world = new World(options);
        world.Create([Key(), Vector()], shards, metric: metric);
        var ids = Enumerable.Range(0, 500).Select(i => (long)i).ToArray();
        await world.InsertAsync(500, Int64s("id", ids), Floats("v", [.. ids.Select(_ => new float[] { random.Next(-3, 4), random.Next(-3, 4) })]));
        return world;
    }

    private static Task<SearchResult> PageAsync(World world, int batch, string? token, float? bound, ulong session, params (string, string)[] more)
    {
        var parameters = Params([.. more, ("iterator", "True"), ("search_iter_v2", "True"), ("search_iter_batch_size", $"{batch}")]);
        if (token is not null) parameters = parameters.Add("search_iter_id", token);
        if (bound is { } b) parameters = parameters.Add("search_iter_last_bound", ((double)b).ToString("R", CultureInfo.InvariantCulture));
        return world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest { Collection = "c", Vectors = Queries([1, 1]), Params = parameters, GuaranteeTimestamp = session });
    }

    private static async Task<List<(long Id, float Score)>> WalkAsync(World world, int batch, params (string, string)[] more)
    {
        var seen = new List<(long, float)>();
        string? token = null;
        float? bound = null;
        ulong session = 0;
        while (true)
        {
            var page = await PageAsync(world, batch, token, bound, session, more);
            Assert.True(Guid.TryParse(page.IteratorToken, out _));
            if (token is not null) Assert.Equal(token, page.IteratorToken);
            (token, bound, session) = (page.IteratorToken, page.IteratorLastBound, page.ReadAt.Value);
            if (page.Ids.Count == 0) return seen;
            Assert.Equal(page.Scores[^1], page.IteratorLastBound);
            for (var i = 0; i < page.Ids.Count; i++) seen.Add((page.Ids.Int64s[i], page.Scores[i]));
            await world.InsertAsync(1, Int64s("id", 1000 + seen.Count), Floats("v", [1, 1]));
        }
    }

    [Theory]
    [InlineData(MetricType.L2, 1, 7)]
    [InlineData(MetricType.L2, 3, 64)]
    [InlineData(MetricType.IP, 2, 13)]
    [InlineData(MetricType.Cosine, 3, 1)]
    public async Task Every_row_is_given_out_once_best_first_though_scores_repeat(MetricType metric, int shards, int batch)
    {
        var world = await RowsAsync(metric, shards);
        var seen = await WalkAsync(world, batch);
        Assert.Equal(500, seen.Count);
        Assert.Equal(500, seen.Select(s => s.Id).Distinct().Count());
        for (var i = 1; i < seen.Count; i++)
            Assert.True(metric.LargerIsBetter() ? seen[i].Score <= seen[i - 1].Score : seen[i].Score >= seen[i - 1].Score);
        Assert.All(world.Shards.Searches.Take(shards), s => Assert.False(s.Exhaustive));
        Assert.All(world.Shards.Searches.Skip(shards), s => Assert.True(s.Exhaustive));
    }

    [Fact]
    public async Task A_radius_ends_the_walk()
    {
        var world = await RowsAsync(MetricType.L2, 2);
        var expected = (await world.SearchAsync(Queries([1, 1]), ("topk", "1000"), ("radius", "9"))).Ids.Count;
        var seen = await WalkAsync(world, 10, ("radius", "9"));
        Assert.Equal(expected, seen.Count);
        Assert.All(seen, s => Assert.True(s.Score < 9));
    }

    [Fact]
    public async Task A_forgotten_iterator_goes_on_strictly_behind_its_bound()
    {
        var world = await RowsAsync(MetricType.IP, 2, new ProxyOptions { RememberedIterators = 1 });
        var first = await PageAsync(world, 20, null, null, 0);
        await PageAsync(world, 20, null, null, 0);
        var second = await PageAsync(world, 20, first.IteratorToken, first.IteratorLastBound, first.ReadAt.Value);
        Assert.All(second.Scores, s => Assert.True(s < first.IteratorLastBound));
        Assert.Empty(first.Ids.Int64s.ToArray().Intersect(second.Ids.Int64s.ToArray()));
    }

    [Fact]
    public async Task An_empty_first_page_has_a_token_and_the_outermost_bound()
    {
        foreach (var (metric, bound) in new[] { (MetricType.L2, float.MinValue), (MetricType.IP, float.MaxValue) })
        {
            var world = new World();
            world.Create([Key(), Vector()], metric: metric);
            var page = await PageAsync(world, 5, null, null, 0);
            Assert.Equal(bound, page.IteratorLastBound);
            Assert.True(page.ReadAt > Timestamp.Zero);
            await world.InsertAsync(1, Int64s("id", 1), Floats("v", [1, 1]));
            Assert.Equal(bound, (await PageAsync(world, 5, page.IteratorToken, bound, page.ReadAt.Value)).IteratorLastBound);
        }
    }

    [Fact]
    public async Task Only_one_vector_can_be_iterated_over()
    {
        var world = await RowsAsync(MetricType.L2, 1);
        await World.RefusedAsync("not support search iteration over multiple vectors at present", () => world.SearchAsync(
            Queries([1, 1], [2, 2]), ("iterator", "True"), ("search_iter_v2", "True"), ("search_iter_batch_size", "5")));
    }

    [Fact]
    public async Task The_first_iterator_version_walks_by_ranges_and_exclusions()
    {
        var world = await RowsAsync(MetricType.L2, 3);
        var seen = new List<long>();
        ulong session = 0;
        var (bound, atBound) = (0f, new List<long>());
        while (true)
        {
            // As the client does: from the last distance on (inclusive), without the rows already given out at it.
            var page = await world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
            {
                Collection = "c",
                Vectors = Queries([1, 1]),
                GuaranteeTimestamp = session,
                Expression = atBound.Count == 0 ? "" : $"id not in [{string.Join(",", atBound)}]",
                Params = Params(("iterator", "True"), ("topk", "20000"), ("params", $"{{\"radius\":{bound + 8},\"range_filter\":{bound}}}"), ("collection_id", $"{world.Collection.Id}")),
            });
            session = page.ReadAt.Value;
            if (page.Ids.Count == 0) break;
            seen.AddRange(page.Ids.Int64s.ToArray());
            bound = page.Scores[^1];
            atBound = [.. page.Ids.Int64s.ToArray().Where((_, i) => page.Scores[i] == bound)];
        }
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(500, seen.Count);
    }
}
