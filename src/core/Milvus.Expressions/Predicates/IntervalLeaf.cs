using System.Globalization;
using System.Numerics;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>Low ≤ value ≤ High on a fixed-width type; every comparison with a constant comes down to it.</summary>
internal sealed record IntervalLeaf<T>(ColumnRef Column, T Low, T High) : Leaf(Column)
    where T : unmanaged, INumber<T>
{
    public override int Cost => 1;

    internal override IndexQuery? Ask(JsonCast cast) => typeof(T) == typeof(float) || typeof(T) == typeof(double)
        ? new IndexQuery(new NumberRange(OrderedDouble.Of(double.CreateChecked(Low)), OrderedDouble.Of(double.CreateChecked(High))))
        : new IndexQuery(new NumberRange(long.CreateChecked(Low), long.CreateChecked(High)));

    private static bool IsLeast(T value) => T.IsNegativeInfinity(value) || (IsWhole && value == T.CreateSaturating(Int128.MinValue));

    private static bool IsGreatest(T value) => T.IsPositiveInfinity(value) || (IsWhole && value == T.CreateSaturating(Int128.MaxValue));

    private static bool IsWhole => typeof(T) != typeof(float) && typeof(T) != typeof(double);

    public override Leaf? Intersect(Leaf other)
    {
        if (other is not IntervalLeaf<T> o || o.Column != Column) return null;
        var (low, high) = (T.Max(Low, o.Low), T.Min(High, o.High));
        return low <= high ? new IntervalLeaf<T>(Column, low, high) : new KnownLeaf(Column, false);
    }

    protected override string Description => (Low == High, IsLeast(Low), IsGreatest(High)) switch
    {
        (true, _, _) => string.Create(CultureInfo.InvariantCulture, $"{Column} == {Low}"),
        (_, true, false) => string.Create(CultureInfo.InvariantCulture, $"{Column} <= {High}"),
        (_, false, true) => string.Create(CultureInfo.InvariantCulture, $"{Column} >= {Low}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Low} <= {Column} <= {High}"),
    };

    protected override (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics)
    {
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
            return statistics.Floats is { } f ? Bound(f.Min, f.Max, double.CreateChecked(Low), double.CreateChecked(High)) : (true, true);
        return statistics.Integers is { } i ? Bound(i.Min, i.Max, long.CreateChecked(Low), long.CreateChecked(High)) : (true, true);
    }

    private static (bool MayBeTrue, bool MayBeFalse) Bound<TBound>(TBound min, TBound max, TBound low, TBound high)
        where TBound : IComparisonOperators<TBound, TBound, bool> => (max >= low && min <= high, min < low || max > high);

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown) =>
        IntervalKernel.Test(ValueReader.Fixed<T>(block, Column, 0, isUnknown), Low, High, isTrue);
}

/// <summary>Builds interval tests for whatever fixed-width type a column has.</summary>
internal static class Intervals
{
    /// <summary>Low ≤ value ≤ High, mathematically, on Bool (0 and 1), integers and Timestamptz.</summary>
    public static Leaf OfIntegers(ColumnRef column, Int128 low, Int128 high) => column.Type switch
    {
        DataType.Bool => Clamp<byte>(column, low, high, 0, 1),
        DataType.Int8 => Clamp<sbyte>(column, low, high, sbyte.MinValue, sbyte.MaxValue),
        DataType.Int16 => Clamp<short>(column, low, high, short.MinValue, short.MaxValue),
        DataType.Int32 => Clamp<int>(column, low, high, int.MinValue, int.MaxValue),
        _ => Clamp<long>(column, low, high, long.MinValue, long.MaxValue),
    };

    /// <summary>Low ≤ value ≤ High on Float and Double. Bounds of Float columns are exact floats already.</summary>
    public static Leaf OfFloats(ColumnRef column, double low, double high)
    {
        if (!(low <= high)) return new KnownLeaf(column, false);
        return column.Type == DataType.Float ? new IntervalLeaf<float>(column, (float)low, (float)high) : new IntervalLeaf<double>(column, low, high);
    }

    private static Leaf Clamp<T>(ColumnRef column, Int128 low, Int128 high, T min, T max)
        where T : unmanaged, INumber<T>
    {
        var (least, most) = (Int128.CreateChecked(min), Int128.CreateChecked(max));
        if (low > most || high < least || low > high) return new KnownLeaf(column, false);
        if (low <= least && high >= most) return new KnownLeaf(column, true);
        return new IntervalLeaf<T>(column, low < least ? min : T.CreateChecked(low), high > most ? max : T.CreateChecked(high));
    }
}
