using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class SearchParameterTests
{
    private static async Task<World> RowsAsync(MetricType metric = MetricType.L2)
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("n", DataType.Int64), Field("f", DataType.Float)], metric: metric);
        await world.InsertAsync(3, Int64s("id", 1, 2, 3), Floats("v", [1, 0], [2, 0], [3, 0]), Int64s("n", 1, 1, 2), new NamedColumn("f", new FixedColumn<float>(DataType.Float, new[] { 1f, 2f, 3f })));
        return world;
    }

    [Theory]
    [InlineData("topk [0] is invalid, it should be in range [1, 16384], but got 0: invalid parameter", "topk", "0")]
    [InlineData("topk [16385] is invalid, it should be in range [1, 16384], but got 16385", "topk", "16385")]
    [InlineData("offset+topk [16385] is invalid, it should be in range [1, 16384], but got 16385", "topk", "16384", "offset", "1")]
    [InlineData("offset [-1] is invalid, it should be in range [1, 16384], but got -1", "topk", "1", "offset", "-1")]
    [InlineData("topk [ten] is invalid", "topk", "ten")]
    [InlineData("topk not found in search_params")]
    [InlineData("metric type not match: invalid parameter[expected=L2][actual=IP]", "topk", "1", "metric_type", "IP")]
    [InlineData("round_decimal [7] is invalid, should be -1 or an integer in range [0, 6]", "topk", "1", "round_decimal", "7")]
    [InlineData("failed to get field schema by name: fieldName(w) not found", "topk", "1", "anns_field", "w")]
    [InlineData("field (n) to search is not of vector data type", "topk", "1", "anns_field", "n")]
    [InlineData("metric type (L2), range_filter(5) must be less than radius(2)", "topk", "1", "params", "{\"radius\":2,\"range_filter\":5}")]
    [InlineData("range_filter requires radius to be set", "topk", "1", "range_filter", "5")]
    [InlineData("range_filter requires radius to be set", "topk", "1", "metric_type", "IP", "params", "{\"range_filter\":5}")]
    [InlineData("Type conflict in json: param 'ef' (32.0) should be integer", "topk", "1", "params", "{\"ef\":32.0}")]
    [InlineData("Not allowed to do range-search when doing search-group-by", "topk", "1", "group_by_field", "n", "radius", "9")]
    [InlineData("exceeds configured max group size:10", "topk", "1", "group_by_field", "n", "group_size", "11")]
    [InlineData("search params should be a JSON object", "topk", "1", "params", "[1]")]
    [InlineData("failed to parse search params", "topk", "1", "params", "{")]
    [InlineData("Not allowed to do groupBy when doing iteration", "topk", "1", "group_by_field", "n", "iterator", "True")]
    [InlineData("invalid token format", "iterator", "True", "search_iter_v2", "True", "search_iter_batch_size", "5", "search_iter_id", "x")]
    [InlineData("batch size is invalid, it should be in range [1, 16384], but got 0", "iterator", "True", "search_iter_v2", "True", "search_iter_batch_size", "0")]
    [InlineData("alias or database may have been changed", "topk", "1", "collection_id", "4")]
    public async Task Wrong_parameters_are_refused(string text, params string[] parameters)
    {
        var world = await RowsAsync();
        await World.RefusedAsync(text, () => world.SearchAsync(Queries([0, 0]), [.. parameters.Chunk(2).Select(p => (p[0], p[1]))]));
        Assert.Empty(world.Shards.Opened);
    }

    [Theory]
    [InlineData("FLAT", "", true)]
    [InlineData("GPU_BRUTE_FORCE", "", true)]
    [InlineData("FAISS", "Flat", true)]
    [InlineData("FAISS", "HNSW32", false)]
    [InlineData("HNSW", "", false)]
    [InlineData("AUTOINDEX", "", false)]
    public async Task Fields_with_an_exact_index_are_scanned(string index, string faiss, bool exact)
    {
        var world = await RowsAsync();
        world.Alter(c => c with { Indexes = [.. c.Indexes.Select(i => i with { IndexType = index, BuildParams = i.BuildParams.Add("faiss_index_name", faiss) })] });
        await world.SearchAsync(Queries([0, 0]), ("topk", "1"));
        Assert.All(world.Shards.Searches, s => Assert.Equal(exact, s.Exhaustive));
        Assert.NotEmpty(world.Shards.Searches);
    }

    [Fact]
    public async Task Grouping_needs_a_field_one_can_group_by()
    {
        var world = await RowsAsync();
        await World.RefusedAsync(ErrorCode.FieldNotFound, "groupBy field not found in schema: field not found[field=x]", () => world.SearchAsync(Queries([0, 0]), ("topk", "1"), ("group_by_field", "x")));
        await World.RefusedAsync(ErrorCode.SegcoreError, "unsupported data type FLOAT for group by", () => world.SearchAsync(Queries([0, 0]), ("topk", "1"), ("group_by_field", "f")));
    }

    [Fact]
    public async Task Vectors_must_fit_the_field()
    {
        var world = await RowsAsync();
        Task Search(QueryVectors? vectors, string topK = "1") => world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest { Collection = "c", Vectors = vectors, Params = Params(("topk", topK)) });
        await World.RefusedAsync("vector dimension mismatch, expected vector size(byte) 8, actual 12", () => Search(Queries([1, 2, 3])));
        await World.RefusedAsync("vector type must be the same: field type FloatVector, search type BinaryVector", () => Search(new QueryVectors(DataType.BinaryVector, [new byte[8]])));
        await World.RefusedAsync("vector type must be the same: field type FloatVector, search type VarChar", () => Search(new QueryVectors(DataType.VarChar, ["a"u8.ToArray()])));
        await World.RefusedAsync("nq [0] is invalid, nq (number of search vector per search request) should be in range [1, 16384], but got 0: invalid parameter", () => Search(new QueryVectors(DataType.FloatVector, [])));
        await World.RefusedAsync("nq [16385] is invalid", () => Search(new QueryVectors(DataType.FloatVector, [.. Enumerable.Repeat(new ReadOnlyMemory<byte>(new byte[8]), 16385)]), "16385"));
        await World.RefusedAsync("empty search request", () => Search(null));
        await World.RefusedAsync("is not a number or infinity", () => Search(Queries([float.NaN, 0])));
    }

    [Fact]
    public async Task Several_vector_fields_must_be_told_apart()
    {
        var world = new World();
        world.Create([Key(), Vector(), Vector("h", type: DataType.Float16Vector)]);
        await World.RefusedAsync("multiple anns_fields exist, please specify a anns_field in search_params", () => world.SearchAsync(Queries([0, 0]), ("topk", "1")));
        // Single precision is converted for the short float types.
        Assert.Equal(0, (await world.SearchAsync(Queries([0, 0]), ("topk", "1"), ("anns_field", "h"))).TopKs.Single());
    }

    [Fact]
    public async Task Flat_and_nested_parameters_reach_the_index()
    {
        var world = await RowsAsync();
        await world.SearchAsync(Queries([0, 0]), ("topk", "2"), ("offset", "1"), ("metric_type", "l2"), ("nprobe", "7"), ("params", "{\"ef\":99,\"radius\":50.5,\"range_filter\":0,\"ignore_growing\":true,\"hints\":\"iterative_filter\"}"));
        var search = world.Shards.Searches.Single();
        Assert.Equal(3, search.K);
        await World.RefusedAsync(ErrorCode.SegcoreError, "hints: fast not supported", () => world.SearchAsync(Queries([0, 0]), ("topk", "2"), ("hints", "fast")));
        await world.SearchAsync(Queries([0, 0]), ("topk", "2"), ("hints", "disable"));
        Assert.Equal(("99", "7", "iterative_filter"), (search.IndexParams["ef"], search.IndexParams["nprobe"], search.IndexParams["hints"]));
        Assert.Equal((50.5, 0.0), (search.Radius, search.RangeFilter));
        Assert.True(search.IgnoreGrowing);

        await world.SearchAsync(Queries([0, 0]), ("topk", "2"), ("params", "{\"params\":{\"radius\":4,\"ef\":5},\"ef\":99,\"ef\":98}"));
        Assert.Equal((4.0, "99"), (world.Shards.Searches[^1].Radius, world.Shards.Searches[^1].IndexParams["ef"]));
    }

    [Theory]
    [InlineData(-1, 0.12345f, 0.12345f)]
    [InlineData(3, 0.1235f, 0.124f)]
    [InlineData(0, 2.5f, 3f)]
    [InlineData(0, -2.5f, -3f)]
    [InlineData(2, 1e30f, 1e30f)]
    public void Scores_are_rounded_half_away_from_zero(int decimals, float score, float expected)
    {
        var scores = new[] { score };
        Proxy.Reading.Searches.ScoreRounding.Round(scores, decimals);
        Assert.Equal(expected, scores[0]);
    }

    [Fact]
    public async Task A_large_topk_collection_takes_a_million()
    {
        var world = await RowsAsync();
        world.SetProperty("query_mode", "large_topk");
        await world.SearchAsync(Queries([0, 0]), ("topk", "1000000"));
        await World.RefusedAsync("it should be in range [1, 1000000]", () => world.SearchAsync(Queries([0, 0]), ("topk", "1000001")));
        Task<QueryResult> Query(string limit) => world.Proxy.QueryAsync(RequestContext.Default, new QueryRequest { Collection = "c", OutputFields = ["id"], Params = Params(("limit", limit)) });
        Assert.Equal(3, (await Query("1000000")).Columns[0].Column.Count);
        await World.RefusedAsync("(offset+limit) should be in range [1, 1000000], but got 1000001", () => Query("1000001"));
    }
}
