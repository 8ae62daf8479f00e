using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Bench.Lists;

/// <summary>Times an index of ours on one thread, the way the driver times FAISS.</summary>
internal static class Ours
{
    /// <param name="queries">Queries one behind the other in the store's type.</param>
    public static Timing Run(ListSet set, VectorIndex index, byte[] queries, VectorSearchParameters parameters, string setting, double seconds)
    {
        DataType type = index.Store.Type;
        int bytes = index.Store.RowBytes;
        TopK[] found = [.. Enumerable.Range(0, set.QueryCount).Select(_ => new TopK())];
        double alone = BestPass(seconds, () =>
        {
            for (int q = 0; q < found.Length; q++)
                index.Search(queries.AsSpan(q * bytes, bytes), type, parameters, RowFilter.All, found[q]);
        });
        double recall = type == DataType.BinaryVector ? double.NaN : set.Recall(q => found[q].Rows.ToArray());
        double batch = BestPass(seconds, () => index.SearchBatch(queries, type, parameters, RowFilter.All, found));
        return new Timing(setting, alone / found.Length, batch / found.Length, recall);
    }

    public static (double Seconds, IvfIndex Index) Build(ListSet set, IvfParameters parameters)
    {
        double start = ThreadTime.Now();
        IvfIndex index = IvfBuilder.Build(set.Store, MetricType.L2, parameters);
        return (ThreadTime.Now() - start, index);
    }

    public static byte[] Bytes(ListSet set) => MemoryMarshal.AsBytes(set.Queries.AsSpan()).ToArray();

    /// <summary>The signs of rows less the mean of the first ones, as bits.</summary>
    public static byte[] Signs(float[] rows, float[] mean)
    {
        int dimension = mean.Length, bytes = dimension / 8;
        var bits = new byte[rows.Length / dimension * bytes];
        for (int row = 0; row < rows.Length / dimension; row++)
        {
            for (int k = 0; k < bytes * 8; k++)
                bits[(row * bytes) + (k >> 3)] |= (byte)((rows[(row * dimension) + k] > mean[k] ? 1 : 0) << (k & 7));
        }

        return bits;
    }

    private static double BestPass(double seconds, Action pass)
    {
        double best = double.MaxValue;
        double start = ThreadTime.Now();
        do
        {
            double begin = ThreadTime.Now();
            pass();
            best = Math.Min(best, ThreadTime.Now() - begin);
        }
        while (ThreadTime.Now() - start < seconds);
        return best;
    }
}
