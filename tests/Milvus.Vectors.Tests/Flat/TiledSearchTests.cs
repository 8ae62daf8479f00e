using Milvus.Model;

namespace Milvus.Vectors.Tests.Flat;

/// <summary>Many queries at once are compared by products of tiles; answers must be those of one query at a time, to the last bit.</summary>
public sealed unsafe class TiledSearchTests
{
    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2)]
    [InlineData(DataType.FloatVector, MetricType.IP)]
    [InlineData(DataType.FloatVector, MetricType.Cosine)]
    [InlineData(DataType.Float16Vector, MetricType.L2)]
    [InlineData(DataType.BFloat16Vector, MetricType.Cosine)]
    public void A_batch_answers_like_single_queries(DataType type, MetricType metric)
    {
        var random = new Random(7);
        foreach ((int dimension, int rows, int queries) in new[] { (3, 40, 6), (17, 1500, 7), (40, 777, 49), (129, 300, 130), (64, 9, 33), (100, 2500, 70) })
        {
            VectorStore store = TestVectors.Store(type, dimension, TestVectors.Clustered(random, type, dimension, rows, 5));
            byte[] asked = TestVectors.Clustered(random, type, dimension, queries, 5);
            Check(store, type, metric, asked, queries, default);
            Check(store, type, metric, asked, queries, TestVectors.Bits(rows, _ => random.Next(3) == 0));
            Check(store, type, metric, asked, queries, TestVectors.Bits(rows, _ => false));
        }
    }

    [Fact]
    public void Rows_far_from_the_origin_and_zero_rows_are_not_lost()
    {
        var random = new Random(5);
        byte[] rows = TestVectors.Random(random, DataType.FloatVector, 30, 500);
        for (int i = 0; i < rows.Length; i += 4)
            BitConverter.TryWriteBytes(rows.AsSpan(i), (BitConverter.ToSingle(rows, i) * 0.01f) + 100f);
        Array.Clear(rows, 0, 30 * 4 * 20);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 30, rows);
        foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
            Check(store, DataType.FloatVector, metric, rows[(10 * 120)..(60 * 120)], 50, default);
    }

    [Fact]
    public void Rows_that_bytes_cannot_tell_apart_are_compared_by_more()
    {
        // One component is so much larger than the others that these round to nothing.
        var random = new Random(15);
        const int dimension = 64;
        byte[] rows = TestVectors.Random(random, DataType.FloatVector, dimension, 6000);
        for (int row = 0; row < 6000; row++)
            BitConverter.TryWriteBytes(rows.AsSpan(row * dimension * 4), 5000f + random.NextSingle());
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, rows);
        foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
            Check(store, DataType.FloatVector, metric, rows[..(50 * dimension * 4)], 50, default);
    }

    /// <summary>Further passes of a batch do not try bytes again.</summary>
    [Fact]
    public void Batches_of_several_passes_that_bytes_cannot_tell_apart_are_answered()
    {
        const int Dimension = 2048, Rows = 2600, Queries = 400;
        var random = new Random(8);
        byte[] rows = TestVectors.Random(random, DataType.FloatVector, Dimension, Rows);
        for (int row = 0; row < Rows; row++)
            BitConverter.TryWriteBytes(rows.AsSpan(row * Dimension * sizeof(float)), 5000f + random.NextSingle());
        VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, rows);
        Check(store, DataType.FloatVector, MetricType.L2, rows[..(Queries * Dimension * sizeof(float))], Queries, null);
    }

    [Fact]
    public void Byte_tiles_multiply_exactly()
    {
        if (!ByteTile.IsSupported)
            return;
        var random = new Random(4);
        foreach ((int dimension, int count) in new[] { (1, 1), (5, 16), (48, 17), (63, 40), (64, 48), (130, 100) })
        {
            int padded = ByteTile.Pad(dimension), full = ByteTile.Queries;
            var rows = new byte[ByteTile.Rows * padded];
            byte most = ByteTile.IsNarrow ? (byte)NarrowTile.MostOfRow : byte.MaxValue;
            for (int i = 0; i < rows.Length; i++)
                rows[i] = (byte)random.Next(most + 1);
            for (int first = 0; first < count; first += full)
            {
                int width = ByteTile.GroupWidth(first, count);
                var queries = new short[width, dimension];
                var group = new sbyte[width * padded];
                var units = new short[dimension];
                var products = new int[ByteTile.Rows * ByteTile.MaxQueries];
                fixed (byte* r = rows)
                fixed (sbyte* g = group)
                fixed (short* u = units)
                fixed (int* p = products)
                {
                    for (int q = 0; q < Math.Min(width, count - first); q++)
                    {
                        // The largest units of either sign among them: sums of products come to their limits.
                        for (int k = 0; k < dimension; k++)
                            u[k] = queries[q, k] = (short)(q == 0 ? ByteTile.MostUnits : q == 1 ? -ByteTile.MostUnits : random.Next(-ByteTile.MostUnits, ByteTile.MostUnits + 1));
                        ByteTile.Pack(u, dimension, g, width, q);
                    }

                    if (first == 0)
                        Array.Fill(rows, most, 0, padded);
                    ByteTile.Multiply(r, g, padded, width, p);
                    for (int i = 0; i < ByteTile.Rows; i++)
                    {
                        for (int q = 0; q < width; q++)
                            Assert.Equal(Enumerable.Range(0, dimension).Sum(k => rows[(i * padded) + k] * queries[q, k]), products[(i * ByteTile.MaxQueries) + q]);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(127)]
    [InlineData(32_767)]
    public void Rounded_queries_know_what_rounding_changed_and_fit_32_bits(int most)
    {
        var random = new Random(14);
        foreach (int dimension in new[] { 1, 5, 48, 63, 64, 130, 768, 20_000 })
        {
            float[] vector = [.. Enumerable.Range(0, dimension).Select(_ => dimension == 20_000 ? 3f : random.NextSingle() - 0.5f)];
            var units = new short[dimension + 3];
            RoundedQuery rounded;
            fixed (float* v = vector)
            fixed (short* u = units)
                rounded = RoundedQuery.Of(v, dimension, most, u, dimension + 3);
            double norm = 0, error = 0;
            long sum = 0, sizes = 0;
            for (int k = 0; k < dimension; k++)
            {
                norm += vector[k] * vector[k];
                error += Math.Pow(vector[k] - (units[k] * (double)rounded.Step), 2);
                sum += units[k];
                sizes += Math.Abs((int)units[k]);
                Assert.InRange(units[k], -most, most);
            }

            Assert.Equal(Math.Sqrt(norm), rounded.Norm, 1e-4 * Math.Sqrt(norm));
            Assert.Equal(Math.Sqrt(error), rounded.Error, (1e-2 * rounded.Step * Math.Sqrt(dimension)) + (1e-6 * Math.Sqrt(norm)));
            Assert.Equal(sum, rounded.Sum);
            Assert.True(sizes * byte.MaxValue <= int.MaxValue);
            Assert.All(units[dimension..], unit => Assert.Equal(0, unit));
        }
    }

    [Fact]
    public void Range_bounds_stay_exact()
    {
        var random = new Random(6);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 24, TestVectors.Random(random, DataType.FloatVector, 24, 400));
        var index = new FlatIndex(store, MetricType.L2);
        byte[] query = store.Row(5).ToArray();
        byte[] queries = [.. Enumerable.Repeat(query, 20).SelectMany(q => q)];
        var one = new TopK();
        index.Search(query, DataType.FloatVector, new VectorSearchParameters(100), default, one);
        var parameters = new VectorSearchParameters(50) { Radius = one.Scores[40], RangeFilter = one.Scores[10] };
        TopK[] batch = [.. Enumerable.Range(0, 20).Select(_ => new TopK())];
        int[] expected = one.Rows[10..40].ToArray();
        index.SearchBatch(queries, DataType.FloatVector, parameters, default, batch);
        Assert.All(batch, found => Assert.Equal(expected, found.Rows.ToArray()));
    }

    [Fact]
    public void Both_tiles_multiply_alike()
    {
        var random = new Random(3);
        const int dimension = 37;
        byte** pointers = stackalloc byte*[8];
        foreach (int count in new[] { 1, 16, 20, 48, 60, 100 })
        {
            float[] queries = [.. Enumerable.Range(0, count * dimension).Select(_ => random.NextSingle() - 0.5f)];
            float[] rows = [.. Enumerable.Range(0, 8 * dimension).Select(_ => random.NextSingle() - 0.5f)];
            var packed = new float[ProductTile.PackedLength(count, dimension)];
            var products = new float[ProductTile.Rows * ProductTile.MaxQueries];
            var narrow = new float[ProductTile.Rows * ProductTile.MaxQueries];
            fixed (float* q = queries, r = rows, p = packed, wide = products, small = narrow)
            {
                ProductTile.Pack((byte*)q, dimension * 4, count, dimension, p);
                for (int i = 0; i < 8; i++)
                    pointers[i] = (byte*)(r + (i * dimension));
                float* group = p;
                for (int first = 0; first < count;)
                {
                    int width = ProductTile.GroupWidth(first, count);
                    ProductTile.Multiply(pointers, group, width, dimension, wide);
                    for (int j = 0; j < width; j += 16)
                    {
                        ProductTile.Four16(pointers, group + j, width, dimension, small + j);
                        ProductTile.Four16(pointers + 4, group + j, width, dimension, small + (4 * ProductTile.MaxQueries) + j);
                    }

                    for (int i = 0; i < 8; i++)
                    {
                        for (int j = 0; j < width && first + j < count; j++)
                        {
                            double exact = 0;
                            for (int k = 0; k < dimension; k++)
                                exact += (double)rows[(i * dimension) + k] * queries[((first + j) * dimension) + k];
                            Assert.Equal(exact, wide[(i * ProductTile.MaxQueries) + j], 1e-5);
                            Assert.Equal(exact, small[(i * ProductTile.MaxQueries) + j], 1e-5);
                        }
                    }

                    group += width * dimension;
                    first += width;
                }
            }
        }
    }

    private static void Check(VectorStore store, DataType type, MetricType metric, byte[] asked, int queries, ulong[]? bits)
    {
        var index = new FlatIndex(store, metric);
        RowFilter filter = bits is null ? RowFilter.All : new RowFilter(bits);
        TopK[] batch = [.. Enumerable.Range(0, queries).Select(_ => new TopK())];
        index.SearchBatch(asked, type, new VectorSearchParameters(12), filter, batch);
        for (int q = 0; q < queries; q++)
        {
            var one = new TopK();
            index.Search(asked.AsSpan(q * store.RowBytes, store.RowBytes), type, new VectorSearchParameters(12), filter, one);
            Assert.Equal(one.Rows, batch[q].Rows);
            Assert.Equal(one.Scores, batch[q].Scores);
        }
    }
}
