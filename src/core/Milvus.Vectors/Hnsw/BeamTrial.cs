using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// How wide the beam of a search that names none has to be. Sixteen rows are enough for a few hits where rows lie near few directions, as embeddings do; where they
/// lie around their centres in hundreds of directions alike, all neighbours are about as far, and as narrow a beam misses one in ten. Asked of the graph itself, by
/// a few searches between its rows.
/// </summary>
internal static unsafe class BeamTrial
{
    /// <summary>Smaller sets are scanned, or nearly so.</summary>
    private const int LeastRows = 4096;

    private const int Searches = 32;
    /// <summary>Two of them are the neighbours that a search is between, which any beam finds.</summary>
    private const int Wanted = 12;

    /// <summary>Rows searched for themselves: where parts of a graph hang together by few links, a narrow beam may end in the wrong one and find nothing of use.</summary>
    private const int Rows = 128;

    /// <summary>So many of them may be missed: one tells little.</summary>
    private const int MostLost = 1;

    /// <summary>A beam that finds nearly all.</summary>
    private const int Judge = 128;

    /// <summary>Of what the judge finds, which misses a few itself.</summary>
    private const double LeastShare = 0.975;

    private static readonly int[] s_widths = [24, 32, 48];
    private const int Widest = 64;

    /// <summary>The narrowest beam that finds enough, at least <paramref name="least"/>. Deterministic; takes some milliseconds.</summary>
    public static int Width(HnswIndex index, int least)
    {
        VectorStore store = index.Store;
        if (index.Count < LeastRows || !CodeSpace.Serves(store.Type))
            return least;
        DataType form = store.Type == DataType.Int8Vector ? DataType.Int8Vector : DataType.FloatVector;
        var queries = new byte[Searches][];
        var worst = new float[Searches];
        var results = new TopK();
        int all = 0;
        for (int i = 0; i < Searches; i++)
        {
            // Half-way between two neighbours: a place where no row is, among rows. As near as the last of the nearest counts as found: rows may be equal.
            int row = (int)((long)i * index.Count / Searches), link = index.Graph.BaseLayer.Links(row)[0], neighbour = link < 0 ? row : link;
            queries[i] = Between(store, form, row, neighbour);
            Search(index, queries[i], form, Judge, results);
            worst[i] = results.Scores[^1];
            all += results.Count;
        }

        if (IsEnough(least))
            return least;
        foreach (int width in s_widths)
        {
            if (IsEnough(width))
                return width;
        }

        return Widest;

        bool IsEnough(int width)
        {
            int met = 0, lost = 0;
            for (int i = 0; i < Searches; i++)
            {
                Search(index, queries[i], form, width, results);
                foreach (float score in results.Scores)
                    met += score == worst[i] || score < worst[i] != index.Metric.LargerIsBetter() ? 1 : 0;
            }

            // By products a row need not be the nearest to itself.
            for (int i = 0; i < Rows && index.Metric != MetricType.IP; i++)
            {
                int row = (int)((long)i * index.Count / Rows);
                Search(index, Between(store, form, row, row), form, width, results);
                lost += results.Rows.Contains(row) || IsEqual(index.Metric, results.Scores[0]) ? 0 : 1;
            }

            return met >= LeastShare * all && lost <= MostLost;
        }
    }

    /// <summary>Whether a score is that of a row equal to the query.</summary>
    private static bool IsEqual(MetricType metric, float score) => metric == MetricType.L2 ? score == 0 : score >= 0.9999f;

    private static void Search(HnswIndex index, byte[] query, DataType form, int width, TopK results) =>
        index.Search(query, form, new VectorSearchParameters(Wanted) { Ef = width }, RowFilter.All, results);

    private static byte[] Between(VectorStore store, DataType form, int row, int other)
    {
        float[] one = new float[store.Dimension], two = new float[store.Dimension];
        fixed (float* first = one, second = two)
        {
            FloatRows.Decode(store.Type, store.RowPointer(row), first, store.Dimension);
            FloatRows.Decode(store.Type, store.RowPointer(other), second, store.Dimension);
        }

        GC.KeepAlive(store);
        for (int i = 0; i < one.Length; i++)
            one[i] = (one[i] + two[i]) / 2;
        return form == DataType.FloatVector ? MemoryMarshal.AsBytes<float>(one).ToArray() : [.. one.Select(value => (byte)(sbyte)MathF.Round(value))];
    }
}
