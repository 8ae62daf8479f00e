using System.Text;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>A test of one value per row: true, false or unknown. <see cref="Negated"/> lets pass the false rows instead of the true ones.</summary>
internal abstract record Leaf(ColumnRef Column) : Predicate
{
    public bool Negated { get; init; }

    /// <summary>
    /// The literals that the value must equal one of for the test to be true, as the client gave them; null when it is no such test.
    /// </summary>
    public IReadOnlyList<Literal>? EqualTo { get; init; }

    /// <summary>Written as <c>in</c>, even with a single value.</summary>
    public bool IsTerm { get; init; }

    /// <summary>What the test, without negation, asks of an index on its column or path; null when no index of keys can answer.</summary>
    /// <param name="cast">What a JSON index takes values for; a query other than of that type is not to be answered.</param>
    internal virtual IndexQuery? Ask(JsonCast cast) => null;

    /// <summary>One test that is true where both are, or null when there is no such test. Neither is negated.</summary>
    public virtual Leaf? Intersect(Leaf other) => null;

    /// <summary>The test alone, without negation, for <see cref="Predicate.Explain"/>.</summary>
    protected abstract string Description { get; }

    /// <summary>
    /// Evaluates the block. Rows that are no candidates may get any bits.
    /// </summary>
    /// <param name="isTrue">Undefined on entry; every word must be written.</param>
    /// <param name="isUnknown">Zero on entry.</param>
    protected abstract void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown);

    /// <summary>Which answers the block's present values may give; called for plain columns only.</summary>
    protected virtual (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics) => (true, true);

    public override Verdict Prune(in BlockContext block)
    {
        var statistics = block.GetStatistics(Column.FieldId);
        if (statistics is null) return Verdict.Mixed;
        if (statistics.NullCount == statistics.RowCount) return Verdict.None;
        if (!Column.IsPlain) return Verdict.Mixed;
        var (mayBeTrue, mayBeFalse) = Bound(statistics);
        var (mayPass, mayFail) = Negated ? (mayBeFalse, mayBeTrue) : (mayBeTrue, mayBeFalse);
        if (!mayPass) return Verdict.None;
        return !mayFail && statistics.NullCount == 0 ? Verdict.All : Verdict.Mixed;
    }

    public sealed override void Filter(in BlockContext block, Span<ulong> rows)
    {
        switch (Prune(block))
        {
            case Verdict.None:
                rows.Clear();
                return;
            case Verdict.All:
                return;
        }
        if (block.AnswerOf(this) is { } answer)
        {
            answer.Apply(rows, block.FirstWord, Negated);
            if (answer.IsExact || Bitmaps.IsEmpty(rows)) return;
        }
        var isTrue = block.Scratch.Rent(rows.Length);
        var isUnknown = block.Scratch.Rent(rows.Length);
        isUnknown.Clear();
        Test(block, rows, isTrue, isUnknown);
        if (Negated) Bitmaps.KeepFalse(rows, isTrue, isUnknown);
        else Bitmaps.KeepTrue(rows, isTrue, isUnknown);
        block.Scratch.Return(2);
    }

    public override void CollectFields(List<long> fields)
    {
        if (!fields.Contains(Column.FieldId)) fields.Add(Column.FieldId);
    }

    public sealed override void Explain(StringBuilder text)
    {
        if (Negated) text.Append("not ");
        text.Append(Description);
    }
}

/// <summary>A test whose answer is the same for every row that has a value, such as <c>x in []</c> or <c>int8 &lt; 1000</c>.</summary>
internal sealed record KnownLeaf(ColumnRef Column, bool Value) : Leaf(Column)
{
    public override int Cost => 1;

    protected override string Description => $"{Column} known {(Value ? "true" : "false")}";

    protected override (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics) => (Value, !Value);

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        isTrue.Fill(Value ? ulong.MaxValue : 0);
        var source = block.GetColumn(Column.FieldId);
        Bitmaps.OrNulls(isUnknown, source.Validity);
        if (Column.ElementIndex < 0) return;
        var offsets = ((ArrayColumn)source).Offsets;
        for (var row = 0; row < block.RowCount; row++)
            if ((long)offsets[row] + Column.ElementIndex >= offsets[row + 1]) isUnknown[row >> 6] |= 1UL << (row & 63);
    }
}

/// <summary>is null on a whole column. Never unknown.</summary>
internal sealed record NullLeaf(ColumnRef Column) : Leaf(Column)
{
    public override int Cost => 1;

    protected override string Description => $"{Column} is null";

    public override Verdict Prune(in BlockContext block)
    {
        var statistics = block.GetStatistics(Column.FieldId);
        if (statistics is null) return Verdict.Mixed;
        if (statistics.NullCount == 0) return Negated ? Verdict.All : Verdict.None;
        if (statistics.NullCount == statistics.RowCount) return Negated ? Verdict.None : Verdict.All;
        return Verdict.Mixed;
    }

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        isTrue.Clear();
        Bitmaps.OrNulls(isTrue, block.GetColumn(Column.FieldId).Validity);
    }
}
