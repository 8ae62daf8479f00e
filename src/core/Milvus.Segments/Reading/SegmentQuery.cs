using System.Runtime.InteropServices;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Scalar queries over one segment.</summary>
public static class SegmentQuery
{
    /// <summary>A filter that names more than this share of the rows by key is evaluated instead of looked up.</summary>
    private const int LookupShare = 8;

    /// <summary>The visible rows that pass the filter. Bits may live in <paramref name="scratch"/> until its next use.</summary>
    public static RowSet Select(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default)
    {
        if (filter is { IsAlwaysFalse: true }) return RowSet.None;
        if (filter?.PrimaryKeys is { } lookup && lookup.Keys.Count <= Math.Max(64, segment.RowCount / LookupShare))
            return SelectByKey(segment, filter, lookup, at, scratch, cancellationToken);

        var visible = segment.VisibleRows(at, scratch);
        if (filter is null || filter.IsAlwaysTrue || visible.RowCount == 0) return visible;
        var words = scratch.Own(visible);
        FilterEvaluator.Evaluate(filter, segment.Columns(visible.RowCount), visible.RowCount, words, scratch.Filter, cancellationToken);
        return new RowSet(visible.RowCount, words);
    }

    /// <summary>Matching rows, ascending by row.</summary>
    public static int[] Execute(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default) =>
        Select(segment, filter, at, scratch, cancellationToken).ToArray();

    /// <summary>
    /// The <paramref name="limit"/> matching rows with the smallest primary keys, ascending by key (text by its bytes): pages and iterators.
    /// </summary>
    public static int[] ExecuteOrdered(Segment segment, FilterPlan? filter, ReadPoint at, int limit, SegmentScratch scratch, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var rows = Select(segment, filter, at, scratch, cancellationToken);
        return rows.RowCount == 0 || limit == 0 ? [] : segment is SealedSegment s ? FirstByOrder(s, rows, limit) : FirstBySorting(segment, rows, limit);
    }

    /// <summary>How many rows match; counts without looking at rows where there is no filter.</summary>
    public static long Count(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default) =>
        filter is null or { IsAlwaysTrue: true } ? segment.CountVisible(at) : Select(segment, filter, at, scratch, cancellationToken).Count();

    private static RowSet SelectByKey(
        Segment segment, FilterPlan filter, PrimaryKeyLookup lookup, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var found = scratch.Rows;
        found.Clear();
        segment.FindRows(lookup.Keys, segment.RowCount, found);
        if (found.Count == 0) return RowSet.None;
        var visible = segment.VisibleRows(at, scratch);
        var rows = CollectionsMarshal.AsSpan(found);
        var kept = 0;
        foreach (var row in rows)
            if (visible.Contains(row)) rows[kept++] = row;
        if (kept == 0) return RowSet.None;

        var words = scratch.Words(visible.RowCount);
        words.AsSpan(0, Validity.WordCount(visible.RowCount)).Clear();
        foreach (var row in rows[..kept]) words[row >> 6] |= 1UL << (row & 63);
        if (!lookup.ExactlyKeys)
            FilterEvaluator.Evaluate(filter, segment.Columns(visible.RowCount), visible.RowCount, words, scratch.Filter, cancellationToken);
        return new RowSet(visible.RowCount, words);
    }

    private static int[] FirstByOrder(SealedSegment segment, RowSet rows, int limit)
    {
        var first = new int[Math.Min(limit, rows.Count())];
        for (int position = 0, found = 0; found < first.Length; position++)
        {
            var row = segment.KeyOrder.RowAt(position);
            if (rows.Contains(row)) first[found++] = row;
        }
        return first;
    }

    private static int[] FirstBySorting(Segment segment, RowSet rows, int limit)
    {
        var all = rows.ToArray();
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
}
