using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class SearchTemplateTests
{
    [Fact]
    public async Task A_template_answers_like_the_requests_it_stands_for()
    {
        var random = new Random(4);
        foreach (var shards in new[] { 1, 3 })
        {
            var world = await WorldAsync(random, shards);
            foreach (var (filter, parameters) in Requests())
            {
                var request = new SearchRequest { Collection = "c", Expression = filter, OutputFields = ["g"], Params = parameters };
                var template = new SearchTemplate(request);
                for (var n = 0; n < 5; n++)
                {
                    var vectors = new QueryVectors(DataType.FloatVector, [Bytes(random.Next(-2, 3), random.Next(-2, 3))]);
                    Assert.Equal(Text(await world.Proxy.SearchAsync(RequestContext.Default, request with { Vectors = vectors })), Text(await world.Proxy.SearchAsync(RequestContext.Default, template.With(vectors, 0))));
                }
            }
        }
    }

    [Fact]
    public async Task What_a_template_remembers_ends_with_the_collection_as_it_was()
    {
        var world = await WorldAsync(new Random(1), shards: 1);
        var template = new SearchTemplate(new SearchRequest { Collection = "c", Params = Topk(3) });
        var vectors = new QueryVectors(DataType.FloatVector, [Bytes(1, 1)]);
        for (var n = 0; n < 2; n++) await world.Proxy.SearchAsync(RequestContext.Default, template.With(vectors, 0));
        world.Alter(c => c with { Load = null });
        var e = await Assert.ThrowsAsync<MilvusException>(() => world.Proxy.SearchAsync(RequestContext.Default, template.With(vectors, 0)));
        Assert.Equal(ErrorCode.CollectionNotLoaded, e.Code);
        world.Alter(c => c with { Load = new LoadSpec(), Indexes = [c.Indexes[0] with { Metric = MetricType.IP }] });
        var result = await world.Proxy.SearchAsync(RequestContext.Default, template.With(vectors, 0));
        Assert.True(result.Scores[0] >= result.Scores[^1]);
    }

    [Fact]
    public async Task Vectors_are_checked_every_time()
    {
        var world = await WorldAsync(new Random(2), shards: 1);
        var template = new SearchTemplate(new SearchRequest { Collection = "c", Params = Topk(3) });
        for (var n = 0; n < 2; n++) await world.Proxy.SearchAsync(RequestContext.Default, template.With(new QueryVectors(DataType.FloatVector, [Bytes(1, 1)]), 0));
        foreach (var wrong in new[] { new QueryVectors(DataType.FloatVector, [Bytes(1)]), new QueryVectors(DataType.FloatVector, [Bytes(1, float.NaN)]), new QueryVectors(DataType.BinaryVector, [new byte[1]]) })
            Assert.Equal(ErrorCode.InvalidParameter, (await Assert.ThrowsAsync<MilvusException>(() => world.Proxy.SearchAsync(RequestContext.Default, template.With(wrong, 0)))).Code);
    }

    private static IEnumerable<(string Filter, ImmutableDictionary<string, string> Params)> Requests()
    {
        yield return ("", Topk(5));
        yield return ("g > 1", Topk(4).Add("offset", "2"));
        yield return ("", Topk(6).Add("round_decimal", "1"));
        yield return ("", Topk(3).Add("group_by_field", "g"));
        yield return ("", Topk(50).Add("params", "{\"radius\": 9, \"range_filter\": 1}"));
        yield return ("id < 20", Topk(9).Add("order_by_fields", "g:desc,id"));
        yield return ("", Topk(5).Add("ignore_growing", "True"));
    }

    private static ImmutableDictionary<string, string> Topk(int k) => ImmutableDictionary<string, string>.Empty.Add("topk", $"{k}").Add("anns_field", "v");

    private static async Task<World> WorldAsync(Random random, int shards)
    {
        var world = new World();
        world.Create([Key(), Vector(dim: 2), Field("g", DataType.Int64)], shards);
        long[] ids = [.. Enumerable.Range(0, 60)];
        await world.InsertAsync(ids.Length, Int64s("id", ids), Floats("v", [.. ids.Select(_ => new float[] { random.Next(-2, 3), random.Next(-2, 3) })]), Int64s("g", [.. ids.Select(i => i % 4)]));
        return world;
    }

    private static byte[] Bytes(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static string Text(SearchResult result) =>
        string.Join("/", result.TopKs) + ": " + string.Join(" ", ShowAll(result.Ids.Column).Select((id, i) => $"{id}={result.Scores[i]}")) + " " + string.Join(" ", result.Columns.SelectMany(c => ShowAll(c.Column)));
}
