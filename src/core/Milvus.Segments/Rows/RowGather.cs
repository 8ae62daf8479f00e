using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Copies chosen rows out of blocks into one column.</summary>
internal static class RowGather
{
    /// <summary>The rows in the given order, from blocks that <paramref name="block"/> hands out.</summary>
    public static Column FromBlocks(FieldSchema field, ReadOnlySpan<int> rows, Func<int, Column> block)
    {
        if (rows.IsEmpty) return ColumnBuilder.For(field).Build();
        // What every search fetches.
        if (field.Type == DataType.Int64 && Keys(rows, block) is { } keys) return keys;
        if (IsOneBlock(rows))
        {
            var within = new int[rows.Length];
            for (var i = 0; i < within.Length; i++) within[i] = rows[i] & (ColumnLimits.BlockRows - 1);
            return block(rows[0] >> ColumnLimits.BlockShift).Take(within);
        }
        var builder = ColumnBuilder.For(field);
        var current = -1;
        Column source = null!;
        foreach (var row in rows)
        {
            if (row >> ColumnLimits.BlockShift != current)
            {
                current = row >> ColumnLimits.BlockShift;
                source = block(current);
            }
            builder.AppendFrom(source, row & (ColumnLimits.BlockRows - 1));
        }
        return builder.Build();
    }

    /// <summary>Dense vectors of the rows.</summary>
    /// <param name="valid">Which rows of the store hold a vector; null when all do.</param>
    public static VectorColumn Vectors(VectorStore store, ulong[]? valid, ReadOnlySpan<int> rows)
    {
        var data = new byte[checked(rows.Length * store.RowBytes)];
        for (var i = 0; i < rows.Length; i++) store.Row(rows[i]).CopyTo(data.AsSpan(i * store.RowBytes));
        return new VectorColumn(store.Type, store.Dimension, data, valid is null ? null : TakeValidity(valid, rows));
    }

    /// <summary>The same from a store where only rows with a vector have a place.</summary>
    public static VectorColumn FromSlots(VectorStore store, VectorSlots slots, ReadOnlySpan<int> rows)
    {
        var data = new byte[checked(rows.Length * store.RowBytes)];
        for (var i = 0; i < rows.Length; i++)
        {
            var slot = slots.SlotOf(rows[i]);
            if (slot >= 0) store.Row(slot).CopyTo(data.AsSpan(i * store.RowBytes));
        }
        return new VectorColumn(store.Type, store.Dimension, data, TakeValidity(slots.ValidWords, rows));
    }

    /// <summary>Sparse vectors of the rows, with validity as for dense ones.</summary>
    public static BinaryColumn Sparse(SparseRowStore store, ulong[]? valid, ReadOnlySpan<int> rows)
    {
        var offsets = new int[rows.Length + 1];
        for (var i = 0; i < rows.Length; i++) offsets[i + 1] = checked(offsets[i] + store.Row(rows[i]).Length);
        var data = new byte[offsets[^1]];
        for (var i = 0; i < rows.Length; i++) store.Row(rows[i]).CopyTo(data.AsSpan(offsets[i]));
        return new BinaryColumn(DataType.SparseFloatVector, offsets, data, valid is null ? null : TakeValidity(valid, rows));
    }

    /// <summary>The row numbers of a block in a segment of <paramref name="rowCount"/> rows.</summary>
    public static int[] RowsOf(int block, int rowCount)
    {
        var start = block << ColumnLimits.BlockShift;
        var rows = new int[Math.Min(ColumnLimits.BlockRows, rowCount - start)];
        for (var i = 0; i < rows.Length; i++) rows[i] = start + i;
        return rows;
    }

    /// <summary>The bits of the rows, in their order; null when all are set.</summary>
    public static Validity? TakeValidity(ReadOnlySpan<ulong> valid, ReadOnlySpan<int> rows)
    {
        var words = new ulong[Validity.WordCount(rows.Length)];
        var all = true;
        for (var i = 0; i < rows.Length; i++)
        {
            if (RowBits.IsSet(valid, rows[i])) words[i >> 6] |= 1UL << (i & 63);
            else all = false;
        }
        return all ? null : new Validity(words, rows.Length);
    }

    /// <summary>Null when a block has nulls.</summary>
    private static FixedColumn<long>? Keys(ReadOnlySpan<int> rows, Func<int, Column> block)
    {
        var values = new long[rows.Length];
        var current = -1;
        ReadOnlySpan<long> source = default;
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] >> ColumnLimits.BlockShift != current)
            {
                current = rows[i] >> ColumnLimits.BlockShift;
                if (block(current) is not FixedColumn<long> { Validity: null } column) return null;
                source = column.Values;
            }
            values[i] = source[rows[i] & (ColumnLimits.BlockRows - 1)];
        }
        return new FixedColumn<long>(DataType.Int64, values);
    }

    private static bool IsOneBlock(ReadOnlySpan<int> rows)
    {
        var block = rows[0] >> ColumnLimits.BlockShift;
        foreach (var row in rows)
            if (row >> ColumnLimits.BlockShift != block) return false;
        return true;
    }
}
