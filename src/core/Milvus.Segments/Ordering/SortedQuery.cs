using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Feeds the matching rows of a segment to a collector, block by block.</summary>
public static class SortedQuery
{
    /// <param name="part">What stands for the segment in the collector.</param>
    public static void Collect(
        Segment segment, int part, FilterPlan? filter, ReadPoint at, ImmutableArray<SortKey> keys, SortedCollector collector, SegmentScratch scratch, CancellationToken cancellation)
    {
        var rows = SegmentQuery.Execute(segment, filter, at, scratch, cancellation);
        for (var from = 0; from < rows.Length; from += ColumnLimits.BlockRows)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = rows.AsSpan(from, Math.Min(ColumnLimits.BlockRows, rows.Length - from));
            var values = new Column[keys.Length];
            for (var k = 0; k < values.Length; k++) values[k] = segment.Fetch(keys[k].Field, batch);
            collector.Add(values, part, batch);
        }
    }
}
