namespace Milvus.Vectors;

/// <summary>
/// Draws the level of every row before building: exponentially distributed with factor 1 / ln M (Malkov and Yashunin 2016,
/// section 4.1), from a hash of seed and row, so that it does not depend on the order of insertion.
/// </summary>
internal static unsafe class HnswLevels
{
    public const int Highest = 30;

    /// <summary>The level of one row.</summary>
    public static int Of(int row, int m, ulong seed)
    {
        ulong mixed = Mix(seed + (0x9E37_79B9_7F4A_7C15UL * ((ulong)row + 1)));
        double uniform = ((mixed >> 11) + 1) * (1.0 / (1UL << 53));
        return Math.Min(Highest, (int)(-Math.Log(uniform) / Math.Log(m)));
    }

    /// <summary>A graph without links whose upper levels hold the rows drawn for them.</summary>
    public static HnswGraph Draw(int rows, int m, ulong seed)
    {
        var counts = new int[Highest + 1];
        int top = 0;
        for (int row = 0; row < rows; row++)
        {
            int level = Of(row, m, seed);
            top = Math.Max(top, level);
            for (int l = 1; l <= level; l++)
                counts[l]++;
        }

        var graph = new HnswGraph(rows, m, counts.AsSpan(1, top));
        graph.Base.Clear();
        foreach (UpperLevel level in graph.Upper)
            level.Links.Clear();
        var filled = new int[top + 1];
        for (int row = 0; row < rows; row++)
        {
            int level = Of(row, m, seed);
            int below = row;
            for (int l = 1; l <= level; l++)
            {
                int slot = filled[l]++;
                graph.Upper[l - 1].Rows[slot] = row;
                graph.Upper[l - 1].Down[slot] = below;
                below = slot;
            }
        }

        return graph;
    }

    /// <summary>The finaliser of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EBUL;
        return value ^ (value >> 31);
    }
}
