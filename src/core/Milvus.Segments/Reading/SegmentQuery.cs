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
        if (scratch.Trace is not { } trace) return SelectRows(segment, filter, at, scratch, cancellationToken);
        var start = trace.Start();
        var rows = SelectRows(segment, filter, at, scratch, cancellationToken);
        trace.Selected(rows, start);
        return rows;
    }

    private static RowSet SelectRows(Segment segment, FilterPlan? filter, ReadPoint at, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        if (filter is { IsAlwaysFalse: true }) return RowSet.None;
        if (filter is not null && UsableLookup(segment, filter) is { } lookup) return SelectByKey(segment, filter, lookup, at, scratch, cancellationToken);

        var visible = segment.VisibleRows(at, scratch);
        if (filter is null || filter.IsAlwaysTrue || visible.RowCount == 0) return visible;
        var words = scratch.Own(visible);
        FilterEvaluator.Evaluate(filter, segment.Columns(visible.RowCount), visible.RowCount, words, scratch.Filter, cancellationToken, scratch.Trace?.Filter);
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
        if (filter is { IsAlwaysFalse: true }) return [];
        if (IsLookup(segment, filter, out _)) return KeyOrdering.FirstBySorting(segment, Execute(segment, filter, at, scratch, cancellationToken), limit);
        // Rows found by their keys are few, and a sample is decided by row numbers: both are selected before they are sorted.
        var isSelectedFirst = filter is not null && (filter.SampleRate is not null || UsableLookup(segment, filter) is not null);
        return isSelectedFirst
            ? KeyOrdering.FirstBySorting(segment, Select(segment, filter, at, scratch, cancellationToken).ToArray(), limit)
            : KeyOrdering.First(segment, filter, at, limit, scratch, cancellationToken);
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
        if (scratch.Trace is { } trace) trace.IsKeyLookup = true;
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
}
