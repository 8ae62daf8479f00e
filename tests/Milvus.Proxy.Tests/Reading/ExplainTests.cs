using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

/// <summary>The parameter explain adds how an answer came about, and changes nothing about the answer.</summary>
public sealed class ExplainTests
{
    private static async Task<World> RowsAsync()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("n", DataType.Int64)], shards: 2);
        long[] ids = [.. Enumerable.Range(0, 40).Select(i => (long)i)];
        await world.InsertAsync(40, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Int64s("n", [.. ids.Select(i => i % 10)]));
        return world;
    }

    [Fact]
    public async Task Nothing_is_explained_unasked()
    {
        var world = await RowsAsync();
        Assert.Null((await world.QueryAsync("n == 3", ["id"])).Explain);
        Assert.Null((await world.SearchAsync(Queries([1, 0]), ("topk", "3"), ("params", "{\"explain\": false}"))).Explain);
    }

    [Fact]
    public async Task A_query_tells_what_every_shard_did()
    {
        var world = await RowsAsync();
        var plain = await world.QueryAsync("n == 3", ["id"]);
        var explained = await world.QueryAsync("n == 3", ["id"], ("explain", "True"));
        Assert.Equal(ShowAll(plain.Columns[0].Column), ShowAll(explained.Columns[0].Column));
        var steps = explained.Explain!.Steps;
        Assert.Equal(["open", "open"], steps.Where(s => s.Operation == "open").Select(s => s.Operation));
        var queries = steps.Where(s => s.Operation == "query").OrderBy(s => s.Shard).ToList();
        Assert.Equal([0, 1], queries.Select(s => s.Shard));
        Assert.Equal(40, queries.Sum(s => s.Segments.Single().RowsVisible));
        Assert.Equal(4, queries.Sum(s => s.Segments.Single().RowsPassing));
        Assert.Equal(0, world.Shards.OpenReaders);

        using var json = JsonDocument.Parse(ExplainJson.Text(explained.Explain, explained.Collection));
        var segments = json.RootElement.GetProperty("steps").EnumerateArray().Where(s => s.TryGetProperty("segments", out _)).Select(s => s.GetProperty("segments")[0]).ToList();
        Assert.Equal(2, segments.Count);
        Assert.Equal("growing", segments[0].GetProperty("state").GetString());
        Assert.Equal("columns", segments[0].GetProperty("filter").GetProperty("plan").GetString());
    }

    [Fact]
    public async Task A_search_and_a_count_are_explained_too()
    {
        var world = await RowsAsync();
        var hits = await world.SearchAsync(Queries([1, 0]), ("topk", "3"), ("params", "{\"explain\": true}"));
        Assert.Equal(3, hits.Scores.Length);
        Assert.All(hits.Explain!.Steps.Where(s => s.Operation == "search"), s => Assert.Equal("brute force", s.Segments.Single().SearchPlan));
        var count = await world.QueryAsync("n < 5", ["count(*)"], ("explain", "true"));
        Assert.Equal(2, count.Explain!.Steps.Count(s => s.Operation is "count" or "aggregate"));
    }
}
