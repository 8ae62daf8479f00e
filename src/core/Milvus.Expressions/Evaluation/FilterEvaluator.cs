using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Kernels;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>Evaluates filters over segments, block by block, into bitsets.</summary>
public static class FilterEvaluator
{
    private const int BlockWords = ColumnLimits.BlockRows / 64;

    /// <summary>
    /// Narrows candidate rows to those for which the filter is true (neither false nor unknown).
    /// </summary>
    /// <param name="rowCount">Rows 0 … rowCount − 1 are considered; at most the source's.</param>
    /// <param name="destination">
    /// At least ⌈rowCount / 64⌉ words, bit r % 64 of word r / 64 for row r. Comes in as the candidate rows and leaves with those that
    /// pass; bits behind the last row are cleared in its word. Words behind are left alone.
    /// </param>
    /// <param name="scratch">Reused buffers; one is made when absent.</param>
    /// <param name="trace">Told what was done, for explanations.</param>
    /// <param name="indexes">When to ask indexes, where the source has some; the answer is the same.</param>
    /// <exception cref="OperationCanceledException">Checked once per block.</exception>
    public static void Evaluate(
        FilterPlan plan,
        IColumnBlocks source,
        int rowCount,
        Span<ulong> destination,
        FilterScratch? scratch = null,
        CancellationToken ct = default,
        FilterTrace? trace = null,
        IndexUse indexes = IndexUse.ByCost)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, source.RowCount);
        var words = Validity.WordCount(rowCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, words, nameof(destination));
        if (words == 0) return;
        var rows = destination[..words];
        Bitmaps.ClearTail(rows, rowCount);
        if (plan.IsAlwaysTrue) return;
        if (plan.IsAlwaysFalse)
        {
            rows.Clear();
            return;
        }
        scratch ??= new FilterScratch();
        using var answers = source is IIndexedColumns indexed && indexes != IndexUse.Never
            ? IndexSelection.Choose(plan, indexed, rowCount, rows, scratch, indexes == IndexUse.Always, trace)
            : null;
        Evaluate(plan.Root, source, rowCount, rows, scratch, answers, trace, ct);
        if (plan.SampleRate is { } rate) RowSampling.Apply(rows, rate, plan.SampleSeed);
    }

    /// <summary>Tests single elements of struct lists by the plan's element_filter, for searches that rank elements.</summary>
    /// <param name="plan">With an element_filter: <see cref="FilterPlan.ElementFilterStruct"/> is not null.</param>
    /// <param name="rowCount">Rows of the whole source that are considered.</param>
    /// <param name="rows">The rows of the block whose elements matter, one bit each.</param>
    /// <returns>
    /// One bit per element of the block's lists, those of its first row first; only elements of <paramref name="rows"/> are set. Lives in the
    /// scratch until its next use.
    /// </returns>
    public static ReadOnlySpan<ulong> EvaluateElements(FilterPlan plan, IColumnBlocks source, int block, int rowCount, ReadOnlySpan<ulong> rows, FilterScratch scratch)
    {
        var match = plan.Elements ?? throw new ArgumentException("the filter has no element_filter", nameof(plan));
        var count = Math.Min(ColumnLimits.BlockRows, rowCount - block * ColumnLimits.BlockRows);
        scratch.BeginBlock();
        try
        {
            var context = new BlockContext(source, block, count, scratch, null);
            var lists = (ArrayColumn)context.GetColumn(match.Column.FieldId);
            var present = scratch.Rent(Validity.WordCount(count));
            present.Clear();
            Bitmaps.OrNulls(present, lists.Validity);
            for (var w = 0; w < present.Length; w++) present[w] = rows[w] & ~present[w];
            Bitmaps.ClearTail(present, count);
            return match.TestElements(context, lists.Offsets[..(count + 1)], present);
        }
        finally
        {
            scratch.End();
        }
    }

    /// <summary>Narrows candidates to the rows for which a predicate is true.</summary>
    /// <param name="rows">⌈rowCount / 64⌉ words.</param>
    internal static void Evaluate(
        Predicate root,
        IColumnBlocks source,
        int rowCount,
        Span<ulong> rows,
        FilterScratch scratch,
        IndexAnswers? answers = null,
        FilterTrace? trace = null,
        CancellationToken ct = default)
    {
        try
        {
            for (int block = 0, first = 0; first < rows.Length; block++, first += BlockWords)
            {
                ct.ThrowIfCancellationRequested();
                var part = rows.Slice(first, Math.Min(BlockWords, rows.Length - first));
                var count = Math.Min(ColumnLimits.BlockRows, rowCount - block * ColumnLimits.BlockRows);
                if (Bitmaps.IsEmpty(part))
                {
                    trace?.Skipped(count);
                    continue;
                }
                scratch.BeginBlock();
                var context = new BlockContext(source, block, count, scratch, answers);
                var verdict = root.Prune(context);
                trace?.Visited(count, verdict != Verdict.Mixed);
                if (verdict == Verdict.None) part.Clear();
                else if (verdict == Verdict.Mixed) root.Filter(context, part);
            }
        }
        finally
        {
            scratch.End();
        }
    }
}
