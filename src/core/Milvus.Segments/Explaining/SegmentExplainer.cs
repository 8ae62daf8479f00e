using Milvus.Expressions;
using Milvus.Expressions.Indexes;

namespace Milvus.Segments;

/// <summary>Answers requests while taking notes on how.</summary>
public static class SegmentExplainer
{
    /// <summary>Selects the visible rows that pass the filter.</summary>
    public static SegmentExplain Query(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var trace = new SegmentTrace(time);
        Run(scratch, trace, () => SegmentQuery.Select(segment, filter, at, scratch, cancellationToken));
        return Explain(segment, filter, at, scratch, trace);
    }

    /// <summary>Searches as <see cref="SegmentSearcher"/> does.</summary>
    public static SegmentExplain Search(Segment segment, SegmentSearchRequest request, SegmentScratch scratch, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var trace = new SegmentTrace(time);
        var start = trace.Start();
        var hits = Run(scratch, trace, () => SegmentSearcher.Search(segment, request, scratch, cancellationToken));
        var total = trace.MsSince(start);
        return Explain(segment, request.Filter, request.At, scratch, trace) with
        {
            SearchPlan = trace.SearchPlan,
            SearchReason = trace.SearchReason,
            VectorIndex = trace.VectorIndex,
            Hits = hits.Sum(h => h.Count),
            SearchMs = Math.Max(0, total - trace.FilterMs),
        };
    }

    private static T Run<T>(SegmentScratch scratch, SegmentTrace trace, Func<T> work)
    {
        scratch.Trace = trace;
        try
        {
            return work();
        }
        finally
        {
            scratch.Trace = null;
        }
    }

    private static SegmentExplain Explain(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, SegmentTrace trace) => new()
    {
        SegmentId = segment.SegmentId,
        PartitionId = segment.PartitionId,
        IsSealed = segment.IsSealed,
        RowCount = segment.RowCount,
        RowsVisible = segment.VisibleRows(at, scratch).Count(),
        RowsPassing = trace.RowsPassing,
        FilterPlan = PlanOf(filter, trace),
        Tests = [.. trace.Filter.Leaves.Select(l => TestOf(segment, l))],
        Blocks = trace.Filter.Blocks,
        BlocksPruned = trace.Filter.BlocksPruned,
        BlocksSkipped = trace.Filter.BlocksSkipped,
        RowsPruned = trace.Filter.RowsPruned,
        FilterMs = trace.FilterMs,
    };

    private static string PlanOf(FilterPlan? filter, SegmentTrace trace)
    {
        if (filter is null || filter.IsAlwaysTrue) return "none";
        if (filter.IsAlwaysFalse) return "never true";
        if (trace.IsKeyLookup) return "primary key lookup";
        var byIndex = trace.Filter.Leaves.Any(l => l.Index is not null);
        var byColumn = trace.Filter.Blocks > trace.Filter.BlocksPruned + trace.Filter.BlocksSkipped && trace.Filter.Leaves.Any(l => l.Index is null || !l.IsExact);
        if (byIndex) return byColumn ? "indexes and columns" : "indexes";
        return trace.Filter.Blocks == trace.Filter.BlocksPruned + trace.Filter.BlocksSkipped ? "statistics" : "columns";
    }

    private static TestExplain TestOf(Segment segment, LeafTrace leaf)
    {
        var file = leaf.Index is { } index && segment is SealedSegment s ? s.Indexes.FirstOrDefault(i => ReferenceEquals(i.Scalar, index))?.File : null;
        return new TestExplain(leaf.Text, file?.IndexId ?? 0, leaf.Index is { } used ? ScalarIndexSpec.NameOf(used.Spec.Kind) : "", leaf.IsExact, leaf.Rows, leaf.IndexCost ?? -1, leaf.ScanCost);
    }
}
