using System.Text.Json;

namespace Milvus.Api.Tests.Rest;

/// <summary>Explanations of queries and searches over REST.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class ExplainTests(RestServer server)
{
    private static IEnumerable<JsonElement> Segments(JsonElement explain, string operation) =>
        explain.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("operation").GetString() == operation).SelectMany(s => s.GetProperty("segments").EnumerateArray());

    [Fact]
    public async Task Queries_and_searches_tell_how_they_were_answered()
    {
        await server.DataAsync("collections/create", new { collectionName = "explained", dimension = 2, metricType = "L2" });
        await server.DataAsync("entities/insert", new { collectionName = "explained", data = Enumerable.Range(0, 20).Select(i => new { id = i, vector = new[] { i, 0 }, n = i }) });

        var query = await server.DataAsync("entities/explain", new { collectionName = "explained", filter = "n < 5", consistencyLevel = "Strong" });
        Assert.Equal("explained", query.GetProperty("collection").GetString());
        var asked = Assert.Single(Segments(query, "query"));
        Assert.Equal(("growing", 20, 5), (asked.GetProperty("state").GetString(), asked.GetProperty("rowsVisible").GetInt32(), asked.GetProperty("rowsPassing").GetInt32()));
        Assert.Equal("columns", asked.GetProperty("filter").GetProperty("plan").GetString());
        Assert.Equal("column", asked.GetProperty("filter").GetProperty("tests")[0].GetProperty("answeredBy").GetString());

        var search = await server.DataAsync("entities/explain", new { collectionName = "explained", data = new[] { new[] { 3, 0 } }, limit = 2, consistencyLevel = "Strong" });
        var ranked = Assert.Single(Segments(search, "search")).GetProperty("search");
        Assert.Equal(("brute force", 2), (ranked.GetProperty("plan").GetString(), ranked.GetProperty("hits").GetInt32()));

        var hybrid = await server.DataAsync("entities/explain", """
            {"collectionName":"explained","search":[{"data":[[3,0]],"annsField":"vector","limit":2,"filter":"n < 5"},{"data":[[9,0]],"annsField":"vector","limit":3}],"limit":4,"consistencyLevel":"Strong"}
            """);
        Assert.Equal([5, 20], Segments(hybrid, "search").Select(s => s.GetProperty("rowsPassing").GetInt32()).Order());

        var beside = await server.SendAsync("entities/search", new { collectionName = "explained", data = new[] { new[] { 3, 0 } }, limit = 2, explain = true });
        Assert.Equal(2, beside.Data.GetArrayLength());
        Assert.NotEmpty(Segments(beside.Root.GetProperty("explain"), "search"));
        Assert.False((await server.SendAsync("entities/query", new { collectionName = "explained", filter = "n < 5" })).Root.TryGetProperty("explain", out _));
    }
}
