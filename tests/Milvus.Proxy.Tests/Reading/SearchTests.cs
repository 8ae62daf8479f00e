using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class SearchTests
{
    /// <summary>Small integer coordinates make many equal scores.</summary>
    private static async Task<World> RandomAsync(int seed, int shards, MetricType metric, DataType key, int rows = 150, bool keepsDuplicates = false)
    {
        var random = new Random(seed);
        var world = new World(keepsDuplicates: keepsDuplicates);
        world.Create([Key(key), Vector(dim: 3), Field("g", DataType.Int64, nullable: true)], shards, metric: metric);
        for (var written = 0; written < rows;)
        {
            var n = Math.Min(rows - written, random.Next(1, 40));
            long[] ids = [.. Enumerable.Range(0, n).Select(_ => (long)random.Next(rows)).Distinct()];
            n = ids.Length;
            await world.InsertAsync(
                n,
                key == DataType.Int64 ? Int64s("id", ids) : Texts("id", [.. ids.Select(i => $"k{i}")]),
                Floats("v", [.. ids.Select(_ => new float[] { random.Next(-2, 3), random.Next(-2, 3), random.Next(-2, 3) })]),
                Nullable("g", [.. ids.Select(i => i % 5 == 0 ? (long?)null : i % 4)]));
            written += n;
        }
        return world;
    }

    private static string Text(SearchResult result)
    {
        var ids = ShowAll(result.Ids.Column);
        var groups = result.GroupBy.IsEmpty ? null : ShowAll(result.GroupBy[0].Column);
        return string.Join("/", result.TopKs) + ": " + string.Join(" ", ids.Select((id, i) => $"{id}={result.Scores[i]}{(groups is null ? "" : "@" + groups[i])}"));
    }

    [Fact]
    public async Task Many_shards_answer_as_one()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var metric = new[] { MetricType.L2, MetricType.IP, MetricType.Cosine }[seed % 3];
            var key = seed % 2 == 0 ? DataType.Int64 : DataType.VarChar;
            var one = await RandomAsync(seed, 1, metric, key);
            var many = await RandomAsync(seed, 2 + (seed % 4), metric, key);
            var queries = Queries([1, 0, 2], [0, 0, 0], [-1, 1, 1]);
            foreach (var parameters in new (string, string)[][]
            {
                [("topk", "10")],
                [("topk", "7"), ("offset", "5")],
                [("topk", "1000")],
                [("topk", "20"), ("radius", metric == MetricType.L2 ? "6" : "0.1"), ("range_filter", metric == MetricType.L2 ? "1" : "0.9")],
                [("topk", "2"), ("offset", "1"), ("group_by_field", "g")],
                [("topk", "3"), ("offset", "2"), ("group_by_field", "g"), ("group_size", "3"), ("strict_group_size", "True")],
                [("topk", "1"), ("group_by_field", "g"), ("group_size", "10")],
                [("topk", "2"), ("offset", "1"), ("group_by_field", "g"), ("group_size", "5")],
                [("topk", "4"), ("group_by_fields", "g,id"), ("group_size", "2")],
                [("topk", "9"), ("order_by_fields", "g:desc,id")],
            })
                Assert.Equal(Text(await one.SearchAsync(queries, parameters)), Text(await many.SearchAsync(queries, parameters)));
            Assert.Equal(0, many.Shards.OpenReaders);
        }
    }

    [Fact]
    public async Task Hits_are_in_order_and_ties_go_to_the_smaller_key()
    {
        var world = await RandomAsync(99, 3, MetricType.L2, DataType.Int64);
        var result = await world.SearchAsync(Queries([0, 0, 0]), ("topk", "100"));
        var ids = result.Ids.Int64s.ToArray();
        for (var i = 1; i < ids.Length; i++)
            Assert.True(result.Scores[i] > result.Scores[i - 1] || (result.Scores[i] == result.Scores[i - 1] && ids[i] > ids[i - 1]));
        Assert.True(result.Examined >= ids.Length);
    }

    [Fact]
    public async Task Of_rows_with_one_key_only_the_newest_is_returned()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var clean = await RandomAsync(seed, 2, MetricType.IP, DataType.VarChar);
            var doubled = await RandomAsync(seed, 2, MetricType.IP, DataType.VarChar, keepsDuplicates: true);
            // With room for all duplicates the proxy alone must bring about the same.
            Assert.Equal(Text(await clean.SearchAsync(Queries([1, 2, 0]), ("topk", "500"))), Text(await doubled.SearchAsync(Queries([1, 2, 0]), ("topk", "500"))));
        }
    }

    [Fact]
    public async Task Output_fields_follow_the_hits_with_the_key_last_and_only_when_asked_for()
    {
        var world = await RandomAsync(5, 3, MetricType.L2, DataType.Int64);
        var queries = Queries([0, 0, 0], [2, 2, 2]);
        Assert.Empty((await world.SearchAsync(queries, ("topk", "5"))).Columns);
        var result = await world.SearchAsync(queries, ["id", "v", "g"], ("topk", "5"));
        Assert.Equal(["v", "g", "id"], result.Columns.Select(c => c.Name));
        Assert.Equal(["id", "v", "g"], result.OutputFields.ToArray());
        Assert.Equal(ShowAll(result.Ids.Column), ShowAll(result.Columns[2].Column));
        var vectors = (VectorColumn)result.Columns[0].Column;
        for (var i = 0; i < vectors.Count; i++)
        {
            var row = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(vectors[i]);
            var query = i < 5 ? 0f : 2f;
            Assert.Equal(result.Scores[i], ((row[0] - query) * (row[0] - query)) + ((row[1] - query) * (row[1] - query)) + ((row[2] - query) * (row[2] - query)));
        }
        Assert.Equal(["5", "5"], result.TopKs.Select(k => $"{k}"));
    }

    [Fact]
    public async Task Nothing_found_is_a_result()
    {
        var world = new World();
        world.Create([Key(DataType.VarChar), Vector()], shards: 2);
        foreach (var expression in new[] { "", "id in []" })
        {
            var result = await world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
            {
                Collection = "c",
                Vectors = Queries([0, 0], [1, 1]),
                OutputFields = ["*"],
                Expression = expression,
                Params = Params(("topk", "3")),
            });
            Assert.Equal([0, 0], result.TopKs.ToArray());
            Assert.Equal(DataType.VarChar, result.Ids.Column.Type);
            Assert.Equal(["v", "id"], result.Columns.Select(c => c.Name));
            Assert.True(result.ReadAt > Timestamp.Zero);
        }
    }

    [Fact]
    public async Task Rows_can_be_searched_by_their_own_vectors()
    {
        var world = await RandomAsync(6, 3, MetricType.L2, DataType.Int64);
        var near = (await world.SearchAsync(Queries([1, 1, 1]), ("topk", "2"))).Ids.Int64s.ToArray();
        var key = near[0];
        Task<SearchResult> Search(params long[] keys) =>
            world.Proxy.SearchAsync(RequestContext.Default, new SearchRequest { Collection = "c", Keys = PrimaryKeys.Of(keys), Params = Params(("topk", "1000")), ConsistencyLevel = ConsistencyLevel.Strong });
        var result = await Search(near);
        Assert.Equal(2, result.QueryCount);
        Assert.Equal(0f, result.Scores[0]);
        Assert.Contains(key, result.Ids.Int64s.ToArray());
        await World.RefusedAsync("some of the provided primary key IDs do not exist: missing IDs = [777777 888888]", () => Search(key, 777777, 888888));
        await World.RefusedAsync("duplicate IDs found in search request", () => Search(key, key));
    }

    [Fact]
    public async Task Rows_without_a_vector_find_nothing()
    {
        var world = new World();
        world.Create([Key(), Vector("s", type: DataType.SparseFloatVector, nullable: true)], shards: 2);
        var rows = new BinaryColumnBuilder(DataType.SparseFloatVector);
        rows.Append(SparseBytes([(1, 1f)]));
        rows.AppendNull();
        rows.Append(SparseBytes([(1, 2f)]));
        await world.InsertAsync(3, Int64s("id", 1, 2, 3), new NamedColumn("s", rows.Build()));
        Task<SearchResult> Search(params long[] keys) => world.Proxy.SearchAsync(
            RequestContext.Default, new SearchRequest { Collection = "c", Keys = PrimaryKeys.Of(keys), Params = Params(("topk", "5")), ConsistencyLevel = ConsistencyLevel.Strong });
        var result = await Search(2, 3, 1);
        Assert.Equal([0, 2, 2], result.TopKs.ToArray());
        Assert.Equal(["3", "1", "3", "1"], ShowAll(result.Ids.Column));
        var none = await Search(2);
        Assert.Equal([0], none.TopKs.ToArray());
        await World.RefusedAsync("nq", () => world.Proxy.SearchAsync(
            RequestContext.Default, new SearchRequest { Collection = "c", Keys = PrimaryKeys.Of([.. Enumerable.Range(0, 16385).Select(i => (long)i)]), Params = Params(("topk", "16385")) }));
    }

    [Fact]
    public async Task Bm25_scores_come_from_the_statistics_of_all_shards()
    {
        var texts = new[] { "red apple", "green apple tree", "red red car", "blue sky", "apple apple apple pie", "tree" };
        var answers = new List<string>();
        foreach (var shards in new[] { 1, 3 })
        {
            var world = new World();
            world.Create(
                [Key(), VarChar("t", 64) with { TypeParams = [new Property("max_length", "64"), new Property("enable_analyzer", "true")] }, Vector("s", type: DataType.SparseFloatVector) with { IsFunctionOutput = true }],
                shards,
                functions: new FunctionSchema { Name = "f", Type = FunctionType.BM25, InputFields = ["t"], OutputFields = ["s"] });
            await world.InsertAsync(6, Int64s("id", 1, 2, 3, 4, 5, 6), Texts("t", texts));
            var queries = new QueryVectors(DataType.VarChar, ["apple tree"u8.ToArray(), "RED"u8.ToArray(), "unknown"u8.ToArray()]);
            var result = await world.SearchAsync(queries, ("topk", "10"), ("metric_type", "BM25"));
            Assert.Equal([4, 2, 0], result.TopKs.ToArray());
            Assert.Equal(["2", "6", "5", "1"], ShowAll(result.Ids.Column).Take(4));
            // "red" stands in 2 of 6 rows; row 3 has it twice in 3 tokens, the mean is 15 tokens / 6 rows.
            var idf = Math.Log(1 + (4.5 / 2.5));
            Assert.Equal(idf * 2 * 2.2 / (2 + (1.2 * (0.25 + (0.75 * 3 / 2.5)))), result.Scores[4], 1e-5);
            answers.Add(Text(result));
            // Rows are searched by through the texts that their terms come from.
            var byKeys = await world.Proxy.SearchAsync(
                RequestContext.Default, new SearchRequest { Collection = "c", Keys = PrimaryKeys.Of(6, 1), Params = Params(("topk", "10"), ("metric_type", "BM25")), ConsistencyLevel = ConsistencyLevel.Strong });
            var byTexts = await world.SearchAsync(new QueryVectors(DataType.VarChar, ["tree"u8.ToArray(), "red apple"u8.ToArray()]), ("topk", "10"), ("metric_type", "BM25"));
            Assert.Equal([2, 4], byKeys.TopKs.ToArray());
            Assert.Equal(Text(byTexts), Text(byKeys));
            // How a query is cut and weighed is the server's: it has to be a text.
            await World.RefusedAsync("please provide varchar/text for BM25 Function based search, got SparseFloatVector",
                () => world.SearchAsync(new QueryVectors(DataType.SparseFloatVector, [SparseBytes((1, 1f))]), ("topk", "10"), ("metric_type", "BM25")));
            await World.RefusedAsync("not allowed to retrieve raw data of field s", () => world.SearchAsync(queries, ["s"], ("topk", "10")));
            Assert.DoesNotContain("s", (await world.SearchAsync(queries, ["*"], ("topk", "10"))).Columns.Select(c => c.Name));
        }
        Assert.Equal(answers[0], answers[1]);
    }
}
