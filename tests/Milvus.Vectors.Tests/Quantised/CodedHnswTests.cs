using Milvus.Model;
using Milvus.Vectors.Tests.Hnsw;

namespace Milvus.Vectors.Tests.Quantised;

/// <summary>Graphs that are built and searched by codes of their rows.</summary>
public sealed class CodedHnswTests
{
    private const int Rows = 3000;

    public static TheoryData<GraphCodes, DataType, MetricType> Cases
    {
        get
        {
            var cases = new TheoryData<GraphCodes, DataType, MetricType>();
            foreach (GraphCodes codes in new[] { GraphCodes.Bytes, GraphCodes.Signs })
            {
                foreach ((DataType type, MetricType metric) in TestVectors.Pairs.Where(pair => pair.Type != DataType.BinaryVector))
                    cases.Add(codes, type, metric);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Finds_neighbours_with_exact_scores(GraphCodes codes, DataType type, MetricType metric)
    {
        int dimension = DimensionFor(codes, 48);
        byte[] all = TestVectors.Clustered(new Random(2), type, dimension, Rows + 40, 40, 0.6);
        int bytes = type.VectorBytes(dimension);
        HnswIndex index = Build(TestVectors.Store(type, dimension, all[..(Rows * bytes)]), metric, codes);
        Assert.Equal(codes == GraphCodes.Bytes ? VectorIndexKind.HnswBytes : VectorIndexKind.HnswSigns, index.Kind);
        double recall = HnswSearchTests.Recall(index, all[(Rows * bytes)..], 10, 120);
        Assert.True(recall >= 0.97, $"recall {recall}");

        var flat = new FlatIndex(index.Store, metric);
        var exact = new TopK();
        var found = new TopK();
        byte[] query = all[^bytes..];
        flat.Search(query, type, new VectorSearchParameters(Rows), default, exact);
        Dictionary<int, float> scores = exact.Rows.ToArray().Zip(exact.Scores.ToArray()).ToDictionary();
        HnswSearchTests.Traversing(index).Search(query, type, new VectorSearchParameters(25) { Ef = 60 }, default, found);
        Assert.Equal(25, found.Count);
        for (int i = 0; i < found.Count; i++)
            Assert.Equal(scores[found.Rows[i]], found.Scores[i]);
    }

    [Theory]
    [InlineData(GraphCodes.Bytes)]
    [InlineData(GraphCodes.Signs)]
    public void Comes_back_from_a_file_and_answers_the_same(GraphCodes codes)
    {
        int dimension = DimensionFor(codes, 40);
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, TestVectors.Clustered(new Random(4), DataType.FloatVector, dimension, 1500, 20));
        HnswIndex index = Build(store, MetricType.Cosine, codes);
        byte[] saved = TestVectors.Saved(index);
        HnswIndex loaded = Assert.IsType<HnswIndex>(VectorIndexFile.Load(new MemoryStream(saved), store, "index"));
        Assert.Equal(index.Kind, loaded.Kind);
        Assert.Equal(index.Parameters with { Threads = 1 }, loaded.Parameters);
        Assert.Equal(index.MemoryBytes, loaded.MemoryBytes);
        Assert.Equal(saved, TestVectors.Saved(loaded));
        var before = new TopK();
        var after = new TopK();
        for (int row = 0; row < 1500; row += 50)
        {
            HnswSearchTests.Traversing(index).Search(store.Row(row), DataType.FloatVector, new VectorSearchParameters(9), default, before);
            HnswSearchTests.Traversing(loaded).Search(store.Row(row), DataType.FloatVector, new VectorSearchParameters(9), default, after);
            Assert.Equal(before.Rows, after.Rows);
            Assert.Equal(before.Scores, after.Scores);
        }

        for (int position = 0; position < saved.Length; position += 997)
        {
            byte[] damaged = [.. saved];
            damaged[position] ^= 4;
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(damaged), store, "index"));
        }
    }

    [Theory]
    [InlineData(GraphCodes.Bytes)]
    [InlineData(GraphCodes.Signs)]
    public void One_thread_and_one_seed_give_one_file(GraphCodes codes)
    {
        int dimension = DimensionFor(codes, 40);
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, TestVectors.Clustered(new Random(5), DataType.FloatVector, dimension, 1200, 20));
        Assert.Equal(TestVectors.Saved(Build(store, MetricType.L2, codes, 1)), TestVectors.Saved(Build(store, MetricType.L2, codes, 1)));
    }

    [Theory]
    [InlineData(GraphCodes.Bytes)]
    [InlineData(GraphCodes.Signs)]
    public void Filters_and_ranges_hold(GraphCodes codes)
    {
        int dimension = DimensionFor(codes, 32);
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, TestVectors.Clustered(new Random(6), DataType.FloatVector, dimension, Rows, 25));
        HnswIndex built = Build(store, MetricType.L2, codes);
        var flat = new FlatIndex(store, MetricType.L2);
        var random = new Random(7);
        var exact = new TopK();
        var found = new TopK();
        int hits = 0, expected = 0;
        for (int round = 0; round < 60; round++)
        {
            HnswIndex index = round % 2 == 0 ? built : HnswSearchTests.Traversing(built);
            byte[] query = store.Row(random.Next(Rows)).ToArray();
            int percent = random.Next(1, 100);
            ulong[] bits = TestVectors.Bits(Rows, _ => random.Next(100) < percent);
            flat.Search(query, DataType.FloatVector, new VectorSearchParameters(60), new RowFilter(bits), exact);
            var parameters = new VectorSearchParameters(20) { Ef = 100 };
            if (round % 3 == 1 && exact.Count > 40)
                parameters = parameters with { Radius = exact.Scores[40], RangeFilter = round % 4 == 1 ? exact.Scores[10] : null };
            index.Search(query, DataType.FloatVector, parameters, new RowFilter(bits), found);
            flat.Search(query, DataType.FloatVector, parameters, new RowFilter(bits), exact);
            foreach (int row in found.Rows)
                Assert.True(((bits[row / 64] >> row) & 1) != 0);
            foreach (float score in found.Scores)
                Assert.True((parameters.Radius is not { } outer || score < outer) && (parameters.RangeFilter is not { } inner || score >= inner));
            if (!parameters.IsRangeSearch)
                Assert.Equal(exact.Count, found.Count);
            Assert.Equal(found.Scores.ToArray().Order(), found.Scores.ToArray());
            hits += found.Rows.ToArray().Intersect(exact.Rows.ToArray()).Count();
            expected += exact.Count;
        }

        Assert.True(hits >= 0.97 * expected, $"{hits} of {expected}");
    }

    /// <summary>Rows that pass lie far from the query: nothing near it may be returned, and enough that is far must be found.</summary>
    [Theory]
    [InlineData(GraphCodes.Bytes)]
    [InlineData(GraphCodes.Signs)]
    public void A_filter_that_keeps_only_far_rows_is_answered_well(GraphCodes codes)
    {
        int dimension = DimensionFor(codes, 24);
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, TestVectors.Clustered(new Random(10), DataType.FloatVector, dimension, Rows, 15));
        HnswIndex index = HnswSearchTests.Traversing(Build(store, MetricType.L2, codes));
        var found = new TopK();
        int hits = 0;
        for (int row = 0; row < 200; row += 20)
        {
            byte[] query = store.Row(row).ToArray();
            int[] far = [.. TestVectors.Scan(store, MetricType.L2, query).Skip(Rows / 2).Select(hit => hit.Row)];
            ulong[] bits = TestVectors.Bits(Rows, far.Contains);
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(20) { Ef = 80 }, new RowFilter(bits), found);
            Assert.Equal(20, found.Count);
            Assert.All(found.Rows.ToArray(), hit => Assert.Contains(hit, far));
            hits += found.Rows.ToArray().Intersect(far[..20]).Count();
        }

        Assert.True(hits >= 190, $"{hits} of 200");
    }

    [Theory]
    [InlineData(GraphCodes.Bytes)]
    [InlineData(GraphCodes.Signs)]
    public void Small_odd_and_wide_searches_answer(GraphCodes codes)
    {
        var found = new TopK();
        foreach (int rows in new[] { 0, 1, 2, 40, 300 })
        {
            VectorStore store = TestVectors.Store(DataType.FloatVector, 7, TestVectors.Random(new Random(8), DataType.FloatVector, 7, rows));
            HnswIndex built = Build(store, MetricType.IP, codes);
            foreach (HnswIndex index in new[] { built, HnswSearchTests.Traversing(built) })
            {
                foreach (int k in new[] { 1, 10, 250, 20_000 })
                {
                    index.Search(new byte[28], DataType.FloatVector, new VectorSearchParameters(k), default, found);
                    Assert.Equal(Math.Min(k, rows), found.Count);
                }

                index.Search(new byte[28], DataType.FloatVector, new VectorSearchParameters(10), new RowFilter([]), found);
                Assert.Equal(0, found.Count);
            }
        }
    }

    [Fact]
    public void Searching_by_codes_allocates_nothing_once_warm()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 272, TestVectors.Clustered(new Random(8), DataType.FloatVector, 272, 1500, 10));
        HnswIndex index = HnswSearchTests.Traversing(Build(store, MetricType.Cosine, GraphCodes.Signs));
        byte[] query = store.Row(3).ToArray();
        ulong[] bits = TestVectors.Bits(1500, row => row % 2 == 0);
        var found = new TopK();
        long least = long.MaxValue;
        for (int round = 0; round < 20 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                index.Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = 60 }, default, found);
                index.Search(query, DataType.FloatVector, new VectorSearchParameters(10) { Ef = 60 }, new RowFilter(bits), found);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void Binary_rows_know_no_codes()
    {
        VectorStore store = TestVectors.Store(DataType.BinaryVector, 64, TestVectors.Random(new Random(9), DataType.BinaryVector, 64, 200));
        HnswIndex index = Build(store, MetricType.Hamming, GraphCodes.Signs);
        Assert.Equal(VectorIndexKind.Hnsw, index.Kind);
    }

    /// <summary>1-bit codes are made of vectors that are not short.</summary>
    private static int DimensionFor(GraphCodes codes, int dimension) => codes == GraphCodes.Signs ? dimension + CodedTraversal.WidestInsteadOfSigns : dimension;

    private static HnswIndex Build(VectorStore store, MetricType metric, GraphCodes codes, int threads = 2) =>
        HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 100, Codes = codes, Threads = threads });
}
