using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

/// <summary>Searches that answer buckets of hits.</summary>
public sealed class SearchAggregationTests
{
    /// <summary>Row i lies at distance i² from the origin; colour i % 3, size i % 4, price i.</summary>
    private static async Task<World> RowsAsync()
    {
        var world = new World();
        world.Create([Key(), Vector(), VarChar("colour"), Field("size", DataType.Int64), Field("price", DataType.Int64, nullable: true)], shards: 3);
        var ids = Enumerable.Range(0, 60).Select(i => (long)i).ToArray();
        await world.InsertAsync(
            60, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { i, 0f })]), Texts("colour", [.. ids.Select(i => $"c{i % 3}")]), Int64s("size", [.. ids.Select(i => i % 4)]),
            Nullable("price", [.. ids.Select(i => i == 4 ? (long?)null : i)]));
        return world;
    }

    private static Task<SearchResult> SearchAsync(World world, SearchAggregation aggregation, params (string, string)[] parameters) =>
        world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = Queries([0, 0], [59, 0]),
            Params = Params([("topk", "10"), .. parameters]),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Aggregation = aggregation,
        });

    private static string Text(SearchResult result, AggregationBucket bucket) =>
        $"{string.Join(',', bucket.Key.Select(k => Show(k.Value.Column, k.Value.Row)))}:{bucket.Count}" +
        $"{string.Concat(bucket.Metrics.Select(m => $" {m.Name}={Show(m.Value.Column, m.Value.Row)}"))}[{string.Join(' ', bucket.Hits.Select(h => result.Ids.Int64s[h]))}]" +
        $"{(bucket.Sub.IsEmpty ? "" : $"{{{string.Join("; ", bucket.Sub.Select(s => Text(result, s)))}}}")}";

    [Fact]
    public async Task Buckets_hold_their_best_hits_and_metrics_over_them()
    {
        var world = await RowsAsync();
        var result = await SearchAsync(world, new SearchAggregation
        {
            Fields = ["colour"],
            Size = 2,
            SearchSize = 3,
            Metrics = ImmutableDictionary<string, AggregationMetric>.Empty
                .Add("n", new AggregationMetric("count", "price")).Add("sum", new AggregationMetric("sum", "price")).Add("worst", new AggregationMetric("max", "_score")),
            TopHits = new AggregationHits(3, []),
        });
        Assert.Equal(["c0:3 n=3 sum=9 worst=36[0 3 6]", "c1:3 n=2 sum=8 worst=49[1 4 7]"], result.Buckets[0].Select(b => Text(result, b)));
        Assert.Equal(["c2:3 n=3 sum=168 worst=36[59 56 53]", "c1:3 n=3 sum=165 worst=49[58 55 52]"], result.Buckets[1].Select(b => Text(result, b)));
    }

    [Fact]
    public async Task Buckets_and_hits_have_an_order_of_their_own_and_levels()
    {
        var world = await RowsAsync();
        var result = await SearchAsync(world, new SearchAggregation
        {
            Fields = ["colour"],
            Size = 3,
            Metrics = ImmutableDictionary<string, AggregationMetric>.Empty.Add("p", new AggregationMetric("avg", "price")),
            Order = [new AggregationOrder("p", true, false)],
            TopHits = new AggregationHits(2, [new AggregationOrder("price", true, false)]),
            Sub = new SearchAggregation { Fields = ["size"], Size = 2, SearchSize = 4, Order = [new AggregationOrder("_key", true, false)], TopHits = new AggregationHits(1, []) },
        });
        // Twelve combinations of colour and size, two hits each: rows 0 to 23.
        Assert.Equal(
            ["c2:8 p=12.5[23 20]{3:2[11]; 2:2[2]}", "c1:8 p=12.571428571428571[22 19]{3:2[7]; 2:2[10]}", "c0:8 p=10.5[21 18]{3:2[3]; 2:2[6]}"],
            result.Buckets[0].Select(b => Text(result, b)).OrderBy(t => t.StartsWith("c2", StringComparison.Ordinal) ? 0 : t.StartsWith("c1", StringComparison.Ordinal) ? 1 : 2));
        Assert.StartsWith("c1", Text(result, result.Buckets[0][0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_aggregated_is_refused()
    {
        var world = await RowsAsync();
        var good = new SearchAggregation { Fields = ["colour"], Size = 2 };
        await Refused("group_by level has no fields", good with { Fields = [] });
        await Refused("size 0 should be in range", good with { Size = 0 });
        await Refused("search_size must be greater than or equal to size", good with { SearchSize = 1 });
        await Refused("field \"x\" not found in schema", good with { Fields = ["x"] });
        await Refused("does not support key field v", good with { Fields = ["v"] });
        await Refused("number of search_aggregation result entries is too large", good with { Size = 5001 });
        await Refused("order key \"what\" is neither reserved key nor metric alias", good with { Order = [new AggregationOrder("what", false, false)] });
        await Refused("aggregation operator sum does not support data type VarChar", good with { Metrics = ImmutableDictionary<string, AggregationMetric>.Empty.Add("m", new AggregationMetric("sum", "colour")) });
        await Refused("search_aggregation nesting exceeds max 4 levels", good with { Sub = good with { Sub = good with { Sub = good with { Sub = good } } } });
        await World.RefusedAsync("offset is not supported with search_aggregation", () => SearchAsync(world, good, ("offset", "1")));
        await World.RefusedAsync("group_by_field and search_aggregation cannot be used simultaneously", () => SearchAsync(world, good, ("group_by_field", "size")));

        Task<MilvusException> Refused(string text, SearchAggregation aggregation) => World.RefusedAsync(text, () => SearchAsync(world, aggregation));
    }
}
