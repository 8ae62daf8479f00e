using Milvus.Model;

namespace Milvus.Vectors.Tests.Flat;

public sealed class FlatIndexTests
{
    /// <summary>Most binary rows are as near as many others, and the first of them are found.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(768)]
    public void Binary_rows_are_passed_over_together_and_none_is_missed(int bits)
    {
        var random = new Random(bits);
        VectorStore store = TestVectors.Store(DataType.BinaryVector, bits, TestVectors.Clustered(random, DataType.BinaryVector, bits, 3001, 40));
        var found = new TopK();
        foreach (MetricType metric in new[] { MetricType.Hamming, MetricType.Jaccard, MetricType.Substructure, MetricType.Superstructure })
        {
            for (int round = 0; round < 5; round++)
            {
                byte[] query = store.Row(random.Next(3001)).ToArray();
                query[0] ^= (byte)random.Next(256);
                new FlatIndex(store, metric).Search(query, DataType.BinaryVector, new VectorSearchParameters(9), default, found);
                (int Row, double Score)[] expected = TestVectors.Scan(store, metric, query)[..9];
                Assert.Equal(expected.Select(hit => hit.Row), found.Rows.ToArray());
                Assert.All(expected.Zip(found.Scores.ToArray()), pair => Assert.Equal(pair.First.Score, pair.Second, 1e-6));
            }
        }
    }

    public static TheoryData<DataType, MetricType> Pairs
    {
        get
        {
            var data = new TheoryData<DataType, MetricType>();
            foreach ((DataType type, MetricType metric) in TestVectors.Pairs)
                data.Add(type, metric);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Equals_a_double_precision_scan(DataType type, MetricType metric)
    {
        var random = new Random(11);
        foreach ((int dimension, int rows, int k) in new[] { (8, 1, 5), (24, 37, 10), (40, 1100, 25), (136, 300, 100) })
        {
            VectorStore store = TestVectors.Store(type, dimension, TestVectors.Random(random, type, dimension, rows));
            byte[] queries = TestVectors.Random(random, type, dimension, 5);
            ulong[] bits = TestVectors.Bits(rows, _ => random.Next(3) == 0);
            var index = new FlatIndex(store, metric);
            TopK[] batch = [.. Enumerable.Range(0, 5).Select(_ => new TopK())];
            foreach (bool filtered in new[] { false, true })
            {
                RowFilter filter = filtered ? new RowFilter(bits) : RowFilter.All;
                index.SearchBatch(queries, type, new VectorSearchParameters(k), filter, batch);
                for (int q = 0; q < 5; q++)
                {
                    byte[] query = queries[(q * store.RowBytes)..((q + 1) * store.RowBytes)];
                    var one = new TopK();
                    index.Search(query, type, new VectorSearchParameters(k), filter, one);
                    Assert.Equal(batch[q].Rows, one.Rows);
                    Assert.Equal(batch[q].Scores, one.Scores);
                    SameAs(TestVectors.Scan(store, metric, query, row => !filtered || ((bits[row / 64] >> (row % 64)) & 1) != 0), one, store, metric, query);
                }
            }
        }
    }

    [Fact]
    public void Float32_queries_search_16_bit_fields()
    {
        var random = new Random(5);
        foreach (DataType type in new[] { DataType.Float16Vector, DataType.BFloat16Vector })
        {
            VectorStore store = TestVectors.Store(type, 20, TestVectors.Random(random, type, 20, 50));
            byte[] query = store.Row(17).ToArray();
            float[] wide = [.. Enumerable.Range(0, 20).Select(i => (float)ReferenceDistance.Component(type, query, i))];
            var own = new TopK();
            var converted = new TopK();
            var index = new FlatIndex(store, MetricType.L2);
            index.Search(query, type, new VectorSearchParameters(10), default, own);
            index.Search(System.Runtime.InteropServices.MemoryMarshal.AsBytes(wide.AsSpan()), DataType.FloatVector, new VectorSearchParameters(10), default, converted);
            Assert.Equal(own.Rows, converted.Rows);
            Assert.Equal(own.Scores, converted.Scores);
            Assert.Equal(17, own.Rows[0]);
        }
    }

    [Fact]
    public void Refuses_queries_of_another_type_or_length()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 4, new byte[16]);
        var index = new FlatIndex(store, MetricType.L2);
        Assert.Throws<ArgumentException>(() => index.Search(new byte[12], DataType.FloatVector, new VectorSearchParameters(1), default, new TopK()));
        Assert.Throws<ArgumentException>(() => index.Search(new byte[8], DataType.Float16Vector, new VectorSearchParameters(1), default, new TopK()));
        Assert.Throws<ArgumentException>(() => new FlatIndex(store, MetricType.Hamming));
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.IP)]
    [InlineData(MetricType.Cosine)]
    public void Range_search_excludes_the_radius_and_includes_the_inner_bound(MetricType metric)
    {
        var random = new Random(3);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 16, TestVectors.Random(random, DataType.FloatVector, 16, 300));
        byte[] query = TestVectors.Random(random, DataType.FloatVector, 16, 1);
        var index = new FlatIndex(store, metric);
        var all = new TopK();
        index.Search(query, DataType.FloatVector, new VectorSearchParameters(300), default, all);
        float inner = all.Scores[20], outer = all.Scores[60];
        int[] expected = all.Rows[20..60].ToArray();

        var found = new TopK();
        index.Search(query, DataType.FloatVector, new VectorSearchParameters(300) { Radius = outer, RangeFilter = inner }, default, found);
        Assert.Equal(expected, found.Rows);
        index.Search(query, DataType.FloatVector, new VectorSearchParameters(5) { Radius = outer, RangeFilter = inner }, default, found);
        Assert.Equal(expected[..5], found.Rows);
        index.Search(query, DataType.FloatVector, new VectorSearchParameters(300) { Radius = outer }, default, found);
        Assert.Equal(all.Rows[..60], found.Rows);
    }

    [Fact]
    public void Sees_rows_that_a_growing_store_published_since()
    {
        var random = new Random(9);
        VectorStore store = VectorStore.CreateGrowing(DataType.FloatVector, 12, 100);
        var index = new FlatIndex(store, MetricType.Cosine);
        var found = new TopK();
        index.Search(new byte[48], DataType.FloatVector, new VectorSearchParameters(3), default, found);
        Assert.Equal(0, found.Count);
        for (int batch = 0; batch < 5; batch++)
        {
            store.Append(TestVectors.Random(random, DataType.FloatVector, 12, 77));
            byte[] query = store.Row(store.Count - 1).ToArray();
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(500), default, found);
            Assert.Equal(store.Count, found.Count);
            SameAs(TestVectors.Scan(store, MetricType.Cosine, query), found, store, MetricType.Cosine, query);
        }
    }

    [Fact]
    public void Zero_vectors_have_cosine_zero_and_equal_rows_come_in_row_order()
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 4, new byte[16 * 6]);
        var found = new TopK();
        new FlatIndex(store, MetricType.Cosine).Search(new byte[16], DataType.FloatVector, new VectorSearchParameters(4), default, found);
        Assert.Equal([0, 1, 2, 3], found.Rows);
        Assert.Equal([0f, 0f, 0f, 0f], found.Scores);
    }

    [Fact]
    public void Searching_allocates_nothing_once_warm()
    {
        var random = new Random(1);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 16, TestVectors.Random(random, DataType.FloatVector, 16, 500));
        byte[] query = TestVectors.Random(random, DataType.FloatVector, 16, 1);
        var index = new FlatIndex(store, MetricType.Cosine);
        var found = new TopK();
        ulong[] bits = TestVectors.Bits(500, row => row % 3 == 0);
        long before = 0;
        for (int i = 0; i < 200; i++)
        {
            if (i == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(10), default, found);
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(10), new RowFilter(bits), found);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Same rows in the same order, but rows whose double-precision scores differ by no more than rounding may change places.</summary>
    private static void SameAs((int Row, double Score)[] expected, TopK actual, VectorStore store, MetricType metric, ReadOnlySpan<byte> query)
    {
        Assert.Equal(Math.Min(actual.K, expected.Length), actual.Count);
        Assert.Equal(actual.Count, actual.Rows.ToArray().Distinct().Count());
        for (int i = 0; i < actual.Count; i++)
        {
            double exact = ReferenceDistance.Score(store.Type, metric, store.Dimension, query, store.Row(actual.Rows[i]));
            double tolerance = 1e-5 * Math.Max(1, metric == MetricType.Cosine ? 1 : store.Dimension);
            Assert.Equal(exact, actual.Scores[i], tolerance);
            if (actual.Rows[i] != expected[i].Row)
                Assert.Equal(expected[i].Score, exact, tolerance);
        }
    }
}
