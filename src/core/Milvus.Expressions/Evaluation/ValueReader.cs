using System.Runtime.InteropServices;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Evaluation;

/// <summary>
/// Brings the values that a <see cref="ColumnRef"/> names into the shape that operators work on, and marks rows without one (nulls,
/// positions behind an array's end) as unknown. Plain columns are not copied.
/// </summary>
internal static class ValueReader
{
    /// <summary>Values of a fixed-width type; bool is read as the bytes 0 and 1.</summary>
    /// <param name="slot">Scratch slot that gathered values take.</param>
    public static ReadOnlySpan<T> Fixed<T>(in BlockContext block, ColumnRef column, int slot, Span<ulong> unknown)
        where T : unmanaged
    {
        var source = block.GetColumn(column.FieldId);
        Bitmaps.OrNulls(unknown, source.Validity);
        if (column.ElementIndex < 0) return Values<T>(source)[..block.RowCount];
        var array = (ArrayColumn)source;
        var elements = Values<T>(array.Elements);
        var gathered = block.Scratch.Values<T>(slot, block.RowCount);
        var offsets = array.Offsets[..(block.RowCount + 1)];
        for (var row = 0; row < gathered.Length; row++)
        {
            var at = (long)offsets[row] + column.ElementIndex;
            if (at < offsets[row + 1]) gathered[row] = elements[(int)at];
            else
            {
                gathered[row] = default;
                unknown[row >> 6] |= 1UL << (row & 63);
            }
        }
        return gathered;
    }

    /// <summary>All values of a fixed-width column.</summary>
    public static ReadOnlySpan<T> Values<T>(Column column)
        where T : unmanaged =>
        typeof(T) == typeof(byte)
            ? MemoryMarshal.Cast<bool, T>(((FixedColumn<bool>)column).Values)
            : ((FixedColumn<T>)column).Values;

    /// <summary>Integers, booleans and timestamps widened to 64 bits in scratch memory; the caller may change them.</summary>
    public static Span<long> Longs(in BlockContext block, ColumnRef column, int slot, Span<ulong> unknown)
    {
        var target = block.Scratch.Values<long>(slot, block.RowCount);
        switch (column.Type)
        {
            case DataType.Bool: WidenBackwards(Fixed<byte>(block, column, slot, unknown), target); break;
            case DataType.Int8: WidenBackwards(Fixed<sbyte>(block, column, slot, unknown), target); break;
            case DataType.Int16: WidenBackwards(Fixed<short>(block, column, slot, unknown), target); break;
            case DataType.Int32: WidenBackwards(Fixed<int>(block, column, slot, unknown), target); break;
            default: WidenBackwards(Fixed<long>(block, column, slot, unknown), target); break;
        }
        return target;
    }

    /// <summary>Numbers as doubles in scratch memory; the caller may change them.</summary>
    public static Span<double> Doubles(in BlockContext block, ColumnRef column, int slot, Span<ulong> unknown)
    {
        var target = block.Scratch.Values<double>(slot, block.RowCount);
        switch (column.Type)
        {
            case DataType.Int8: WidenBackwards(Fixed<sbyte>(block, column, slot, unknown), target); break;
            case DataType.Int16: WidenBackwards(Fixed<short>(block, column, slot, unknown), target); break;
            case DataType.Int32: WidenBackwards(Fixed<int>(block, column, slot, unknown), target); break;
            case DataType.Int64: WidenBackwards(Fixed<long>(block, column, slot, unknown), target); break;
            case DataType.Float: WidenBackwards(Fixed<float>(block, column, slot, unknown), target); break;
            default: WidenBackwards(Fixed<double>(block, column, slot, unknown), target); break;
        }
        return target;
    }

    /// <summary>From the last to the first: gathered values start where the wider ones go.</summary>
    private static void WidenBackwards<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<TTo> target)
        where TFrom : unmanaged, System.Numerics.INumber<TFrom>
        where TTo : unmanaged, System.Numerics.INumber<TTo>
    {
        for (var i = source.Length - 1; i >= 0; i--) target[i] = TTo.CreateTruncating(source[i]);
    }

    /// <summary>Text values of a VarChar column or of one position of a VarChar array.</summary>
    public static TextView Text(in BlockContext block, ColumnRef column, int slot, Span<ulong> unknown)
    {
        var source = block.GetColumn(column.FieldId);
        Bitmaps.OrNulls(unknown, source.Validity);
        if (column.ElementIndex < 0) return new TextView((BinaryColumn)source, default);
        var array = (ArrayColumn)source;
        var positions = block.Scratch.Values<int>(slot, block.RowCount);
        var offsets = array.Offsets[..(block.RowCount + 1)];
        for (var row = 0; row < positions.Length; row++)
        {
            var at = (long)offsets[row] + column.ElementIndex;
            if (at < offsets[row + 1]) positions[row] = (int)at;
            else unknown[row >> 6] |= 1UL << (row & 63);
        }
        return new TextView((BinaryColumn)array.Elements, positions);
    }
}

/// <summary>UTF-8 values by row; rows marked unknown must not be asked for.</summary>
internal readonly ref struct TextView(BinaryColumn column, ReadOnlySpan<int> positions)
{
    private readonly ReadOnlySpan<int> _offsets = column.Offsets;
    private readonly ReadOnlySpan<byte> _data = column.Data;
    private readonly ReadOnlySpan<int> _positions = positions;

    public ReadOnlySpan<byte> this[int row]
    {
        get
        {
            var at = _positions.IsEmpty ? row : _positions[row];
            var start = _offsets[at];
            return _data.Slice(start, _offsets[at + 1] - start);
        }
    }
}
