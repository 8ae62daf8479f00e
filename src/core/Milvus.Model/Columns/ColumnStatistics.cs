namespace Milvus.Model;

/// <summary>
/// What is known of the values of one column block, for skipping it. Bounds enclose every present value; they need not be values that
/// occur. A statistic that is not known is simply absent, never wrong.
/// </summary>
public sealed record ColumnStatistics
{
    /// <summary>Longest text bound that <see cref="Compute"/> keeps, in bytes.</summary>
    public const int MaxBoundBytes = 64;

    public required int RowCount { get; init; }

    public required int NullCount { get; init; }

    /// <summary>Bounds of Bool (0 and 1), Int8 … Int64 and Timestamptz.</summary>
    public (long Min, long Max)? Integers { get; init; }

    /// <summary>Bounds of Float and Double; absent when a NaN occurs.</summary>
    public (double Min, double Max)? Floats { get; init; }

    /// <summary>UTF-8, not after any value in byte order; null when not known.</summary>
    public byte[]? MinText { get; init; }

    /// <summary>UTF-8 or a byte string past it, not before any value in byte order; null when there is no such bound.</summary>
    public byte[]? MaxText { get; init; }

    /// <summary>Row and null counts of any column, and bounds where the type has an order.</summary>
    public static ColumnStatistics Compute(Column column)
    {
        var nulls = column.Validity is null ? 0 : column.Count - column.Validity.CountValid();
        var counts = new ColumnStatistics { RowCount = column.Count, NullCount = nulls };
        if (nulls == column.Count) return counts;
        return column switch
        {
            FixedColumn<bool> c => counts with { Integers = BoolBounds(c) },
            FixedColumn<sbyte> c => counts with { Integers = Widen(Bounds(c)) },
            FixedColumn<short> c => counts with { Integers = Widen(Bounds(c)) },
            FixedColumn<int> c => counts with { Integers = Widen(Bounds(c)) },
            FixedColumn<long> c => counts with { Integers = Bounds(c) },
            FixedColumn<float> c => counts with { Floats = FloatBounds(c) },
            FixedColumn<double> c => counts with { Floats = FloatBounds(c) },
            BinaryColumn { Type: DataType.VarChar } c => WithTextBounds(counts, c),
            _ => counts,
        };
    }

    private static (long, long) Widen<T>((T Min, T Max) b)
        where T : System.Numerics.IBinaryInteger<T> => (long.CreateChecked(b.Min), long.CreateChecked(b.Max));

    private static (long, long) BoolBounds(FixedColumn<bool> c)
    {
        bool any = false, all = true;
        for (var i = 0; i < c.Count; i++)
        {
            if (c.IsNull(i)) continue;
            any |= c.Values[i];
            all &= c.Values[i];
        }
        return (all ? 1 : 0, any ? 1 : 0);
    }

    private static (T Min, T Max) Bounds<T>(FixedColumn<T> c)
        where T : unmanaged, System.Numerics.INumber<T>, System.Numerics.IMinMaxValue<T>
    {
        var values = c.Values;
        T min = T.MaxValue, max = T.MinValue;
        for (var i = 0; i < values.Length; i++)
        {
            if (c.IsNull(i)) continue;
            min = T.Min(min, values[i]);
            max = T.Max(max, values[i]);
        }
        return (min, max);
    }

    private static (double, double)? FloatBounds<T>(FixedColumn<T> c)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>, System.Numerics.IMinMaxValue<T>
    {
        var values = c.Values;
        T min = T.PositiveInfinity, max = T.NegativeInfinity;
        for (var i = 0; i < values.Length; i++)
        {
            if (c.IsNull(i)) continue;
            if (T.IsNaN(values[i])) return null;
            min = T.Min(min, values[i]);
            max = T.Max(max, values[i]);
        }
        return (double.CreateChecked(min), double.CreateChecked(max));
    }

    private static ColumnStatistics WithTextBounds(ColumnStatistics counts, BinaryColumn c)
    {
        int min = -1, max = -1;
        for (var i = 0; i < c.Count; i++)
        {
            if (c.IsNull(i)) continue;
            if (min < 0 || c[i].SequenceCompareTo(c[min]) < 0) min = i;
            if (max < 0 || c[i].SequenceCompareTo(c[max]) > 0) max = i;
        }
        var low = c[min];
        return counts with { MinText = low[..Math.Min(low.Length, MaxBoundBytes)].ToArray(), MaxText = UpperBound(c[max]) };
    }

    /// <summary>The value itself, or the shortest byte string after every value that starts like it.</summary>
    private static byte[]? UpperBound(ReadOnlySpan<byte> value)
    {
        if (value.Length <= MaxBoundBytes) return value.ToArray();
        var length = MaxBoundBytes;
        while (length > 0 && value[length - 1] == 0xFF) length--;
        if (length == 0) return null;
        var bound = value[..length].ToArray();
        bound[^1]++;
        return bound;
    }
}
