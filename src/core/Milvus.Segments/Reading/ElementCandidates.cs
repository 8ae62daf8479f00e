using Milvus.Expressions;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// Candidates among the single elements of lists of vectors: every element is ranked by itself, by the index over all elements or by an exact scan, and
/// a row is found as often as its elements are. An element_filter of the filter decides which elements compete.
/// </summary>
internal sealed class ElementCandidates : SearchCandidates
{
    private readonly VectorIndex _index;
    private readonly VectorArrays _lists;
    private readonly int _rowCount;

    private ElementCandidates(VectorIndex index, SegmentSearchRequest request, RowSet elements, VectorArrays lists, int rowCount)
        : base(request, elements)
    {
        _index = index;
        _lists = lists;
        _rowCount = rowCount;
    }

    /// <summary>Null when no element can match.</summary>
    public static ElementCandidates? Open(Segment segment, FieldSchema field, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var rows = SegmentQuery.Select(segment, request.Filter, request.At, scratch, cancellationToken);
        if (request.Group is { Only.IsEmpty: false } group) rows = GroupedSearch.Narrow(segment, group, rows, scratch, cancellationToken);
        // The lists are looked up after the rows were counted, so that they cover the rows.
        if (rows.RowCount == 0 || segment.FindVectorArrays(field.Id) is not { } lists) return null;
        var elements = request.Filter is { ElementFilterStruct: not null } filter
            ? Passing(segment, filter, rows, lists, scratch, cancellationToken)
            : Of(rows, lists, scratch);
        if (elements.Count() == 0) return null;

        var index = (segment as SealedSegment)?.FindIndex(field.Id)?.Dense;
        if (index is null || index.Metric != request.Metric || request.Exhaustive) index = new FlatIndex(lists.Store, request.Metric, elements.RowCount);
        // The index may cover elements that this reader must not see: then the bits have to end exactly where the reader's elements do.
        if (index.Count > elements.RowCount && elements.IsAll) elements = new RowSet(elements.RowCount, Full(elements.RowCount, scratch));
        if (scratch.Trace is { } trace) Explain(trace, segment, field, index, elements, request);
        return new ElementCandidates(index, request, elements, lists, rows.RowCount);
    }

    protected override void Search(int k, ReadOnlySpan<TopK> collectors, CancellationToken cancellationToken)
    {
        _index.SearchBatch(Request.Queries.Span, Request.QueryType, Request.Parameters(k), Rows.AsFilter(), collectors);
    }

    protected override SegmentHits ToHits(TopK found)
    {
        var rows = new int[found.Rows.Length];
        var places = new int[rows.Length];
        var offsets = _lists.Offsets.AsSpan(0, _rowCount + 1);
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = RowOf(offsets, found.Rows[i]);
            places[i] = found.Rows[i] - offsets[rows[i]];
        }
        return new SegmentHits(rows, found.Scores.ToArray()) { Elements = places };
    }

    private static void Explain(SegmentTrace trace, Segment segment, FieldSchema field, VectorIndex used, RowSet elements, SegmentSearchRequest request)
    {
        var attached = (segment as SealedSegment)?.FindIndex(field.Id);
        var name = attached?.File.Kind ?? "";
        if (used is FlatIndex)
        {
            var reason = attached?.Dense is not { } present ? "no index on the field"
                : present.Metric != request.Metric ? "the index has another metric"
                : present is FlatIndex ? "the index is exact"
                : "a later page of an iterator is read exhaustively";
            trace.Ranked("brute force", $"elements: {reason}", name);
            return;
        }
        var passing = elements.Count();
        var scans = used.PrefersScan(passing, request.Parameters(request.K));
        trace.Ranked(scans ? "brute force" : "index", $"{passing} passing elements of {used.Count} cost {(scans ? "less" : "more")} than the index", name);
    }

    /// <summary>The last row whose list begins at or before the element; empty lists before it begin there too.</summary>
    public static int RowOf(ReadOnlySpan<int> offsets, int element)
    {
        int low = 0, high = offsets.Length - 1;
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            if (offsets[middle] <= element) low = middle;
            else high = middle;
        }
        return low;
    }

    /// <summary>All elements of the rows.</summary>
    public static RowSet Of(RowSet rows, VectorArrays lists, SegmentScratch scratch)
    {
        var count = lists.Offsets[rows.RowCount];
        if (rows.IsAll || count == 0) return new RowSet(count, null);
        var bits = scratch.Places(count);
        bits.AsSpan(0, Validity.WordCount(count)).Clear();
        var words = rows.Words;
        for (var w = 0; w < words.Length; w++)
        {
            for (var open = words[w]; open != 0; open &= open - 1)
            {
                var row = (w << 6) + System.Numerics.BitOperations.TrailingZeroCount(open);
                if (row < rows.RowCount) RowBits.FillRange(bits, lists.Offsets[row], lists.Offsets[row + 1]);
            }
        }
        return new RowSet(count, bits);
    }

    /// <summary>The elements of the rows that the filter's element_filter lets pass.</summary>
    private static RowSet Passing(Segment segment, FilterPlan filter, RowSet rows, VectorArrays lists, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var count = lists.Offsets[rows.RowCount];
        var bits = scratch.Places(count);
        bits.AsSpan(0, Validity.WordCount(count)).Clear();
        var candidates = scratch.Own(rows);
        var columns = segment.Columns(rows.RowCount);
        for (var first = 0; first < rows.RowCount; first += ColumnLimits.BlockRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = candidates.AsSpan(first >> 6, Validity.WordCount(Math.Min(ColumnLimits.BlockRows, rows.RowCount - first)));
            if (!part.ContainsAnyExcept(0UL)) continue;
            var passing = FilterEvaluator.EvaluateElements(filter, columns, first >> ColumnLimits.BlockShift, rows.RowCount, part, scratch.Filter);
            RowBits.OrShifted(bits, lists.Offsets[first], passing);
        }
        return new RowSet(count, bits);
    }

    /// <summary>The bits of all elements.</summary>
    public static ulong[] Full(int count, SegmentScratch scratch)
    {
        var bits = scratch.Places(count);
        RowBits.FillPrefix(bits, count);
        return bits;
    }
}
