using System.Numerics;
using Milvus.Model;

namespace Milvus.Expressions.Kernels;

/// <summary>Word-wise operations on bitmaps of equal length. Small loops that the compiler's bounds elimination handles.</summary>
internal static class Bitmaps
{
    /// <summary>rows &amp;= isTrue &amp; ~isUnknown</summary>
    public static void KeepTrue(Span<ulong> rows, ReadOnlySpan<ulong> isTrue, ReadOnlySpan<ulong> isUnknown)
    {
        for (var i = 0; i < rows.Length; i++) rows[i] &= isTrue[i] & ~isUnknown[i];
    }

    /// <summary>rows &amp;= ~isTrue &amp; ~isUnknown</summary>
    public static void KeepFalse(Span<ulong> rows, ReadOnlySpan<ulong> isTrue, ReadOnlySpan<ulong> isUnknown)
    {
        for (var i = 0; i < rows.Length; i++) rows[i] &= ~(isTrue[i] | isUnknown[i]);
    }

    /// <summary>target |= other</summary>
    public static void Or(Span<ulong> target, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < target.Length; i++) target[i] |= other[i];
    }

    /// <summary>target &amp;= ~other</summary>
    public static void AndNot(Span<ulong> target, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < target.Length; i++) target[i] &= ~other[i];
    }

    public static bool IsEmpty(ReadOnlySpan<ulong> words) => !words.ContainsAnyExcept(0UL);

    /// <summary>Sets the bits of null rows.</summary>
    public static void OrNulls(Span<ulong> target, Validity? validity)
    {
        if (validity is null) return;
        var words = validity.Words[..target.Length];
        for (var i = 0; i < target.Length; i++) target[i] |= ~words[i];
    }

    /// <summary>Clears the bits from <paramref name="count"/> on, in the last word.</summary>
    public static void ClearTail(Span<ulong> words, int count)
    {
        if ((count & 63) != 0) words[^1] &= (1UL << (count & 63)) - 1;
    }

    /// <summary>Sets the bits from <paramref name="start"/> up to before <paramref name="end"/>.</summary>
    public static void SetRange(Span<ulong> words, int start, int end)
    {
        if (start >= end) return;
        var (first, last) = (start >> 6, (end - 1) >> 6);
        var head = ulong.MaxValue << (start & 63);
        var tail = ulong.MaxValue >> (63 - ((end - 1) & 63));
        if (first == last)
        {
            words[first] |= head & tail;
            return;
        }
        words[first] |= head;
        words[(first + 1)..last].Fill(ulong.MaxValue);
        words[last] |= tail;
    }

    /// <summary>Counts the bits set from <paramref name="start"/> up to before <paramref name="end"/>.</summary>
    public static int CountRange(ReadOnlySpan<ulong> words, int start, int end)
    {
        if (start >= end) return 0;
        var (first, last) = (start >> 6, (end - 1) >> 6);
        var head = ulong.MaxValue << (start & 63);
        var tail = ulong.MaxValue >> (63 - ((end - 1) & 63));
        if (first == last) return BitOperations.PopCount(words[first] & head & tail);
        var count = BitOperations.PopCount(words[first] & head) + BitOperations.PopCount(words[last] & tail);
        for (var i = first + 1; i < last; i++) count += BitOperations.PopCount(words[i]);
        return count;
    }

    /// <summary>Counts the bits that are set.</summary>
    public static int Count(ReadOnlySpan<ulong> words)
    {
        var count = 0;
        foreach (var word in words) count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>The lowest set bit's number; clears it.</summary>
    public static int TakeLowest(ref ulong word)
    {
        var bit = BitOperations.TrailingZeroCount(word);
        word &= word - 1;
        return bit;
    }
}
