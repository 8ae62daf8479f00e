using System.Collections.Immutable;

namespace Milvus.Model;

/// <summary>One field that rows are ordered by.</summary>
public sealed record SortKey(FieldSchema Field, bool Descending = false, bool NullsFirst = false)
{
    /// <summary>The order of two rows of columns of this field.</summary>
    public int Compare(Column a, int i, Column b, int j)
    {
        var (nullA, nullB) = (a.IsNull(i), b.IsNull(j));
        if (nullA || nullB) return nullA == nullB ? 0 : nullA == NullsFirst ? -1 : 1;
        var order = ColumnOrder.Compare(a, i, b, j);
        return Descending ? -order : order;
    }
}

/// <summary>The natural order of values in columns.</summary>
public static class ColumnOrder
{
    /// <summary>True for the types that have an order.</summary>
    public static bool IsDefinedFor(DataType type) => type is DataType.Bool or DataType.Timestamptz || type.IsNumeric() || type.IsText();

    /// <summary>Numbers by value, false before true, text by its bytes. Both rows have a value and the columns one type.</summary>
    /// <exception cref="ArgumentException">The type has no order.</exception>
    public static int Compare(Column a, int i, Column b, int j) => a switch
    {
        FixedColumn<long> x => x.Values[i].CompareTo(((FixedColumn<long>)b).Values[j]),
        BinaryColumn x when x.Type.IsText() => x[i].SequenceCompareTo(((BinaryColumn)b)[j]),
        FixedColumn<double> x => x.Values[i].CompareTo(((FixedColumn<double>)b).Values[j]),
        FixedColumn<float> x => x.Values[i].CompareTo(((FixedColumn<float>)b).Values[j]),
        FixedColumn<int> x => x.Values[i].CompareTo(((FixedColumn<int>)b).Values[j]),
        FixedColumn<short> x => x.Values[i].CompareTo(((FixedColumn<short>)b).Values[j]),
        FixedColumn<sbyte> x => x.Values[i].CompareTo(((FixedColumn<sbyte>)b).Values[j]),
        FixedColumn<bool> x => x.Values[i].CompareTo(((FixedColumn<bool>)b).Values[j]),
        _ => throw new ArgumentException($"values of {a.Type} have no order", nameof(a)),
    };

    /// <summary>Compares rows by several keys, one column per key on either side.</summary>
    public static int Compare(ImmutableArray<SortKey> keys, ReadOnlySpan<Column> a, int i, ReadOnlySpan<Column> b, int j)
    {
        for (var k = 0; k < keys.Length; k++)
            if (keys[k].Compare(a[k], i, b[k], j) is not 0 and var order) return order;
        return 0;
    }
}
