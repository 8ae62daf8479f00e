using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Embedded.Shards;

/// <summary>Runs a query that orders rows by fields over several segments.</summary>
internal static class OrderedRows
{
    public static ShardRows Execute(
        ShardQuery request, int[] chosen, ImmutableArray<Segment> segments, ReadPoint at, SegmentScratch scratch, CancellationToken cancellation)
    {
        var limit = request.Limit ?? Limits.ResultWindow;
        for (var asked = limit; ; asked = checked(asked * 2))
        {
            var collector = new SortedCollector(request.Order, asked, r => segments[r.Part].TimestampOf(r.Row));
            foreach (var s in chosen) SortedQuery.Collect(segments[s], s, request.Filter, at, request.Order, collector, scratch, cancellation);
            var (rows, values) = collector.Finish();
            var all = new ShardRows
            {
                Rows = Array.ConvertAll(rows, r => new RowReference(r.Part, r.Row)),
                // The primary key is what rows are ordered by last.
                Ids = new PrimaryKeys(rows.Length == 0 ? ColumnBuilder.For(request.Order[^1].Field).Build() : values[^1]),
                Timestamps = Array.ConvertAll(rows, r => segments[r.Part].TimestampOf(r.Row)),
                OrderValues = values,
            };
            var merged = SortedRowsMerge.Merge([all], request.Order, limit, asked, static (_, row) => row, out var isComplete);
            if (isComplete) return merged;
        }
    }
}
