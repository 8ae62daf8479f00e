using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// Candidates in a field of lists of vectors, each list ranked as a whole against the query's list. Scores are exact; which lists are scored an index over
/// all elements may choose: those that own one of the nearest elements to a vector of the query.
/// </summary>
internal sealed class ListCandidates : SearchCandidates
{
    /// <summary>Elements looked for per vector of a query and list wanted, and at least so many.</summary>
    private const float UsualRatio = 3;
    private const int LeastElements = 512;

    private readonly VectorArrays _vectors;
    private readonly int _rowCount;
    private readonly VectorIndex? _elements;
    private readonly RowSet _passing;
    private readonly SegmentScratch _scratch;

    private ListCandidates(VectorArrays vectors, SegmentSearchRequest request, RowSet rows, VectorIndex? elements, RowSet passing, SegmentScratch scratch)
        : base(request, rows)
    {
        _vectors = vectors;
        _rowCount = rows.RowCount;
        _elements = elements;
        _passing = passing;
        _scratch = scratch;
    }

    /// <summary>Null when no row can match.</summary>
    public static ListCandidates? Open(Segment segment, FieldSchema field, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        if (request.QueryLists.Length != request.QueryCount) throw new ArgumentException($"{request.QueryLists.Length} lists for {request.QueryCount} queries", nameof(request));
        var rows = SegmentQuery.Select(segment, request.Filter, request.At, scratch, cancellationToken);
        // Null rows are empty lists, which match nothing.
        if (rows.Count() == 0 || segment.FindVectorArrays(field.Id) is not { } vectors) return null;
        var attached = (segment as SealedSegment)?.FindIndex(field.Id);
        var elements = attached?.Dense;
        var passing = RowSet.None;
        var reason = elements is null ? "lists are compared exactly"
            : elements.Metric != request.Metric.OfElements() ? $"the index has metric {elements.Metric.Name()}"
            : request.Exhaustive ? "a later page of an iterator is read exhaustively"
            : "lists in a range are compared exactly";
        if (elements is not null && elements.Metric == request.Metric.OfElements() && request is { Radius: null, RangeFilter: null, Exhaustive: false })
        {
            passing = ElementCandidates.Of(rows, vectors, scratch);
            var count = passing.Count();
            if (elements.Count > passing.RowCount && passing.IsAll) passing = new RowSet(passing.RowCount, ElementCandidates.Full(passing.RowCount, scratch));
            if (elements.PrefersScan(count, Parameters(request, request.K)))
            {
                reason = $"{count} passing elements of {elements.Count} cost less than the index";
                elements = null;
            }
        }
        else elements = null;
        scratch.Trace?.Ranked(elements is null ? "brute force" : "index", elements is null ? reason : "lists that own near elements are compared exactly", attached?.File.Kind ?? "");
        return new ListCandidates(vectors, request, rows, elements, passing, scratch);
    }

    protected override void Search(int k, ReadOnlySpan<TopK> collectors, CancellationToken cancellationToken)
    {
        var parameters = new VectorSearchParameters(k) { Radius = Request.Radius, RangeFilter = Request.RangeFilter };
        var bytes = Request.QueryType.VectorBytes(_vectors.Store.Dimension);
        var start = 0;
        for (var i = 0; i < collectors.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = Request.QueryLists[i] * bytes;
            var query = Request.Queries.Span.Slice(start, length);
            start += length;
            if (_elements is not null && Narrow(query, bytes, k) is { } near) Compare(query, parameters, near.AsFilter(), collectors[i]);
            else Compare(query, parameters, Rows.AsFilter(), collectors[i]);
        }
    }

    private static VectorSearchParameters Parameters(SegmentSearchRequest request, int k)
    {
        var wanted = Math.Max(LeastElements, (int)Math.Ceiling(k * (request.ElementRatio ?? UsualRatio)));
        return new VectorSearchParameters(wanted) { Ef = request.Ef is { } ef ? Math.Max(ef, wanted) : null, Nprobe = request.Nprobe };
    }

    private void Compare(ReadOnlySpan<byte> query, in VectorSearchParameters parameters, RowFilter filter, TopK result) => MaxSimScan.Search(
        _vectors.Store, _vectors.Offsets, _rowCount, Request.Metric, query, Request.QueryType, parameters, filter, result);

    /// <summary>The rows that own one of the nearest elements to a vector of the query; null when there are fewer than wanted.</summary>
    private RowSet? Narrow(ReadOnlySpan<byte> query, int bytes, int k)
    {
        var parameters = Parameters(Request, k);
        var bits = _scratch.Candidates(_rowCount);
        bits.AsSpan(0, Validity.WordCount(_rowCount)).Clear();
        var found = _scratch.Elements;
        var offsets = _vectors.Offsets.AsSpan(0, _rowCount + 1);
        for (var at = 0; at < query.Length; at += bytes)
        {
            _elements!.Search(query.Slice(at, bytes), Request.QueryType, parameters, _passing.AsFilter(), found);
            foreach (var element in found.Rows)
            {
                var row = ElementCandidates.RowOf(offsets, element);
                bits[row >> 6] |= 1UL << (row & 63);
            }
        }
        var near = new RowSet(_rowCount, bits);
        return near.Count() >= Math.Min(k, Count) ? near : null;
    }
}
