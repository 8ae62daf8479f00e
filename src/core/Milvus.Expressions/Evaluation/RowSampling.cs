using System.Numerics;
using Milvus.Expressions.Kernels;

namespace Milvus.Expressions.Evaluation;

/// <summary>Keeps a share of rows, decided by seed and row number alone.</summary>
internal static class RowSampling
{
    /// <summary>Keeps <paramref name="rate"/> of the set rows, rounded down but one at least, each equally likely (Knuth's algorithm S).</summary>
    public static void Apply(Span<ulong> rows, double rate, long seed)
    {
        var left = 0UL;
        foreach (var word in rows) left += (ulong)BitOperations.PopCount(word);
        var wanted = Math.Max(1UL, (ulong)(left * rate));
        for (var w = 0; w < rows.Length; w++)
        {
            for (var open = rows[w]; open != 0; left--)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var drawn = Math.BigMul(Mix((ulong)seed + (ulong)((w << 6) + bit + 1) * 0x9E3779B97F4A7C15UL), left, out _);
                if (drawn < wanted) wanted--;
                else rows[w] &= ~(1UL << bit);
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
