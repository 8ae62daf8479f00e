using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Kernels;
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
    /// <exception cref="OperationCanceledException">Checked once per block.</exception>
    public static void Evaluate(
        FilterPlan plan,
        IColumnBlocks source,
        int rowCount,
        Span<ulong> destination,
        FilterScratch? scratch = null,
        CancellationToken ct = default)
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
        try
        {
            for (int block = 0, first = 0; first < words; block++, first += BlockWords)
            {
                ct.ThrowIfCancellationRequested();
                var part = rows.Slice(first, Math.Min(BlockWords, words - first));
                if (Bitmaps.IsEmpty(part)) continue;
                scratch.BeginBlock();
                var context = new BlockContext(source, block, Math.Min(ColumnLimits.BlockRows, rowCount - block * ColumnLimits.BlockRows), scratch);
                FilterBlock(plan, context, block, part);
            }
        }
        finally
        {
            scratch.End();
        }
    }

    private static void FilterBlock(FilterPlan plan, in BlockContext context, int block, Span<ulong> rows)
    {
        switch (plan.Root.Prune(context))
        {
            case Verdict.None:
                rows.Clear();
                return;
            case Verdict.Mixed:
                plan.Root.Filter(context, rows);
                break;
        }
        if (plan.SampleRate is { } rate) RowSampling.Apply(rows, rate, plan.SampleSeed, (long)block * ColumnLimits.BlockRows);
    }
}
