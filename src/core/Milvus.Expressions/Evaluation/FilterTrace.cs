using Milvus.Expressions.Indexes;

namespace Milvus.Expressions;

/// <summary>How one test of a filter got its answer in one segment.</summary>
/// <param name="Text">The test, as <see cref="FilterPlan.Explain"/> writes it.</param>
/// <param name="Index">The index that answered; null when the column was read.</param>
/// <param name="IsExact">The index's answer was final; otherwise its rows were tested again.</param>
/// <param name="Rows">Rows that the index named, or rows that reading was expected to look at.</param>
/// <param name="IndexCost">Rough nanoseconds by the best index, null when none can answer.</param>
/// <param name="ScanCost">Rough nanoseconds by reading the column.</param>
public sealed record LeafTrace(string Text, ScalarIndex? Index, bool IsExact, long Rows, long? IndexCost, long ScanCost);

/// <summary>Collects what an evaluation did. Not thread-safe: one per evaluation.</summary>
public sealed class FilterTrace
{
    private readonly List<LeafTrace> _leaves = [];

    /// <summary>The tests for which an index was considered or the column read, in the order of the decisions.</summary>
    public IReadOnlyList<LeafTrace> Leaves => _leaves;

    /// <summary>Blocks of the segment.</summary>
    public int Blocks { get; internal set; }

    /// <summary>Blocks that statistics decided.</summary>
    public int BlocksPruned { get; internal set; }

    /// <summary>Blocks without a candidate row once indexes had answered.</summary>
    public int BlocksSkipped { get; internal set; }

    /// <summary>Rows in pruned and skipped blocks: none of their columns were read.</summary>
    public long RowsPruned { get; internal set; }

    internal void Skipped(int rows)
    {
        Blocks++;
        BlocksSkipped++;
        RowsPruned += rows;
    }

    internal void Visited(int rows, bool isPruned)
    {
        Blocks++;
        if (!isPruned) return;
        BlocksPruned++;
        RowsPruned += rows;
    }

    internal void Add(LeafTrace leaf) => _leaves.Add(leaf);
}
