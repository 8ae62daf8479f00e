using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Candidates in a field of lists of vectors, each list ranked as a whole against the query's list, exactly.</summary>
internal sealed class ListCandidates : SearchCandidates
{
    private readonly VectorArrays _vectors;
    private readonly int _rowCount;

    private ListCandidates(VectorArrays vectors, SegmentSearchRequest request, RowSet rows)
        : base(request, rows)
    {
        _vectors = vectors;
        _rowCount = rows.RowCount;
    }

    /// <summary>Null when no row can match.</summary>
    public static ListCandidates? Open(Segment segment, FieldSchema field, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        if (request.QueryLists.Length != request.QueryCount) throw new ArgumentException($"{request.QueryLists.Length} lists for {request.QueryCount} queries", nameof(request));
        var rows = SegmentQuery.Select(segment, request.Filter, request.At, scratch, cancellationToken);
        // Null rows are empty lists, which match nothing.
        if (rows.Count() == 0 || segment.FindVectorArrays(field.Id) is not { } vectors) return null;
        scratch.Trace?.Ranked("brute force", "lists are compared exactly");
        return new ListCandidates(vectors, request, rows);
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
            MaxSimScan.Search(
                _vectors.Store, _vectors.Offsets, _rowCount, Request.Metric, Request.Queries.Span.Slice(start, length), Request.QueryType, parameters, Rows.AsFilter(), collectors[i]);
            start += length;
        }
    }
}
