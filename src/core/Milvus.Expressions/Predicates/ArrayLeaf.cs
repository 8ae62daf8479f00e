using System.Numerics;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>A test of whole arrays, row by row; unknown for null rows only.</summary>
internal abstract record ArrayLeaf(ColumnRef Column) : Leaf(Column)
{
    public override int Cost => 15;

    protected sealed override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var array = (ArrayColumn)block.GetColumn(Column.FieldId);
        Bitmaps.OrNulls(isUnknown, array.Validity);
        TestRows(array, candidates, isUnknown, isTrue);
    }

    /// <summary>Writes every word of <paramref name="isTrue"/>; rows outside candidates and unknown rows may get any bits.</summary>
    protected abstract void TestRows(ArrayColumn array, ReadOnlySpan<ulong> candidates, ReadOnlySpan<ulong> isUnknown, Span<ulong> isTrue);
}

internal enum ContainsKind
{
    /// <summary>One of the values is an element; also the form with a single value.</summary>
    Any,

    /// <summary>Every value is an element.</summary>
    All,
}

/// <summary>array_contains, _any and _all over fixed-width elements.</summary>
/// <param name="Values">Distinct values.</param>
internal sealed record ArrayContainsLeaf<T>(ColumnRef Column, ContainsKind Kind, T[] Values) : ArrayLeaf(Column)
    where T : unmanaged, INumber<T>
{
    internal override IndexQuery? Ask(JsonCast cast) => IndexQuery.Elements(Values, Kind, ArrayKeys.Of);

    protected override string Description => $"array_contains_{Kind.ToString().ToLowerInvariant()}({Column}, [{TermText.Join(Values)}])";

    protected override void TestRows(ArrayColumn array, ReadOnlySpan<ulong> candidates, ReadOnlySpan<ulong> isUnknown, Span<ulong> isTrue)
    {
        var offsets = array.Offsets;
        var elements = ValueReader.Values<T>(array.Elements);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var row = (w << 6) + bit;
                if (Matches(elements[offsets[row]..offsets[row + 1]])) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }

    private bool Matches(ReadOnlySpan<T> row)
    {
        if (Kind == ContainsKind.Any) return row.ContainsAny(Values);
        foreach (var v in Values)
            if (!row.Contains(v)) return false;
        return true;
    }
}

/// <summary>array_contains, _any and _all over VarChar elements.</summary>
internal sealed record ArrayContainsTextLeaf(ColumnRef Column, ContainsKind Kind, TextSet Set) : ArrayLeaf(Column)
{
    internal override IndexQuery? Ask(JsonCast cast) => IndexQuery.Elements(Set.Sorted, Kind, values => new TextSetQuery([.. values]));

    protected override string Description =>
        $"array_contains_{Kind.ToString().ToLowerInvariant()}({Column}, [{TermText.Join(Set.Sorted.Select(System.Text.Encoding.UTF8.GetString))}])";

    protected override void TestRows(ArrayColumn array, ReadOnlySpan<ulong> candidates, ReadOnlySpan<ulong> isUnknown, Span<ulong> isTrue)
    {
        var offsets = array.Offsets;
        var elements = new TextView((BinaryColumn)array.Elements, default);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var row = (w << 6) + bit;
                var (start, end) = (offsets[row], offsets[row + 1]);
                if (Kind == ContainsKind.Any ? ContainsAny(elements, start, end) : ContainsAll(elements, start, end)) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }

    private bool ContainsAny(TextView elements, int start, int end)
    {
        for (var i = start; i < end; i++)
            if (Set.Contains(elements[i])) return true;
        return false;
    }

    private bool ContainsAll(TextView elements, int start, int end)
    {
        foreach (var value in Set.Sorted)
        {
            var i = start;
            while (i < end && !elements[i].SequenceEqual(value)) i++;
            if (i == end) return false;
        }
        return true;
    }
}

/// <summary>Elements in the form of an index's keys.</summary>
internal static class ArrayKeys
{
    public static KeyQuery Of<T>(IReadOnlyList<T> values)
        where T : unmanaged, INumber<T> =>
        new NumberSet([.. values.Select(v => typeof(T) == typeof(float) || typeof(T) == typeof(double) ? OrderedDouble.Of(double.CreateChecked(v)) : long.CreateChecked(v))]);
}

/// <summary>array == [...] over fixed-width elements.</summary>
internal sealed record ArrayEqualsLeaf<T>(ColumnRef Column, T[] Values) : ArrayLeaf(Column)
    where T : unmanaged, INumber<T>
{
    internal override IndexQuery? Ask(JsonCast cast) =>
        IndexQuery.Elements(Values.Distinct().ToArray(), ContainsKind.All, ArrayKeys.Of) is { } query ? query with { IsExact = false } : null;

    protected override string Description => $"{Column} == [{TermText.Join(Values)}]";

    protected override void TestRows(ArrayColumn array, ReadOnlySpan<ulong> candidates, ReadOnlySpan<ulong> isUnknown, Span<ulong> isTrue)
    {
        var offsets = array.Offsets;
        var elements = ValueReader.Values<T>(array.Elements);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var row = (w << 6) + bit;
                if (elements[offsets[row]..offsets[row + 1]].SequenceEqual(Values)) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }
}

/// <summary>array == [...] over VarChar elements.</summary>
internal sealed record ArrayEqualsTextLeaf(ColumnRef Column, byte[][] Values) : ArrayLeaf(Column)
{
    internal override IndexQuery? Ask(JsonCast cast) =>
        IndexQuery.Elements(Values, ContainsKind.All, values => new TextSetQuery([.. values])) is { } query ? query with { IsExact = false } : null;

    protected override string Description => $"{Column} == [{TermText.Join(Values.Select(System.Text.Encoding.UTF8.GetString))}]";

    protected override void TestRows(ArrayColumn array, ReadOnlySpan<ulong> candidates, ReadOnlySpan<ulong> isUnknown, Span<ulong> isTrue)
    {
        var offsets = array.Offsets;
        var elements = new TextView((BinaryColumn)array.Elements, default);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var row = (w << 6) + bit;
                var start = offsets[row];
                var i = 0;
                if (offsets[row + 1] - start == Values.Length)
                {
                    while (i < Values.Length && elements[start + i].SequenceEqual(Values[i])) i++;
                    if (i == Values.Length) word |= 1UL << bit;
                }
            }
            isTrue[w] = word;
        }
    }
}

/// <summary>Low ≤ array_length ≤ High.</summary>
internal sealed record ArrayLengthLeaf(ColumnRef Column, long Low, long High) : ArrayLeaf(Column)
{
    public override int Cost => 3;

    protected override string Description => $"{Low} <= array_length({Column}) <= {High}";

    protected override void TestRows(ArrayColumn array, ReadOnlySpan<ulong> candidates, ReadOnlySpan<ulong> isUnknown, Span<ulong> isTrue)
    {
        isTrue.Clear();
        var offsets = array.Offsets;
        var rows = Math.Min(array.Count, isTrue.Length << 6);
        for (var row = 0; row < rows; row++)
        {
            long length = offsets[row + 1] - offsets[row];
            if (length >= Low && length <= High) isTrue[row >> 6] |= 1UL << (row & 63);
        }
    }
}
