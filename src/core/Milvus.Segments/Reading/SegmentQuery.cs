using System.Diagnostics.CodeAnalysis;
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
        if (filter is not null && UsableLookup(segment, filter) is { } lookup) return SelectByKey(segment, filter, lookup, at, scratch, cancellationToken);

        var visible = segment.VisibleRows(at, scratch);
        if (filter is null || filter.IsAlwaysTrue || visible.RowCount == 0) return visible;
        var words = scratch.Own(visible);
        FilterEvaluator.Evaluate(filter, segment.Columns(visible.RowCount), visible.RowCount, words, scratch.Filter, cancellationToken);
        return new RowSet(visible.RowCount, words);
    }

    /// <summary>Matching rows, ascending by row.</summary>
    public static int[] Execute(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default)
    {
        if (!IsLookup(segment, filter, out var lookup)) return Select(segment, filter, at, scratch, cancellationToken).ToArray();
        var rows = FindVisible(segment, lookup, at, scratch);
        rows.Sort();
        return rows.ToArray();
    }

    /// <summary>
    /// The <paramref name="limit"/> matching rows with the smallest primary keys, ascending by key (text by its bytes): pages and iterators.
    /// </summary>
    public static int[] ExecuteOrdered(Segment segment, FilterPlan? filter, ReadPoint at, int limit, SegmentScratch scratch, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        if (limit == 0) return [];
        if (IsLookup(segment, filter, out _)) return FirstBySorting(segment, Execute(segment, filter, at, scratch, cancellationToken), limit);
        var rows = Select(segment, filter, at, scratch, cancellationToken);
        return rows.RowCount == 0 ? [] : segment is SealedSegment s ? FirstByOrder(s, rows, limit) : FirstBySorting(segment, rows.ToArray(), limit);
    }

    /// <summary>How many rows match; counts without looking at rows where there is no filter.</summary>
    public static long Count(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken = default)
    {
        if (filter is null or { IsAlwaysTrue: true }) return segment.CountVisible(at);
        return IsLookup(segment, filter, out var lookup)
            ? FindVisible(segment, lookup, at, scratch).Length
            : Select(segment, filter, at, scratch, cancellationToken).Count();
    }

    /// <summary>True when the filter is nothing but a lookup of keys: then no bitset is needed.</summary>
    private static bool IsLookup(Segment segment, FilterPlan? filter, [NotNullWhen(true)] out PrimaryKeyLookup? lookup)
    {
        lookup = filter is { IsAlwaysFalse: false } ? UsableLookup(segment, filter) : null;
        return lookup is { ExactlyKeys: true };
    }

    private static PrimaryKeyLookup? UsableLookup(Segment segment, FilterPlan filter) =>
        filter.PrimaryKeys is { } lookup && lookup.Keys.Count <= Math.Max(64, segment.RowCount / LookupShare) ? lookup : null;

    private static RowSet SelectByKey(
        Segment segment, FilterPlan filter, PrimaryKeyLookup lookup, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var rows = FindVisible(segment, lookup, at, scratch);
        if (rows.IsEmpty) return RowSet.None;
        // The bits may end anywhere behind the last row found: rows beyond are no members.
        var rowCount = segment.RowCount;
        var words = scratch.Words(rowCount);
        words.AsSpan(0, Validity.WordCount(rowCount)).Clear();
        foreach (var row in rows) words[row >> 6] |= 1UL << (row & 63);
        if (!lookup.ExactlyKeys) FilterEvaluator.Evaluate(filter, segment.Columns(rowCount), rowCount, words, scratch.Filter, cancellationToken);
        return new RowSet(rowCount, words);
    }

    /// <summary>The visible rows with the keys, in no order; valid until the scratch's next use.</summary>
    private static Span<int> FindVisible(Segment segment, PrimaryKeyLookup lookup, ReadPoint at, SegmentScratch scratch)
    {
        var found = scratch.Rows;
        found.Clear();
        segment.FindRows(lookup.Keys, segment.RowCount, found);
        if (found.Count == 0) return default;
        var visible = segment.VisibleRows(at, scratch);
        var rows = CollectionsMarshal.AsSpan(found);
        var kept = 0;
        foreach (var row in rows)
            if (visible.Contains(row)) rows[kept++] = row;
        return rows[..kept];
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

    /// <param name="all">Ascending; may be overwritten.</param>
    private static int[] FirstBySorting(Segment segment, int[] all, int limit)
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
}
