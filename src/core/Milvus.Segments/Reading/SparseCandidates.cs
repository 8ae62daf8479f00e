using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// Candidates in a sparse vector field, ranked by the inverted index or, while there is none, by chunks, with equal scores. Rows that share nothing
/// with the query are no hits.
/// </summary>
internal sealed class SparseCandidates : SearchCandidates
{
    private readonly SparseVectors _vectors;
    private readonly SparseInvertedIndex? _index;

    private SparseCandidates(SparseVectors vectors, SparseInvertedIndex? index, SegmentSearchRequest request, RowSet rows)
        : base(request, rows)
    {
        _vectors = vectors;
        _index = index;
    }

    /// <summary>Null when no row can match.</summary>
    public static SparseCandidates? Open(Segment segment, FieldSchema field, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        if (request.SparseQueries.Length != request.QueryCount)
            throw new ArgumentException($"{request.SparseQueries.Length} sparse vectors for {request.QueryCount} queries", nameof(request));
        if (request.Metric == MetricType.BM25 && request.Bm25 is null) throw new ArgumentException("a BM25 search needs the collection's statistics", nameof(request));
        if (segment.FindSparse(field.Id) is not { } vectors) return null;
        // Null rows are empty ones, which match nothing: no bits are needed to keep them out.
        var rows = SegmentQuery.Select(segment, request.Filter, request.At, scratch, cancellationToken);
        if (request.Group is { Only.IsEmpty: false } group) rows = GroupedSearch.Narrow(segment, group, rows, scratch, cancellationToken);
        if (rows.Count() == 0) return null;

        var index = (segment as SealedSegment)?.FindIndex(field.Id)?.Sparse;
        if (index?.Metric != request.Metric) index = null;
        if (index is not null && index.RowCount > rows.RowCount) rows = new RowSet(rows.RowCount, scratch.Own(rows));
        scratch.Trace?.Ranked(
            index is null ? "brute force" : "index",
            index is null ? "no index for the metric" : "",
            (segment as SealedSegment)?.FindIndex(field.Id)?.File.Kind ?? "");
        return new SparseCandidates(vectors, index, request, rows);
    }

    protected override void Search(int k, ReadOnlySpan<TopK> collectors, CancellationToken cancellationToken)
    {
        for (var i = 0; i < collectors.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // What leaves out terms or trusts bounds less is a parameter of the index: without one, rows are compared as they are.
            var parameters = new SparseSearchParameters(k)
            {
                DropRatio = _index is null ? 0 : Request.DropRatio,
                Radius = Request.Radius,
                RangeFilter = Request.RangeFilter,
                Scoring = Request.Bm25,
                Algorithm = Request.SparseAlgorithm,
                MaxScoreRatio = _index is null ? 1 : Request.MaxScoreRatio,
            };
            var query = Request.SparseQueries[i].Span;
            if (_index is not null) _index.Search(query, parameters, Rows.AsFilter(), collectors[i]);
            else _vectors.Chunks.Search(Request.Metric, query, parameters, Rows.AsFilter(), collectors[i], Rows.RowCount);
        }
    }
}
