using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Clusters of binary rows: rows go to the nearest centroid by the index's own metric, and a centroid's bits are those of the majority of
/// its rows (k-majority; Grana, Borghesani, Manfredi and Cucchiara 2013). A centroid without rows takes a random row.
/// </summary>
internal static unsafe class BitClusters
{
    private const int Iterations = 8;
    private const int RowsPerBlock = 256;
    private const int RowsAtOnce = 32;

    /// <summary>Learns centroids from some rows of a store.</summary>
    public static VectorStore Train(VectorStore store, MetricType metric, int lists, int[] sample, Random random, int threads, CancellationToken cancellation)
    {
        VectorStore centroids = VectorStore.Create(DataType.BinaryVector, store.Dimension, lists);
        for (int list = 0; list < lists; list++)
            centroids.Append(store.Row(sample[list % sample.Length]));
        var nearest = new int[sample.Length];
        for (int pass = 0; pass < Iterations && lists > 1; pass++)
        {
            int[] before = [.. nearest];
            Assign(store, sample, centroids, metric, nearest, threads, null, cancellation);
            if (pass > 0 && before.AsSpan().SequenceEqual(nearest))
                break;
            Update(store, sample, nearest, centroids, random);
        }

        return centroids;
    }

    /// <summary>Finds the nearest centroid of rows, given by number or all.</summary>
    public static void Assign(
        VectorStore store, int[]? rows, VectorStore centroids, MetricType metric, int[] nearest, int threads, Action<int>? progress,
        CancellationToken cancellation)
    {
        FlatScanner scanner = FlatScanner.For(DataType.BinaryVector, metric, InstructionSets.Best);
        int bytes = store.RowBytes;
        BuildThreads.ForBlocks(nearest.Length, RowsPerBlock, threads, cancellation, (first, some) =>
        {
            var queries = new byte[RowsAtOnce * bytes];
            TopK[] best = [.. Enumerable.Range(0, RowsAtOnce).Select(_ => new TopK())];
            for (int done = 0; done < some; done += RowsAtOnce)
            {
                int now = Math.Min(RowsAtOnce, some - done);
                for (int i = 0; i < now; i++)
                    store.Row(rows is null ? first + done + i : rows[first + done + i]).CopyTo(queries.AsSpan(i * bytes));
                scanner.Search(
                    centroids, metric, centroids.Count, queries.AsSpan(0, now * bytes), DataType.BinaryVector, new VectorSearchParameters(1), RowFilter.All,
                    best.AsSpan(0, now));
                for (int i = 0; i < now; i++)
                    nearest[first + done + i] = best[i].Rows[0];
            }

            progress?.Invoke(some);
        });
    }

    private static void Update(VectorStore store, int[] sample, int[] nearest, VectorStore centroids, Random random)
    {
        int dimension = store.Dimension, lists = centroids.Count;
        var ones = new int[(long)lists * dimension];
        var sizes = new int[lists];
        for (int i = 0; i < sample.Length; i++)
        {
            sizes[nearest[i]]++;
            ReadOnlySpan<byte> row = store.Row(sample[i]);
            Span<int> counts = ones.AsSpan(nearest[i] * dimension, dimension);
            for (int bit = 0; bit < dimension; bit++)
                counts[bit] += (row[bit >> 3] >> (bit & 7)) & 1;
        }

        for (int list = 0; list < lists; list++)
        {
            var target = new Span<byte>(centroids.RowPointer(list), store.RowBytes);
            if (sizes[list] == 0)
            {
                store.Row(sample[random.Next(sample.Length)]).CopyTo(target);
                continue;
            }

            target.Clear();
            for (int bit = 0; bit < dimension; bit++)
                target[bit >> 3] |= (byte)((2 * ones[(list * dimension) + bit] > sizes[list] ? 1 : 0) << (bit & 7));
        }
    }
}
