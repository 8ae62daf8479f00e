using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Finds the matching rows with the smallest primary keys. Walks the segment's key order from the first key that the filter lets pass and evaluates the
/// rest of the filter on the rows it meets, so that a page of an iterator costs what it returns, wherever it starts.
/// </summary>
internal static class KeyOrdering
{
    /// <summary>Rows met per step at first; steps grow while few rows pass.</summary>
    private const int FirstStep = 256;

    private const int StepFactor = 4;

    /// <summary>Once this share of the rows has been met one by one, evaluating all of them at once is cheaper.</summary>
    private const int MetShare = 16;

    public static int[] First(Segment segment, FilterPlan? filter, ReadPoint at, int limit, SegmentScratch scratch, CancellationToken cancellation)
    {
        var visible = segment.VisibleRows(at, scratch);
        if (visible.RowCount == 0) return [];
        var order = segment.OrderByKey(visible.RowCount);
        var range = filter?.KeyRange;
        var (start, end) = order.Find(range);
        var rest = filter is null or { IsAlwaysTrue: true } || range is { IsExact: true } ? null : filter;
        var tail = order.Count < visible.RowCount ? Tail(segment, order.Count, visible, filter, scratch, cancellation) : [];
        var found = Walk(segment, order, start, end, visible, rest, at, limit, scratch, cancellation);
        return tail.Count == 0 ? [.. found] : FirstBySorting(segment, [.. found.Concat(tail).Order()], limit);
    }

    /// <param name="all">Ascending; may be overwritten.</param>
    public static int[] FirstBySorting(Segment segment, int[] all, int limit)
    {
        var keys = segment.PrimaryKeysOf(all);
        if (keys.IsInt64)
        {
            // Equal keys keep the order of their rows, as in a sealed segment.
            var order = new (long Key, int Row)[all.Length];
            for (var i = 0; i < order.Length; i++) order[i] = (keys.Int64s[i], all[i]);
            Array.Sort(order);
            for (var i = 0; i < order.Length; i++) all[i] = order[i].Row;
        }
        else
        {
            var text = keys.Strings;
            var order = new int[all.Length];
            for (var i = 0; i < order.Length; i++) order[i] = i;
            Array.Sort(order, (a, b) => text[a].SequenceCompareTo(text[b]) is not 0 and var c ? c : a.CompareTo(b));
            for (var i = 0; i < order.Length; i++) order[i] = all[order[i]];
            all = order;
        }
        return all.Length <= limit ? all : all[..limit];
    }

    private static List<int> Walk(
        Segment segment, PrimaryKeyOrder order, int start, int end, RowSet visible, FilterPlan? rest, ReadPoint at, int limit, SegmentScratch scratch, CancellationToken cancellation)
    {
        var found = new List<int>(Math.Min(limit, end - start));
        var step = Math.Clamp(limit, FirstStep, ColumnLimits.BlockRows);
        var patience = Math.Max(step, visible.RowCount / MetShare);
        var met = new List<int>(rest is null ? 0 : Math.Min(step, end - start));
        for (var position = start; position < end && found.Count < limit;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (rest is not null && position - start >= patience)
            {
                visible = SegmentQuery.Select(segment, rest, at, scratch, cancellation);
                rest = null;
            }
            var stop = Math.Min(end, position + step);
            if (rest is null)
            {
                for (; position < stop && found.Count < limit; position++)
                    if (order.RowAt(position) is var row && visible.Contains(row)) found.Add(row);
                continue;
            }
            met.Clear();
            for (; position < stop; position++)
                if (order.RowAt(position) is var row && visible.Contains(row)) met.Add(row);
            AddPassing(segment, rest, met, found, limit, scratch, cancellation);
            step = Math.Min(step * StepFactor, ColumnLimits.BlockRows);
        }
        return found;
    }

    /// <summary>The matching rows of a growing segment that its key order does not cover yet, ascending by row.</summary>
    private static List<int> Tail(Segment segment, int from, RowSet visible, FilterPlan? filter, SegmentScratch scratch, CancellationToken cancellation)
    {
        var found = new List<int>();
        var met = new List<int>();
        for (var row = from; row < visible.RowCount;)
        {
            met.Clear();
            for (var stop = Math.Min(visible.RowCount, row + ColumnLimits.BlockRows); row < stop; row++)
                if (visible.Contains(row)) met.Add(row);
            if (filter is null) found.AddRange(met);
            else AddPassing(segment, filter, met, found, int.MaxValue, scratch, cancellation);
        }
        return found;
    }

    private static void AddPassing(
        Segment segment, FilterPlan filter, List<int> met, List<int> found, int limit, SegmentScratch scratch, CancellationToken cancellation)
    {
        if (met.Count == 0) return;
        Span<ulong> passing = stackalloc ulong[ColumnLimits.BlockRows / 64];
        passing = passing[..Validity.WordCount(met.Count)];
        passing.Fill(ulong.MaxValue);
        FilterEvaluator.Evaluate(filter, new MetRows(segment, [.. met]), met.Count, passing, scratch.Filter, cancellation);
        for (var i = 0; i < met.Count && found.Count < limit; i++)
            if ((passing[i >> 6] >> (i & 63) & 1) != 0) found.Add(met[i]);
    }

    /// <summary>Some rows of a segment, at most a block of them, as filters read them.</summary>
    private sealed class MetRows(Segment segment, int[] rows) : IColumnBlocks
    {
        public int RowCount => rows.Length;

        public Column GetBlock(long fieldId, int block) => segment.Fetch(fieldId, rows);

        public ColumnStatistics? GetStatistics(long fieldId, int block) => null;
    }
}
