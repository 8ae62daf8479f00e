using System.Text;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class HighlightTests
{
    private static async Task<World> TextsAsync()
    {
        var world = new World();
        var text = VarChar("text", 256) with { TypeParams = [new Property("max_length", "256"), new Property("enable_analyzer", "true")] };
        world.Create(
            [Key(), text, VarChar("plain", 64), Vector("terms", type: DataType.SparseFloatVector) with { IsFunctionOutput = true }], shards: 2,
            functions: new FunctionSchema { Name = "f", Type = FunctionType.BM25, InputFields = ["text"], OutputFields = ["terms"] });
        await world.InsertAsync(
            3, Int64s("id", 1, 2, 3), Texts("text", "the red fox jumps", "a blue dog sleeps", "red dogs and a red fox"), Texts("plain", "a", "b", "c"));
        return world;
    }

    private static Task<SearchResult> SearchAsync(World world, string[] texts, params (string, string)[] parameters) =>
        world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = new QueryVectors(DataType.VarChar, [.. texts.Select(t => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(t))]),
            Params = Params(("topk", "5")),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Highlight = new HighlightRequest(false, Params(parameters)),
        });

    [Fact]
    public async Task Searched_words_are_marked_for_each_query()
    {
        var world = await TextsAsync();
        var result = await SearchAsync(world, ["red", "dog fox"], ("highlight_search_text", "true"), ("fragment_offset", "50"), ("pre_tags", "[\"<b>\"]"), ("post_tags", "[\"</b>\"]"));
        var highlights = Assert.Single(result.Highlights);
        Assert.Equal("text", highlights.Field);
        Assert.Equal(result.Scores.Length, highlights.Hits.Length);
        var shown = result.Ids.Int64s.ToArray().Zip(highlights.Hits, (id, h) => $"{id}: {string.Join('|', h)}").ToArray();
        Assert.Equal(["1: the <b>red</b> fox jumps", "3: <b>red</b> dogs and a <b>red</b> fox"], shown[..result.TopKs[0]].Order(StringComparer.Ordinal));
        Assert.Equal(["1: the red <b>fox</b> jumps", "2: a blue <b>dog</b> sleeps", "3: red dogs and a red <b>fox</b>"], shown[result.TopKs[0]..].Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Words_of_the_rows_that_are_searched_by_are_marked()
    {
        var world = await TextsAsync();
        var result = await SearchAsync([3, 2]);
        var shown = result.Ids.Int64s.ToArray().Zip(Assert.Single(result.Highlights).Hits, (id, h) => $"{id}: {string.Join('|', h)}").ToArray();
        Assert.Equal(["1: <em>red</em> <em>fox</em> jumps", "2: <em>a</em> blue dog sleeps", "3: <em>red</em> <em>dogs</em> <em>and</em> <em>a</em> <em>red</em> <em>fox</em>"], shown[..result.TopKs[0]].Order(StringComparer.Ordinal));
        Assert.Equal(["2: <em>a</em> <em>blue</em> <em>dog</em> <em>sleeps</em>", "3: <em>a</em> red fox"], shown[result.TopKs[0]..].Order(StringComparer.Ordinal));
        await World.RefusedAsync("some of the provided primary key IDs do not exist: missing IDs = [9]", () => SearchAsync([9]));
        await World.RefusedAsync("invalid fragment_size: 0", () => SearchAsync([3], ("fragment_size", "0")));

        Task<SearchResult> SearchAsync(long[] keys, params (string, string)[] parameters) => world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Keys = PrimaryKeys.Of(keys),
            Params = Params(("topk", "5")),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Highlight = new HighlightRequest(false, Params([("highlight_search_text", "true"), .. parameters])),
        });
    }

    [Fact]
    public async Task Texts_of_the_request_are_marked_too()
    {
        var world = await TextsAsync();
        var result = await SearchAsync(world, ["red"], ("highlight_query", "[{\"type\":\"TextMatch\",\"field\":\"text\",\"text\":\"jumps and\"}]"), ("fragment_size", "5"));
        Assert.Equal(["<em>and</em> a", "<em>jumps</em>"], result.Highlights[0].Hits.Select(h => h.Single()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sentences_are_marked_by_what_a_model_says_of_them()
    {
        // The model counts the letters that a text shares with the query.
        var world = new World();
        world.Create([Key(), VarChar("text", 256, nullable: true), Vector()], shards: 2);
        await world.InsertAsync(
            4, Int64s("id", 1, 2, 3, 4), Texts("text", "Red fox. Blue dog! 3.5 pigs", "Nothing", null, "Six。 Ten\n\nXu"),
            Floats("v", [0, 0], [1, 0], [2, 0], [3, 0]));
        var result = await SearchAsync(("threshold", "1"));
        var highlights = Assert.Single(result.Highlights);
        Assert.Equal("text", highlights.Field);
        Assert.Equal(["<b>Red fox.</b>", "", "", "<b>Six。</b>"], highlights.Hits.Select(h => string.Join('|', h)));
        Assert.Equal(["1", "", "", "1"], highlights.Scores.Select(s => string.Join('|', s)));
        var whole = await SearchAsync(("threshold", "1"), ("highlight_only", "false"));
        Assert.Equal(["<b>Red fox.</b> Blue dog! 3.5 pigs", "", "", "<b>Six。</b> Ten\n\nXu"], whole.Highlights[0].Hits.Select(h => string.Join('|', h)));
        await World.RefusedAsync("nq must equal to queries size", () => SearchAsync(("queries", "[\"x\",\"y\"]")));
        await World.RefusedAsync("input field none not found", () => SearchAsync(("input_fields", "[\"none\"]")));
        await World.RefusedAsync("input field v is not a VarChar", () => SearchAsync(("input_fields", "[\"v\"]")));
        await World.RefusedAsync("threshold 2 is not a number in [0, 1]", () => SearchAsync(("threshold", "2")));
        await World.RefusedAsync("name a reranking service as provider", () => SearchAsync(("provider", "")));
        await World.RefusedAsync("queries is required", () => SearchAsync(("queries", "")));

        Task<SearchResult> SearchAsync(params (string, string)[] parameters) => world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = Queries([0, 0]),
            Params = Params(("topk", "5")),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Highlight = new HighlightRequest(true, Params(("queries", "[\"x\"]"), ("input_fields", "[\"text\"]"), ("provider", "fake"), ("pre_tags", "[\"<b>\"]"), ("post_tags", "[\"</b>\"]")).SetItems(Params(parameters))),
        });
    }

    [Fact]
    public async Task What_cannot_be_highlighted_is_refused()
    {
        var world = await TextsAsync();
        await World.RefusedAsync("highlighter needs highlight_search_text or highlight_query", () => SearchAsync(world, ["red"]));
        await World.RefusedAsync("must be a VarChar field with enable_analyzer", () => SearchAsync(world, ["red"], ("highlight_query", "[{\"field\":\"plain\",\"text\":\"x\"}]")));
        await World.RefusedAsync("unsupported highlight query type: Prefix", () => SearchAsync(world, ["red"], ("highlight_query", "[{\"type\":\"Prefix\",\"field\":\"text\",\"text\":\"x\"}]")));
        await World.RefusedAsync("failed to parse highlight_query", () => SearchAsync(world, ["red"], ("highlight_query", "{")));
        await World.RefusedAsync("invalid fragment_size: 0", () => SearchAsync(world, ["red"], ("highlight_search_text", "true"), ("fragment_size", "0")));
    }
}
