using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Where the vectors of a sealed nullable field lie: only rows that have a vector take a slot of the store, in row order. Null rows
/// must not be in the store because an index over it would link everything to their placeholders. Immutable.
/// </summary>
internal sealed class VectorSlots
{
    private readonly ulong[] _valid;
    private readonly int[] _before;
    private readonly int[] _rows;

    /// <param name="valid">Which rows have a vector; bits behind the last row are ignored.</param>
    public VectorSlots(Validity valid)
    {
        _valid = valid.Words.ToArray();
        if (_valid.Length > 0) RowBits.ClearTail(_valid, valid.Count);
        _before = new int[_valid.Length + 1];
        for (var i = 0; i < _valid.Length; i++) _before[i + 1] = _before[i] + BitOperations.PopCount(_valid[i]);
        _rows = RowBits.ToRows(_valid, valid.Count);
    }

    /// <summary>Rows that have a vector.</summary>
    public int Count => _rows.Length;

    public long MemoryBytes => (_valid.LongLength * sizeof(ulong)) + ((_before.LongLength + _rows.LongLength) * sizeof(int));

    /// <summary>The bits of rows that have a vector.</summary>
    public ReadOnlySpan<ulong> ValidWords => _valid;

    /// <summary>The row of a slot; ascending like the slots.</summary>
    public int RowOf(int slot) => _rows[slot];

    /// <summary>The slot of a row, or −1 when it has no vector.</summary>
    public int SlotOf(int row)
    {
        var word = _valid[row >> 6];
        var bit = 1UL << (row & 63);
        return (word & bit) == 0 ? -1 : _before[row >> 6] + BitOperations.PopCount(word & (bit - 1));
    }

    /// <summary>How many of the rows below <paramref name="rowCount"/> have a vector: the slots that a reader of them may see.</summary>
    public int CountBelow(int rowCount)
    {
        var count = _before[rowCount >> 6];
        if ((rowCount & 63) != 0) count += BitOperations.PopCount(_valid[rowCount >> 6] & ((1UL << (rowCount & 63)) - 1));
        return count;
    }

    /// <summary>Turns bits of rows into bits of their slots; rows without a vector fall out.</summary>
    /// <param name="rows">Bits of the first <paramref name="rowCount"/> rows.</param>
    /// <param name="rowCount">Rows the bits are about.</param>
    /// <param name="slots">Room for one bit per slot of those rows; overwritten.</param>
    public void Translate(ReadOnlySpan<ulong> rows, int rowCount, Span<ulong> slots)
    {
        slots.Clear();
        for (var i = 0; i < rows.Length; i++)
        {
            var mask = _valid[i];
            if (i == rowCount >> 6) mask &= (1UL << (rowCount & 63)) - 1;
            if (mask == 0) continue;
            var bits = Extract(rows[i], mask);
            if (bits == 0) continue;
            int at = _before[i] >> 6, shift = _before[i] & 63;
            slots[at] |= bits << shift;
            if (shift != 0 && bits >> (64 - shift) is not 0 and var rest) slots[at + 1] |= rest;
        }
    }

    /// <summary>The bits of <paramref name="value"/> under the mask, moved together at the low end.</summary>
    private static ulong Extract(ulong value, ulong mask)
    {
        if (mask == ulong.MaxValue) return value;
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitExtract(value, mask);
        ulong bits = 0;
        for (var n = 0; mask != 0; n++, mask &= mask - 1)
            if ((value & mask & (ulong)-(long)mask) != 0) bits |= 1UL << n;
        return bits;
    }
}
