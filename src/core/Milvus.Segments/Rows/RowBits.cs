using System.Numerics;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Small operations on row bitsets: bit r % 64 of word r / 64 stands for row r.</summary>
internal static class RowBits
{
    /// <summary>Sets the first <paramref name="rowCount"/> bits and clears the rest of the last word.</summary>
    public static void FillPrefix(Span<ulong> words, int rowCount)
    {
        var count = Validity.WordCount(rowCount);
        words[..count].Fill(ulong.MaxValue);
        ClearTail(words, rowCount);
    }

    /// <summary>Clears the bits of the last word that lie behind <paramref name="rowCount"/>.</summary>
    public static void ClearTail(Span<ulong> words, int rowCount)
    {
        if ((rowCount & 63) != 0) words[rowCount >> 6] &= (1UL << (rowCount & 63)) - 1;
    }

    public static void ClearRange(Span<ulong> words, int start, int end)
    {
        if (start >= end) return;
        int first = start >> 6, last = (end - 1) >> 6;
        var firstMask = ulong.MaxValue << (start & 63);
        var lastMask = ulong.MaxValue >> (63 - ((end - 1) & 63));
        if (first == last)
        {
            words[first] &= ~(firstMask & lastMask);
            return;
        }
        words[first] &= ~firstMask;
        words[(first + 1)..last].Clear();
        words[last] &= ~lastMask;
    }

    public static void FillRange(Span<ulong> words, int start, int end)
    {
        if (start >= end) return;
        int first = start >> 6, last = (end - 1) >> 6;
        var firstMask = ulong.MaxValue << (start & 63);
        var lastMask = ulong.MaxValue >> (63 - ((end - 1) & 63));
        if (first == last)
        {
            words[first] |= firstMask & lastMask;
            return;
        }
        words[first] |= firstMask;
        words[(first + 1)..last].Fill(ulong.MaxValue);
        words[last] |= lastMask;
    }

    /// <summary>Sets the bits of <paramref name="other"/>, its bit 0 at <paramref name="start"/>. Bits that are set must have room.</summary>
    public static void OrShifted(Span<ulong> words, int start, ReadOnlySpan<ulong> other)
    {
        int at = start >> 6, shift = start & 63;
        for (var i = 0; i < other.Length; i++)
        {
            if (other[i] == 0) continue;
            words[at + i] |= other[i] << shift;
            if (shift != 0 && other[i] >> (64 - shift) is not 0 and var rest) words[at + i + 1] |= rest;
        }
    }

    public static void And(Span<ulong> words, ReadOnlySpan<ulong> other)
    {
        var n = Math.Min(words.Length, other.Length);
        for (var i = 0; i < n; i++) words[i] &= other[i];
    }

    public static bool IsSet(ReadOnlySpan<ulong> words, int row) => (words[row >> 6] >> (row & 63) & 1) != 0;

    /// <summary>The rows below <paramref name="rowCount"/> whose bits are set, ascending, at most <paramref name="limit"/>.</summary>
    public static int[] ToRows(ReadOnlySpan<ulong> words, int rowCount, int limit = int.MaxValue)
    {
        var rows = new int[Math.Min(new Vectors.RowFilter(words).CountPassing(rowCount), limit)];
        var next = 0;
        for (var i = 0; i < words.Length && next < rows.Length; i++)
        {
            for (var word = words[i]; word != 0 && next < rows.Length; word &= word - 1)
                rows[next++] = (i << 6) + BitOperations.TrailingZeroCount(word);
        }
        return rows;
    }
}
