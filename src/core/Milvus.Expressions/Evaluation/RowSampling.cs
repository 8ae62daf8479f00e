using Milvus.Expressions.Kernels;

namespace Milvus.Expressions.Evaluation;

/// <summary>Keeps each row with a given probability, decided by seed and row number alone.</summary>
internal static class RowSampling
{
    public static void Apply(Span<ulong> rows, double rate, long seed, long firstRow)
    {
        // 53 bits compare exactly with a double's fraction.
        var limit = (ulong)(rate * (1UL << 53));
        for (var w = 0; w < rows.Length; w++)
        {
            for (var open = rows[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                if (Mix((ulong)seed + (ulong)(firstRow + (w << 6) + bit + 1) * 0x9E3779B97F4A7C15UL) >> 11 >= limit) rows[w] &= ~(1UL << bit);
            }
        }
    }

    /// <summary>SplitMix64's finalizer (Steele, Lea and Flood, 2014).</summary>
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
