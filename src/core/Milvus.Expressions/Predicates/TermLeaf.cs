using System.Numerics;
using System.Runtime.CompilerServices;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>in [...] on integers, Bool and Timestamptz.</summary>
internal sealed record IntegerTermLeaf<T>(ColumnRef Column, LongSet Set) : Leaf(Column)
    where T : unmanaged, INumber<T>
{
    /// <summary>Lists up to this length are compared value by value, 64 rows at a time.</summary>
    private const int SmallList = 6;

    public override int Cost => Set.Sorted.Length <= SmallList ? 2 : 3;

    internal override IndexQuery? Ask(JsonCast cast) => new(new NumberSet(Set.Sorted));

    protected override string Description => $"{Column} in [{TermText.Join(Set.Sorted)}]";

    protected override (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics) =>
        statistics.Integers is { } i ? (Set.Intersects(i.Min, i.Max), true) : (true, true);

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Fixed<T>(block, Column, 0, isUnknown);
        isTrue.Clear();
        if (Set.Sorted.Length <= SmallList)
        {
            var one = block.Scratch.Rent(isTrue.Length);
            foreach (var v in Set.Sorted)
            {
                var key = T.CreateChecked(v);
                IntervalKernel.Test(values, key, key, one);
                Bitmaps.Or(isTrue, one);
            }
            block.Scratch.Return(1);
            return;
        }
        for (var w = 0; w < isTrue.Length; w++)
        {
            if (candidates[w] == 0) continue;
            var rows = values.Slice(w << 6, Math.Min(64, values.Length - (w << 6)));
            ulong word = 0;
            for (var i = 0; i < rows.Length; i++)
                if (Set.Contains(long.CreateTruncating(rows[i]))) word |= 1UL << i;
            isTrue[w] = word;
        }
    }
}

/// <summary>in [...] on Float and Double; values are compared by their bits with one form of zero.</summary>
internal sealed record FloatTermLeaf<T>(ColumnRef Column, T[] Sorted) : Leaf(Column)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly LongSet _bits = new(Sorted.Select(Bits));

    public override int Cost => 3;

    internal override IndexQuery? Ask(JsonCast cast) => new(new NumberSet([.. Sorted.Select(v => OrderedDouble.Of(double.CreateChecked(v))).Distinct()]));

    protected override string Description => $"{Column} in [{TermText.Join(Sorted)}]";

    protected override (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics)
    {
        if (statistics.Floats is not { } f || Sorted.Length == 0) return (true, true);
        return (double.CreateChecked(Sorted[0]) <= f.Max && double.CreateChecked(Sorted[^1]) >= f.Min, true);
    }

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Fixed<T>(block, Column, 0, isUnknown);
        isTrue.Clear();
        for (var w = 0; w < isTrue.Length; w++)
        {
            if (candidates[w] == 0) continue;
            var rows = values.Slice(w << 6, Math.Min(64, values.Length - (w << 6)));
            ulong word = 0;
            for (var i = 0; i < rows.Length; i++)
                if (_bits.Contains(Bits(rows[i]))) word |= 1UL << i;
            isTrue[w] = word;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Bits(T value) => BitConverter.DoubleToInt64Bits(double.CreateTruncating(value) + 0.0);
}

/// <summary>in [...] on VarChar.</summary>
internal sealed record TextTermLeaf(ColumnRef Column, TextSet Set) : Leaf(Column)
{
    public override int Cost => 8;

    internal override IndexQuery? Ask(JsonCast cast) => new(new TextSetQuery(Set.Sorted));

    protected override string Description => $"{Column} in [{TermText.Join(Set.Sorted.Select(System.Text.Encoding.UTF8.GetString))}]";

    protected override (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics) =>
        (statistics.MinText is null || Set.Intersects(statistics.MinText, statistics.MaxText), true);

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Text(block, Column, 0, isUnknown);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                if (Set.Contains(values[(w << 6) + bit])) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }
}

internal static class TermText
{
    /// <summary>The first few values, for explanations.</summary>
    public static string Join<T>(IEnumerable<T> values)
    {
        var shown = values.Take(11).Select(v => Convert.ToString(v, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        if (shown.Count > 10) shown[10] = "…";
        return string.Join(", ", shown);
    }
}
