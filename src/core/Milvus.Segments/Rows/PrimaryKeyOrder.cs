using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// The order of a segment's rows by primary key (text by its bytes), equal keys by row. 4 bytes a row, or nothing when the rows lie in that
/// order already, as rows with automatic ids do. Of a growing segment it covers the rows there were when it was made.
/// </summary>
internal sealed class PrimaryKeyOrder
{
    private readonly Column[] _blocks;
    private readonly int[]? _rows;
    private readonly bool _isInt64;

    public PrimaryKeyOrder(Column[] blocks)
    {
        _blocks = blocks;
        _isInt64 = blocks.Length > 0 && blocks[0].Type == DataType.Int64;
        Count = blocks.Sum(b => b.Count);
        if (!IsAscending()) _rows = _isInt64 ? SortInt64() : SortText();
    }

    public int Count { get; }

    public long MemoryBytes => (_rows?.LongLength ?? 0) * sizeof(int);

    /// <summary>The row at a position of the order.</summary>
    public int RowAt(int position) => _rows is null ? position : _rows[position];

    /// <summary>Positions [Start, End) in the order whose rows have the key.</summary>
    public (int Start, int End) Find(PrimaryKeys keys, int index)
    {
        if (Count == 0 || keys.IsInt64 != _isInt64) return (0, 0);
        return _isInt64 ? FindInt64(keys.Int64s[index]) : FindText(keys.Strings[index]);
    }

    /// <summary>Positions [Start, End) in the order whose rows have a key inside the range; all of them without one.</summary>
    public (int Start, int End) Find(PrimaryKeyRange? range)
    {
        if (range is null || Count == 0) return (0, Count);
        var start = range.Low is { } low ? Bound(low, after: !range.LowInclusive) : 0;
        var end = range.High is { } high ? Bound(high, after: range.HighInclusive) : Count;
        return (start, Math.Max(start, end));
    }

    /// <summary>The first position whose key is not less than the given one, or with <paramref name="after"/> greater than it.</summary>
    private int Bound(PrimaryKeys key, bool after)
    {
        if (key.IsInt64 != _isInt64) return after ? Count : 0;
        if (!_isInt64) return BoundText(key.Strings[0], after);
        return !after ? BoundInt64(key.Int64s[0]) : key.Int64s[0] == long.MaxValue ? Count : BoundInt64(key.Int64s[0] + 1);
    }

    private (int Start, int End) FindInt64(long key)
    {
        var low = BoundInt64(key);
        var high = low;
        while (high < Count && Int64At(RowAt(high)) == key) high++;
        return (low, high);
    }

    private int BoundInt64(long key)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (Int64At(RowAt(middle)) < key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private (int Start, int End) FindText(ReadOnlySpan<byte> key)
    {
        var low = BoundText(key, after: false);
        var high = low;
        while (high < Count && TextAt(RowAt(high)).SequenceEqual(key)) high++;
        return (low, high);
    }

    private int BoundText(ReadOnlySpan<byte> key, bool after)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (TextAt(RowAt(middle)).SequenceCompareTo(key) is var order && (order < 0 || (order == 0 && after))) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private long Int64At(int row) => ((FixedColumn<long>)_blocks[row >> ColumnLimits.BlockShift]).Values[row & (ColumnLimits.BlockRows - 1)];

    private ReadOnlySpan<byte> TextAt(int row) => ((BinaryColumn)_blocks[row >> ColumnLimits.BlockShift])[row & (ColumnLimits.BlockRows - 1)];

    private int CompareRows(int a, int b)
    {
        var order = _isInt64 ? Int64At(a).CompareTo(Int64At(b)) : TextAt(a).SequenceCompareTo(TextAt(b));
        return order != 0 ? order : a.CompareTo(b);
    }

    private bool IsAscending()
    {
        for (var row = 1; row < Count; row++)
            if (CompareRows(row - 1, row) > 0) return false;
        return true;
    }

    private int[] SortInt64()
    {
        var keys = new long[Count];
        var filled = 0;
        foreach (var block in _blocks)
        {
            ((FixedColumn<long>)block).Values.CopyTo(keys.AsSpan(filled));
            filled += block.Count;
        }
        var rows = RowsInOrder();
        Array.Sort(keys, rows);
        // The sort is not stable: rows of one key are put in order afterwards.
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start]) end++;
            if (end - start > 1) rows.AsSpan(start, end - start).Sort();
            start = end;
        }
        return rows;
    }

    private int[] SortText()
    {
        var rows = RowsInOrder();
        rows.AsSpan().Sort(CompareRows);
        return rows;
    }

    private int[] RowsInOrder()
    {
        var rows = new int[Count];
        for (var i = 0; i < rows.Length; i++) rows[i] = i;
        return rows;
    }
}
