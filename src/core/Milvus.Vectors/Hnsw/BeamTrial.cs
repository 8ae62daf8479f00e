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
    private const int Wanted = 10;

    /// <summary>A beam that finds nearly all.</summary>
    private const int Judge = 128;

    /// <summary>Of what the judge finds, which misses a few itself.</summary>
    private const double LeastShare = 0.97;

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
        var known = new HashSet<int>[Searches];
        var results = new TopK();
        int all = 0;
        for (int i = 0; i < Searches; i++)
        {
            // Half-way between two neighbours: a place where no row is, among rows. The two are found by any beam.
            int row = (int)((long)i * index.Count / Searches), link = index.Graph.BaseLayer.Links(row)[0], neighbour = link < 0 ? row : link;
            queries[i] = Between(store, form, row, neighbour);
            known[i] = [.. Found(index, queries[i], form, Judge, results).Where(found => found != row && found != neighbour).Take(Wanted)];
            all += known[i].Count;
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
            int met = 0;
            for (int i = 0; i < Searches; i++)
                met += Found(index, queries[i], form, width, results).Count(known[i].Contains);
            return met >= LeastShare * all;
        }
    }

    private static int[] Found(HnswIndex index, byte[] query, DataType form, int width, TopK results)
    {
        index.Search(query, form, new VectorSearchParameters(Wanted + 2) { Ef = width }, RowFilter.All, results);
        return results.Rows.ToArray();
    }

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
