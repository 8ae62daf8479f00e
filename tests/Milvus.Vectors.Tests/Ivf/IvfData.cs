using Milvus.Model;

namespace Milvus.Vectors.Tests.Ivf;

/// <summary>Stores, queries and recall of the inverted file tests.</summary>
internal static class IvfData
{
    public static VectorStore Clustered(DataType type, int dimension, int rows, int seed = 1, int clusters = 60) =>
        TestVectors.Store(type, dimension, TestVectors.Clustered(new Random(seed), type, dimension, rows, clusters, 0.6));

    /// <summary>Queries near rows of the store, in its type.</summary>
    public static byte[] Near(VectorStore store, int count, int seed = 2)
    {
        var random = new Random(seed);
        var queries = new byte[count * store.RowBytes];
        for (int i = 0; i < count; i++)
        {
            Span<byte> query = queries.AsSpan(i * store.RowBytes, store.RowBytes);
            store.Row(random.Next(store.Count)).CopyTo(query);
            if (store.Type == DataType.BinaryVector)
            {
                for (int bit = 0; bit < store.Dimension; bit++)
                    query[bit / 8] ^= (byte)(random.Next(12) == 0 ? 1 << (bit % 8) : 0);
                continue;
            }

            for (int k = 0; k < store.Dimension && store.Type == DataType.FloatVector; k++)
                BitConverter.TryWriteBytes(query[(k * 4)..], BitConverter.ToSingle(query[(k * 4)..]) + (0.3f * (random.NextSingle() - 0.5f)));
        }

        return queries;
    }

    /// <summary>The share of the exact answers that an index finds.</summary>
    public static double Recall(VectorIndex index, byte[] queries, VectorSearchParameters parameters, ulong[]? bits = null)
    {
        VectorStore store = index.Store;
        var exact = new FlatIndex(store, index.Metric);
        TopK found = new(), wanted = new();
        int hits = 0, all = 0;
        for (int q = 0; q < queries.Length / store.RowBytes; q++)
        {
            ReadOnlySpan<byte> query = queries.AsSpan(q * store.RowBytes, store.RowBytes);
            RowFilter filter = bits is null ? RowFilter.All : new RowFilter(bits);
            index.Search(query, store.Type, parameters, filter, found);
            exact.Search(query, store.Type, parameters, filter, wanted);
            Check(index, query, found, bits);
            Assert.Equal(wanted.Count, parameters.IsRangeSearch ? wanted.Count : found.Count);
            hits += found.Rows.ToArray().Intersect(wanted.Rows.ToArray()).Count();
            all += wanted.Count;
        }

        return all == 0 ? 1 : (double)hits / all;
    }

    /// <summary>Whatever was found is in order, passes, occurs once, and has its exact score.</summary>
    private static void Check(VectorIndex index, ReadOnlySpan<byte> query, TopK found, ulong[]? bits)
    {
        Assert.Equal(found.Count, found.Rows.ToArray().Distinct().Count());
        double sign = index.Metric.LargerIsBetter() ? -1 : 1;
        for (int i = 0; i < found.Count; i++)
        {
            int row = found.Rows[i];
            Assert.True(bits is null || ((bits[row / 64] >> (row % 64)) & 1) != 0);
            double exact = ReferenceDistance.Score(index.Store.Type, index.Metric, index.Store.Dimension, query, index.Store.Row(row));
            Assert.Equal(exact, found.Scores[i], 1e-4 * Math.Max(1, Math.Abs(exact)));
            Assert.True(i == 0 || sign * found.Scores[i - 1] <= sign * found.Scores[i]);
        }
    }
}
