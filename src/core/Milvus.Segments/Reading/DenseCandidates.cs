using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// What a search over one dense vector field looks at: the rows that may be returned and the index, or exact scan, that ranks them.
/// Lives for one request; its bits live in the scratch.
/// </summary>
internal sealed class DenseCandidates
{
    private readonly VectorIndex _index;
    private readonly SegmentSearchRequest _request;
    private readonly RowSet _rows;

    private DenseCandidates(VectorIndex index, SegmentSearchRequest request, RowSet rows, int count)
    {
        _index = index;
        _request = request;
        _rows = rows;
        Count = count;
    }

    /// <summary>Rows that may be returned; at least one.</summary>
    public int Count { get; }

    /// <summary>Null when no row can match.</summary>
    public static DenseCandidates? Open(Segment segment, FieldSchema field, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var rows = SegmentQuery.Select(segment, request.Filter, request.At, scratch, cancellationToken);
        if (rows.RowCount == 0 || segment.FindVectors(field.Id) is not { } vectors) return null;
        if (vectors.Valid is { } valid)
        {
            var words = scratch.Own(rows);
            RowBits.And(words.AsSpan(0, Validity.WordCount(rows.RowCount)), valid);
            rows = new RowSet(rows.RowCount, words);
        }
        var count = rows.Count();
        if (count == 0) return null;

        var index = (segment as SealedSegment)?.FindIndex(field.Id);
        if (index is null || index.Metric != request.Metric) index = new FlatIndex(vectors.Store, request.Metric, rows.RowCount);
        // The index may cover rows that this reader must not see: then the bits have to end exactly where the reader's rows do.
        if (index.Count > rows.RowCount) rows = new RowSet(rows.RowCount, scratch.Own(rows));
        return new DenseCandidates(index, request, rows, count);
    }

    /// <summary>The best <paramref name="k"/> candidates of every query.</summary>
    public SegmentHits[] Search(int k, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var parameters = new VectorSearchParameters(Math.Min(k, Count)) { Ef = _request.Ef, Radius = _request.Radius, RangeFilter = _request.RangeFilter };
        var collectors = scratch.Collectors(_request.QueryCount);
        _index.SearchBatch(_request.Queries.Span, _request.QueryType, parameters, _rows.AsFilter(), collectors);
        var hits = new SegmentHits[collectors.Length];
        for (var i = 0; i < hits.Length; i++) hits[i] = new SegmentHits(collectors[i].Rows.ToArray(), collectors[i].Scores.ToArray());
        return hits;
    }
}
