using Milvus.Model;

namespace Milvus.Vectors.Tests.Hnsw;

public sealed class HnswSearchTests
{
    private static readonly HnswParameters Usual = new() { M = 16, EfConstruction = 100 };

    [Fact]
    public void Finds_the_neighbours_of_clustered_data()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 32, TestVectors.Clustered(new Random(1), DataType.FloatVector, 32, 5000, 50));
        byte[] queries = TestVectors.Clustered(new Random(1), DataType.FloatVector, 32, 5100, 50)[(5000 * 128)..];
        HnswIndex index = HnswBuilder.Build(store, MetricType.L2, Usual);
        double narrow = Recall(index, queries, 10, 20), wide = Recall(index, queries, 10, 100);
        Assert.True(wide >= 0.99, $"recall {wide} at ef 100");
        Assert.True(narrow >= 0.9 && narrow <= wide, $"recall {narrow} at ef 20");
        Assert.InRange(index.MemoryBytes, HnswIndex.EstimateMemoryBytes(5000, 16) * 95 / 100, HnswIndex.EstimateMemoryBytes(5000, 16) * 105 / 100);
    }

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.IP)]
    [InlineData(DataType.FloatVector, MetricType.Cosine)]
    [InlineData(DataType.Float16Vector, MetricType.L2)]
    [InlineData(DataType.Float16Vector, MetricType.Cosine)]
    [InlineData(DataType.BFloat16Vector, MetricType.L2)]
    [InlineData(DataType.BFloat16Vector, MetricType.IP)]
    [InlineData(DataType.Int8Vector, MetricType.L2)]
    [InlineData(DataType.Int8Vector, MetricType.Cosine)]
    [InlineData(DataType.BinaryVector, MetricType.Hamming)]
    [InlineData(DataType.BinaryVector, MetricType.Jaccard)]
    public void Works_for_every_dense_type(DataType type, MetricType metric)
    {
        int dimension = type == DataType.BinaryVector ? 64 : 24;
        byte[] rows = TestVectors.Clustered(new Random(2), type, dimension, 1230, 30, 0.6);
        int bytes = type.VectorBytes(dimension);
        VectorStore store = TestVectors.Store(type, dimension, rows[..(1200 * bytes)]);
        HnswIndex index = HnswBuilder.Build(store, metric, Usual);
        double recall = Recall(index, rows[(1200 * bytes)..], 10, 100);
        Assert.True(recall >= 0.95, $"recall {recall}");
    }

    [Fact]
    public void Scores_equal_those_of_the_exact_index_bit_for_bit()
    {
        foreach ((DataType type, MetricType metric) in new[] { (DataType.FloatVector, MetricType.L2), (DataType.Float16Vector, MetricType.Cosine), (DataType.Int8Vector, MetricType.IP) })
        {
            VectorStore store = TestVectors.Store(type, 45, TestVectors.Clustered(new Random(3), type, 45, 600, 10));
            HnswIndex index = Traversing(HnswBuilder.Build(store, metric, Usual));
            var flat = new FlatIndex(store, metric);
            var all = new TopK();
            var found = new TopK();
            for (int row = 0; row < 600; row += 97)
            {
                byte[] query = store.Row(row).ToArray();
                flat.Search(query, type, new VectorSearchParameters(600), default, all);
                Dictionary<int, float> exact = all.Rows.ToArray().Zip(all.Scores.ToArray()).ToDictionary();
                index.Search(query, type, new VectorSearchParameters(33) { Ef = 50 }, default, found);
                for (int i = 0; i < found.Count; i++)
                    Assert.Equal(exact[found.Rows[i]], found.Scores[i]);
            }
        }
    }

    [Fact]
    public void Small_and_empty_indexes_answer()
    {
        var found = new TopK();
        foreach (int rows in new[] { 0, 1, 2, 3, 17 })
        {
            VectorStore store = TestVectors.Store(DataType.FloatVector, 6, TestVectors.Random(new Random(4), DataType.FloatVector, 6, rows));
            HnswIndex built = HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 2, EfConstruction = 1, Threads = 4 });
            foreach (HnswIndex index in new[] { built, Traversing(built) })
            {
                index.Search(new byte[24], DataType.FloatVector, new VectorSearchParameters(10), default, found);
                Assert.Equal(Math.Min(10, rows), found.Count);
                index.Search(new byte[24], DataType.FloatVector, new VectorSearchParameters(10), new RowFilter([]), found);
                Assert.Equal(0, found.Count);
            }
        }
    }

    [Fact]
    public void Searches_for_thousands_of_rows_reach_nearly_all()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 16, TestVectors.Clustered(new Random(5), DataType.FloatVector, 16, 3000, 12));
        HnswIndex index = Traversing(HnswBuilder.Build(store, MetricType.L2, Usual));
        var found = new TopK();
        index.Search(store.Row(5), DataType.FloatVector, new VectorSearchParameters(16384), default, found);
        Assert.Equal(3000, found.Count);
        index.Search(store.Row(5), DataType.FloatVector, new VectorSearchParameters(2000), default, found);
        Assert.Equal(2000, found.Count);
    }

    [Fact]
    public void The_widest_beams_are_no_wider_than_the_index()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 8, TestVectors.Random(new Random(5), DataType.FloatVector, 8, 200));
        HnswIndex index = Traversing(HnswBuilder.Build(store, MetricType.L2, new HnswParameters { M = 4, EfConstruction = int.MaxValue }));
        var found = new TopK();
        index.Search(store.Row(5), DataType.FloatVector, new VectorSearchParameters(int.MaxValue) { Ef = int.MaxValue }, default, found);
        Assert.Equal(200, found.Count);
    }

    [Fact]
    public void A_heap_of_equal_rows_hides_nothing_behind_it()
    {
        var random = new Random(6);
        byte[] rows = TestVectors.Clustered(random, DataType.FloatVector, 12, 1500, 20);
        for (int row = 0; row < 600; row++)
            rows.AsSpan(1499 * 48, 48).CopyTo(rows.AsSpan(row * 48));
        VectorStore store = TestVectors.Store(DataType.FloatVector, 12, rows);
        HnswIndex index = Traversing(HnswBuilder.Build(store, MetricType.L2, Usual));
        double recall = Recall(index, rows[(1400 * 48)..], 20, 64);
        Assert.True(recall >= 0.98, $"recall {recall}");
    }

    [Fact]
    public void Range_search_keeps_the_bounds_and_finds_what_lies_between()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 16, TestVectors.Clustered(new Random(7), DataType.FloatVector, 16, 4000, 10));
        HnswIndex built = HnswBuilder.Build(store, MetricType.L2, Usual);
        var flat = new FlatIndex(store, MetricType.L2);
        var all = new TopK();
        var found = new TopK();
        foreach (HnswIndex index in new[] { built, Traversing(built) })
        {
            int expected = 0, hits = 0;
            for (int row = 0; row < 4000; row += 211)
            {
                byte[] query = store.Row(row).ToArray();
                flat.Search(query, DataType.FloatVector, new VectorSearchParameters(200), default, all);
                float inner = all.Scores[20], outer = all.Scores[120];
                index.Search(query, DataType.FloatVector, new VectorSearchParameters(500) { Radius = outer, RangeFilter = inner }, default, found);
                foreach (float score in found.Scores)
                    Assert.True(score >= inner && score < outer);
                expected += all.Scores.ToArray().Count(score => score >= inner && score < outer);
                hits += found.Count;
            }

            Assert.True(hits >= 0.97 * expected && hits <= expected, $"{hits} of {expected}");
        }
    }

    [Fact]
    public void Searching_allocates_nothing_once_warm()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 16, TestVectors.Clustered(new Random(8), DataType.FloatVector, 16, 1500, 10));
        HnswIndex index = Traversing(HnswBuilder.Build(store, MetricType.Cosine, Usual));
        byte[] query = store.Row(3).ToArray();
        ulong[] bits = TestVectors.Bits(1500, row => row % 2 == 0);
        var found = new TopK();
        long least = long.MaxValue;
        // Scratch is pooled over all threads: tests beside this one may take what it had warmed up.
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

    internal static HnswIndex Traversing(HnswIndex index) =>
        new HnswIndex(index.Store, index.Metric, index.Parameters, index.Graph, index.Coded, index.RowCodes?.Codes, index.Refinement?.Codes) { AlwaysTraverse = true }.Tried(index.DefaultBeam);

    /// <summary>The share of returned rows that are as good as the k-th exact one.</summary>
    internal static double Recall(HnswIndex index, byte[] queries, int k, int ef)
    {
        index = Traversing(index);
        var flat = new FlatIndex(index.Store, index.Metric);
        var exact = new TopK();
        var found = new TopK();
        int bytes = index.Store.RowBytes, hits = 0, count = queries.Length / bytes;
        double sign = index.Metric.LargerIsBetter() ? -1 : 1;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> query = queries.AsSpan(i * bytes, bytes);
            flat.Search(query, index.Store.Type, new VectorSearchParameters(k), default, exact);
            index.Search(query, index.Store.Type, new VectorSearchParameters(k) { Ef = ef }, default, found);
            float worst = exact.Scores[^1];
            hits += found.Scores.ToArray().Count(score => sign * score <= sign * worst);
        }

        return hits / (double)(k * count);
    }
}
