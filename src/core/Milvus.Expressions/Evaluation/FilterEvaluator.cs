using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>Evaluates filters over segments, block by block, into bitsets.</summary>
public static class FilterEvaluator
{
    /// <summary>
    /// Narrows candidate rows to those for which the filter is true (neither false nor unknown).
    /// </summary>
    /// <param name="rowCount">Rows 0 … rowCount − 1 are considered; at most the source's.</param>
    /// <param name="destination">
    /// At least ⌈rowCount / 64⌉ words, bit r % 64 of word r / 64 for row r. Comes in as the candidate rows and leaves with those that
    /// pass; bits from rowCount on are cleared in the words that are touched.
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
        if (plan.IsAlwaysTrue) return;
        if (plan.IsAlwaysFalse)
        {
            destination[..Validity.WordCount(rowCount)].Clear();
            return;
        }
        throw new MilvusException(ErrorCode.Unimplemented, "filters are not supported yet");
    }
}
