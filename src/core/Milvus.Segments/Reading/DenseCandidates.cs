using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Candidates in a dense vector field, ranked by the field's index or by an exact scan.</summary>
internal sealed class DenseCandidates : SearchCandidates
{
    private readonly VectorIndex _index;

    private DenseCandidates(VectorIndex index, SegmentSearchRequest request, RowSet rows)
        : base(request, rows) => _index = index;

    /// <summary>Null when no row can match.</summary>
    public static DenseCandidates? Open(Segment segment, FieldSchema field, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        if (segment.FindVectors(field.Id) is not { Store: var store }) return null;
        var rows = Select(segment, request, () => segment.FindVectors(field.Id)!.Value.Valid, scratch, cancellationToken);
        if (rows.Count() == 0) return null;

        var index = (segment as SealedSegment)?.FindIndex(field.Id)?.Dense;
        if (index is null || index.Metric != request.Metric || request.Exhaustive) index = new FlatIndex(store, request.Metric, rows.RowCount);
        // The index may cover rows that this reader must not see: then the bits have to end exactly where the reader's rows do.
        if (index.Count > rows.RowCount) rows = new RowSet(rows.RowCount, scratch.Own(rows));
        return new DenseCandidates(index, request, rows);
    }

    protected override void Search(int k, ReadOnlySpan<TopK> collectors, CancellationToken cancellationToken)
    {
        var parameters = new VectorSearchParameters(k) { Ef = Request.Ef, Radius = Request.Radius, RangeFilter = Request.RangeFilter };
        _index.SearchBatch(Request.Queries.Span, Request.QueryType, parameters, Rows.AsFilter(), collectors);
    }
}
