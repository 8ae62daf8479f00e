using System.Text.Json;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Json;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>A test of the value at a path; unknown where the row is null or the path leads nowhere.</summary>
internal sealed record JsonLeaf(ColumnRef Column, JsonTest Condition, string Text) : Leaf(Column)
{
    public override int Cost => 150;

    internal override IndexQuery? Ask(JsonCast cast) => Condition.Ask(cast);

    protected override string Description => $"{Column} {Text}";

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var source = (BinaryColumn)block.GetColumn(Column.FieldId);
        Bitmaps.OrNulls(isUnknown, source.Validity);
        var values = new TextView(source, default);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong yes = 0, unknown = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                switch (TestValue(values[(w << 6) + bit], block.Scratch))
                {
                    case Truth.True: yes |= 1UL << bit; break;
                    case Truth.Unknown: unknown |= 1UL << bit; break;
                }
            }
            isTrue[w] = yes;
            isUnknown[w] |= unknown;
        }
    }

    private Truth TestValue(ReadOnlySpan<byte> json, FilterScratch scratch)
    {
        try
        {
            return JsonCursor.TryOpen(json, Column.Path, out var reader) ? Condition.Test(ref reader, scratch) : Condition.Missing;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Documents are checked on insert. One that is no JSON, or not valid UTF-8, has no value to compare.
            return Truth.Unknown;
        }
    }
}

/// <summary>exists: the path leads to a value that is not empty. Two-valued: false for null rows.</summary>
internal sealed record ExistsLeaf(ColumnRef Column) : Leaf(Column)
{
    public override int Cost => 150;

    protected override string Description => $"exists {Column}";

    public override Verdict Prune(in BlockContext block)
    {
        var statistics = block.GetStatistics(Column.FieldId);
        if (statistics is null || statistics.NullCount != statistics.RowCount) return Verdict.Mixed;
        return Negated ? Verdict.All : Verdict.None;
    }

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var source = (BinaryColumn)block.GetColumn(Column.FieldId);
        var values = new TextView(source, default);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & (source.Validity is { } v ? v.Words[w] : ulong.MaxValue); open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                if (Exists(values[(w << 6) + bit])) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }

    private bool Exists(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonCursor.TryOpen(json, Column.Path, out var reader) && !JsonCursor.IsEmpty(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
