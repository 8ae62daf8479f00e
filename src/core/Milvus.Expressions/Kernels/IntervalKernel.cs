using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Milvus.Expressions.Kernels;

/// <summary>
/// low ≤ value ≤ high over fixed-width values, 64 rows to a word. Every order comparison of integers and floats is such an interval, so
/// one kernel serves all; NaN lies in none.
/// </summary>
internal static class IntervalKernel
{
    /// <param name="result">⌈values / 64⌉ words; bits behind the last value are 0.</param>
    public static void Test<T>(ReadOnlySpan<T> values, T low, T high, Span<ulong> result)
        where T : unmanaged, INumber<T>
    {
        var words = values.Length >> 6;
        ref var first = ref MemoryMarshal.GetReference(values);
        if (Vector512.IsHardwareAccelerated) Test512(ref first, words, low, high, result);
        else if (Vector256.IsHardwareAccelerated) Test256(ref first, words, low, high, result);
        else if (Vector128.IsHardwareAccelerated) Test128(ref first, words, low, high, result);
        else
            for (var w = 0; w < words; w++) result[w] = TestWord(values.Slice(w << 6, 64), low, high);
        if ((values.Length & 63) != 0) result[words] = TestWord(values[(words << 6)..], low, high);
    }

    /// <summary>The reference: one word, row by row.</summary>
    public static ulong TestWord<T>(ReadOnlySpan<T> values, T low, T high)
        where T : unmanaged, INumber<T>
    {
        ulong word = 0;
        for (var i = 0; i < values.Length; i++)
            if (values[i] >= low && values[i] <= high) word |= 1UL << i;
        return word;
    }

    private static void Test512<T>(ref T first, int words, T low, T high, Span<ulong> result)
        where T : unmanaged
    {
        var lows = Vector512.Create(low);
        var highs = Vector512.Create(high);
        for (var w = 0; w < words; w++)
        {
            ref var at = ref Unsafe.Add(ref first, w << 6);
            ulong word = 0;
            for (var k = 0; k < 64; k += Vector512<T>.Count)
            {
                var v = Vector512.LoadUnsafe(ref at, (nuint)k);
                var hit = Vector512.GreaterThanOrEqual(v, lows) & Vector512.LessThanOrEqual(v, highs);
                word |= hit.ExtractMostSignificantBits() << k;
            }
            result[w] = word;
        }
    }

    private static void Test256<T>(ref T first, int words, T low, T high, Span<ulong> result)
        where T : unmanaged
    {
        var lows = Vector256.Create(low);
        var highs = Vector256.Create(high);
        for (var w = 0; w < words; w++)
        {
            ref var at = ref Unsafe.Add(ref first, w << 6);
            ulong word = 0;
            for (var k = 0; k < 64; k += Vector256<T>.Count)
            {
                var v = Vector256.LoadUnsafe(ref at, (nuint)k);
                var hit = Vector256.GreaterThanOrEqual(v, lows) & Vector256.LessThanOrEqual(v, highs);
                word |= (ulong)hit.ExtractMostSignificantBits() << k;
            }
            result[w] = word;
        }
    }

    private static void Test128<T>(ref T first, int words, T low, T high, Span<ulong> result)
        where T : unmanaged
    {
        var lows = Vector128.Create(low);
        var highs = Vector128.Create(high);
        for (var w = 0; w < words; w++)
        {
            ref var at = ref Unsafe.Add(ref first, w << 6);
            ulong word = 0;
            for (var k = 0; k < 64; k += Vector128<T>.Count)
            {
                var v = Vector128.LoadUnsafe(ref at, (nuint)k);
                var hit = Vector128.GreaterThanOrEqual(v, lows) & Vector128.LessThanOrEqual(v, highs);
                word |= (ulong)hit.ExtractMostSignificantBits() << k;
            }
            result[w] = word;
        }
    }
}
