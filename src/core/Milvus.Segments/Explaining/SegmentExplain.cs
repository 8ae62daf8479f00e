using System.Collections.Immutable;

namespace Milvus.Segments;

/// <summary>How one test of a filter was answered in a segment.</summary>
/// <param name="Test">The test as planned.</param>
/// <param name="IndexId">The catalogue's index that answered; 0 when the column was read.</param>
/// <param name="IndexKind">The kind of that index; empty when the column was read.</param>
/// <param name="IsExact">The index's answer was final; otherwise its rows were tested again.</param>
/// <param name="Rows">Rows that the index named, or rows that reading was expected to look at.</param>
/// <param name="IndexCost">Rough nanoseconds with the best index; −1 when none can answer.</param>
/// <param name="ScanCost">Rough nanoseconds by reading the column.</param>
public sealed record TestExplain(string Test, long IndexId, string IndexKind, bool IsExact, long Rows, long IndexCost, long ScanCost);

/// <summary>How one segment answered a query or a search: what was chosen, why, and what it took.</summary>
public sealed record SegmentExplain
{
    public required long SegmentId { get; init; }

    public required long PartitionId { get; init; }

    public required bool IsSealed { get; init; }

    /// <summary>Rows of the segment, deleted ones included.</summary>
    public required int RowCount { get; init; }

    /// <summary>Rows visible at the moment that was read.</summary>
    public required long RowsVisible { get; init; }

    /// <summary>Visible rows that pass the filter.</summary>
    public required long RowsPassing { get; init; }

    /// <summary><c>none</c>, <c>never true</c>, <c>primary key lookup</c>, <c>statistics</c>, <c>indexes</c>, <c>columns</c> or <c>indexes and columns</c>.</summary>
    public required string FilterPlan { get; init; }

    public ImmutableArray<TestExplain> Tests { get; init; } = [];

    /// <summary>Blocks of rows.</summary>
    public int Blocks { get; init; }

    /// <summary>Blocks that statistics decided.</summary>
    public int BlocksPruned { get; init; }

    /// <summary>Blocks in which no candidate was left for the columns.</summary>
    public int BlocksSkipped { get; init; }

    /// <summary>Rows in those blocks, of which no column was read.</summary>
    public long RowsPruned { get; init; }

    /// <summary>How vectors were ranked: <c>none</c> (no candidate), <c>brute force</c>, <c>index</c>; empty for queries.</summary>
    public string SearchPlan { get; init; } = "";

    /// <summary>Why.</summary>
    public string SearchReason { get; init; } = "";

    /// <summary>The vector index that was there, used or not; empty when there is none.</summary>
    public string VectorIndex { get; init; } = "";

    /// <summary>Hits of all queries.</summary>
    public int Hits { get; init; }

    /// <summary>Time for visibility and filter.</summary>
    public double FilterMs { get; init; }

    /// <summary>Time for ranking vectors.</summary>
    public double SearchMs { get; init; }
}
