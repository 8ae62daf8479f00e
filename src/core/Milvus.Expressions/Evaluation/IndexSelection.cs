using System.Buffers;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Kernels;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Evaluation;

/// <summary>
/// Decides for each test of a filter whether an index answers it or its column is read, by estimated time, and has the chosen indexes
/// answer. In a conjunction the most selective index goes first; the others have to pay off on the rows that it leaves.
/// </summary>
internal sealed class IndexSelection
{
    private readonly IIndexedColumns _source;
    private readonly int _rowCount;
    private readonly FilterScratch _scratch;
    private readonly bool _always;
    private readonly FilterTrace? _trace;
    private readonly IndexAnswers _answers = new();

    private IndexSelection(IIndexedColumns source, int rowCount, FilterScratch scratch, bool always, FilterTrace? trace)
    {
        _always = always;
        _source = source;
        _rowCount = rowCount;
        _scratch = scratch;
        _trace = trace;
    }

    /// <summary>Answers of indexes; null when none is used. Those of outermost conjuncts narrow <paramref name="rows"/> at once.</summary>
    public static IndexAnswers? Choose(FilterPlan plan, IIndexedColumns source, int rowCount, Span<ulong> rows, FilterScratch scratch, bool always, FilterTrace? trace)
    {
        if (trace is null && !HasIndex(plan, source)) return null;
        var root = plan.Root;
        var selection = new IndexSelection(source, rowCount, scratch, always, trace);
        selection.Visit(root, Bitmaps.Count(rows));
        if (selection._answers.Count == 0) return null;
        foreach (var operand in root is AllPredicate all ? all.Operands : [root])
            if (operand is Leaf leaf && selection._answers.Find(leaf) is { } answer) answer.Apply(rows, 0, leaf.Negated);
        return selection._answers;
    }

    private static bool HasIndex(FilterPlan plan, IIndexedColumns source)
    {
        foreach (var field in plan.FieldIds)
            if (source.IndexesOf(field).Count > 0) return true;
        return MatchesWords(plan.Root);
    }

    /// <summary>Does a test ask for words, which may be indexed though the field has no scalar index?</summary>
    private static bool MatchesWords(Predicate predicate) => predicate switch
    {
        TextTestLeaf leaf => IsOnWords(leaf),
        AnyPredicate any => any.Operands.Any(MatchesWords),
        AllPredicate all => all.Operands.Any(MatchesWords),
        _ => false,
    };

    private static bool IsOnWords(Leaf leaf) => leaf is TextTestLeaf { Column.IsPlain: true, Matcher: AnalyzedTest { Matcher: IIndexedTextMatcher } };

    private void Visit(Predicate predicate, long candidates)
    {
        switch (predicate)
        {
            case Leaf leaf:
                Decide(leaf, BestProbe(leaf), candidates);
                break;
            case AnyPredicate any:
                foreach (var operand in any.Operands) Visit(operand, candidates);
                break;
            case AllPredicate all:
                foreach (var (leaf, probe) in all.Operands.OfType<Leaf>().Select(l => (l, BestProbe(l))).OrderBy(p => Selected(p.l, p.Item2, long.MaxValue)))
                    candidates = Decide(leaf, probe, candidates);
                foreach (var operand in all.Operands)
                    if (operand is not Leaf) Visit(operand, candidates);
                break;
        }
    }

    /// <summary>Rows that the index leaves; those without one come last.</summary>
    private long Selected(Leaf leaf, IndexProbe? probe, long otherwise) =>
        probe is null ? otherwise : leaf.Negated ? Math.Max(0, _rowCount - probe.Rows) : probe.Rows;

    private IndexProbe? BestProbe(Leaf leaf)
    {
        IndexProbe? best = null;
        if (IsOnWords(leaf)
            && _source.TextIndexOf(leaf.Column.FieldId) is { } text && text.RowCount >= _rowCount && text.Plan(leaf) is { } words && (words.IsExact || !leaf.Negated))
            best = words;
        foreach (var index in _source.IndexesOf(leaf.Column.FieldId))
        {
            if (index.RowCount < _rowCount || !IsOn(index.Spec, leaf)) continue;
            // What is not exact may hold rows for which the test is false, so its complement says nothing.
            if (index.Plan(leaf) is not { } probe || (leaf.Negated && !probe.IsExact)) continue;
            if (best is null || Total(leaf, probe) < Total(leaf, best)) best = probe;
        }
        return best;
    }

    private static bool IsOn(ScalarIndexSpec spec, Leaf leaf)
    {
        if (!leaf.Column.IsJson || spec.Kind == ScalarIndexKind.Document) return spec.Kind != ScalarIndexKind.Document || IsBelow(spec, leaf);
        return leaf.Column.Path is { } path ? path.Keys.SequenceEqual(spec.Path) : spec.Path.IsEmpty;
    }

    private static bool IsBelow(ScalarIndexSpec spec, Leaf leaf) => leaf.Column.Path is { } path && path.Keys.Take(spec.Path.Length).SequenceEqual(spec.Path);

    /// <summary>Nanoseconds with the index, the second look at its rows included.</summary>
    private long Total(Leaf leaf, IndexProbe probe) =>
        probe.Cost + Validity.WordCount(_rowCount) / 2 + (probe.IsExact ? 0 : leaf.Cost * Math.Min(probe.Rows, _rowCount));

    /// <summary>Uses the index if that is faster; returns the rows expected to remain.</summary>
    private long Decide(Leaf leaf, IndexProbe? probe, long candidates)
    {
        if (probe is null && _trace is null) return candidates;
        var looked = Math.Min(candidates, RowsNotPruned(leaf));
        var scan = leaf.Cost * looked;
        if (probe is null || (!_always && Total(leaf, probe) >= scan))
        {
            _trace?.Add(new LeafTrace(leaf.ToString(), null, true, looked, probe is null ? null : Total(leaf, probe), scan));
            return candidates;
        }
        var words = Validity.WordCount(probe.Index.RowCount);
        var rows = ArrayPool<ulong>.Shared.Rent(words);
        var marked = rows.AsSpan(0, words);
        marked.Clear();
        probe.Mark(marked);
        _answers.Add(leaf, new IndexAnswer(rows, leaf.Negated ? probe.Known : null, probe.IsExact));
        _trace?.Add(new LeafTrace(leaf.ToString(), probe.Index, probe.IsExact, Bitmaps.Count(marked), Total(leaf, probe), scan));
        return Math.Min(candidates, Selected(leaf, probe, candidates));
    }

    /// <summary>Rows of the blocks that statistics leave open.</summary>
    private long RowsNotPruned(Leaf leaf)
    {
        long rows = 0;
        for (int block = 0, first = 0; first < _rowCount; block++, first += ColumnLimits.BlockRows)
        {
            var count = Math.Min(ColumnLimits.BlockRows, _rowCount - first);
            if (leaf.Prune(new BlockContext(_source, block, count, _scratch, null)) == Verdict.Mixed) rows += count;
        }
        return rows;
    }
}
