using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

internal enum ElementMatchKind
{
    /// <summary>match_any, and element_filter as far as rows are concerned.</summary>
    Any,

    /// <summary>match_all: true for an empty list.</summary>
    All,

    /// <summary>match_least: at least as many elements as the threshold.</summary>
    Least,

    /// <summary>match_most.</summary>
    Most,

    /// <summary>match_exact.</summary>
    Exact,
}

/// <summary>
/// match_* over the elements of a struct list: counts the elements for which a predicate on their sub-fields is true. Never unknown: a
/// null list counts as an empty one.
/// </summary>
/// <param name="Column">A sub-field, whose offsets are those of all.</param>
/// <param name="Elements">Normalized; its columns are the sub-fields, one value per element.</param>
internal sealed record ElementMatchLeaf(ColumnRef Column, string StructName, Predicate Elements, ElementMatchKind Kind, long Threshold) : Leaf(Column)
{
    public override int Cost => 10 + (int)Math.Min(1_000_000, Elements.Cost * 8L);

    protected override string Description =>
        $"match_{Kind.ToString().ToLowerInvariant()}({StructName}, {Elements}{(Kind >= ElementMatchKind.Least ? $", {Threshold}" : "")})";

    /// <summary>An index on the first sub-field names the lists with an element that passes one test of the predicate; of null lists it knows nothing.</summary>
    internal override IndexQuery? Ask(JsonCast cast)
    {
        if (Kind is not (ElementMatchKind.Any or ElementMatchKind.Least)) return null;
        foreach (var part in Elements is AllPredicate all ? all.Operands : [Elements])
        {
            if (part is not Leaf { Negated: false } leaf || leaf.Column.FieldId != Column.FieldId || leaf.Ask(cast) is not { } query) continue;
            return query with { OfElements = true, IsExact = Kind == ElementMatchKind.Any && !Negated && ReferenceEquals(part, Elements) && query.IsExact };
        }
        return null;
    }

    public override Verdict Prune(in BlockContext block)
    {
        if (block.GetStatistics(Column.FieldId) is not { } statistics || statistics.NullCount < statistics.RowCount) return Verdict.Mixed;
        return Holds(0, 0) != Negated ? Verdict.All : Verdict.None;
    }

    public override void CollectFields(List<long> fields)
    {
        base.CollectFields(fields);
        Elements.CollectFields(fields);
    }

    /// <summary>The elements that pass, of the candidate rows of a block; bit 0 is the first element of the block's first row.</summary>
    public ReadOnlySpan<ulong> TestElements(scoped in BlockContext block, scoped ReadOnlySpan<int> offsets, scoped ReadOnlySpan<ulong> candidates)
    {
        var first = offsets[0];
        var count = offsets[^1] - first;
        var bits = block.Scratch.ElementBits(Validity.WordCount(count));
        bits.Clear();
        if (count == 0) return bits;
        for (var w = 0; w < candidates.Length; w++)
        {
            for (var open = candidates[w]; open != 0;)
            {
                var row = (w << 6) + Bitmaps.TakeLowest(ref open);
                if (row + 1 < offsets.Length) Bitmaps.SetRange(bits, offsets[row] - first, offsets[row + 1] - first);
            }
        }
        var fields = new List<long>();
        Elements.CollectFields(fields);
        var source = new ElementBlocks(count);
        foreach (var id in fields)
        {
            var column = (ArrayColumn)block.GetColumn(id);
            source.Add(id, column.Elements, column.Offsets[0]);
        }
        FilterEvaluator.Evaluate(Elements, source, count, bits, block.Scratch.Nested);
        return bits;
    }

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var array = (ArrayColumn)block.GetColumn(Column.FieldId);
        var offsets = array.Offsets[..(block.RowCount + 1)];
        var nulls = block.Scratch.Rent(candidates.Length);
        nulls.Clear();
        Bitmaps.OrNulls(nulls, array.Validity);
        var nullsPass = Holds(0, 0);
        var wanted = block.Scratch.Rent(candidates.Length);
        for (var w = 0; w < wanted.Length; w++) wanted[w] = candidates[w] & ~nulls[w];
        var passing = TestElements(block, offsets, wanted);
        for (var w = 0; w < isTrue.Length; w++)
        {
            var word = nullsPass ? nulls[w] : 0;
            for (var open = wanted[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var row = (w << 6) + bit;
                var length = offsets[row + 1] - offsets[row];
                var found = Bitmaps.CountRange(passing, offsets[row] - offsets[0], offsets[row + 1] - offsets[0]);
                if (Holds(found, length)) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
        block.Scratch.Return(2);
    }

    private bool Holds(int found, int length) => Kind switch
    {
        ElementMatchKind.Any => found > 0,
        ElementMatchKind.All => found == length,
        ElementMatchKind.Least => found >= Threshold,
        ElementMatchKind.Most => found <= Threshold,
        _ => found == Threshold,
    };

    /// <summary>The elements of one block of rows as rows of their own.</summary>
    private sealed class ElementBlocks(int count) : IColumnBlocks
    {
        private readonly List<(long FieldId, Column Elements, int Start)> _columns = [];

        public int RowCount => count;

        public void Add(long fieldId, Column elements, int start) => _columns.Add((fieldId, elements, start));

        public Column GetBlock(long fieldId, int block)
        {
            foreach (var (id, elements, start) in _columns)
            {
                if (id != fieldId) continue;
                var first = block * ColumnLimits.BlockRows;
                return elements.Slice(start + first, Math.Min(ColumnLimits.BlockRows, count - first));
            }
            throw new InvalidOperationException($"field {fieldId} is no sub-field of the filter");
        }

        public ColumnStatistics? GetStatistics(long fieldId, int block) => null;
    }
}

/// <summary>element_filter as written; planning moves it to the end of the outermost conjunction.</summary>
internal sealed record ElementFilterPredicate(ElementMatchLeaf Match) : Predicate
{
    public override int Cost => Match.Cost;

    public override Verdict Prune(in BlockContext block) => throw new InvalidOperationException("element_filter is no part of the tree");

    public override void Filter(in BlockContext block, Span<ulong> rows) => throw new InvalidOperationException("element_filter is no part of the tree");

    public override void CollectFields(List<long> fields) => Match.CollectFields(fields);

    public override void Explain(System.Text.StringBuilder text) => text.Append("element_filter");
}
