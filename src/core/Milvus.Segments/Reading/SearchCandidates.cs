using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// What a search over one vector field looks at: the rows that may be returned and what ranks them. Lives for one request; its bits
/// live in the scratch.
/// </summary>
internal abstract class SearchCandidates(SegmentSearchRequest request, RowSet rows)
{
    protected SegmentSearchRequest Request => request;

    protected RowSet Rows => rows;

    /// <summary>Rows that may be returned.</summary>
    public int Count { get; } = rows.Count();

    /// <summary>The best <paramref name="k"/> candidates of every query.</summary>
    public SegmentHits[] Search(int k, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var collectors = scratch.Collectors(request.QueryCount);
        Search(Math.Min(k, Count), collectors, cancellationToken);
        var hits = new SegmentHits[collectors.Length];
        for (var i = 0; i < hits.Length; i++) hits[i] = new SegmentHits(collectors[i].Rows.ToArray(), collectors[i].Scores.ToArray());
        return hits;
    }

    protected abstract void Search(int k, ReadOnlySpan<TopK> collectors, CancellationToken cancellationToken);

    /// <summary>The rows that are visible, pass the filter and have a vector; the empty set when there are none.</summary>
    /// <param name="valid">The bits of rows that have a vector; null when all have.</param>
    protected static RowSet Select(Segment segment, SegmentSearchRequest request, Func<ulong[]?> valid, SegmentScratch scratch, CancellationToken cancellationToken)
    {
        var rows = SegmentQuery.Select(segment, request.Filter, request.At, scratch, cancellationToken);
        // Validity is read after the rows were counted, so that it covers them.
        if (rows.RowCount == 0 || valid() is not { } words) return rows;
        var own = scratch.Own(rows);
        RowBits.And(own.AsSpan(0, Validity.WordCount(rows.RowCount)), words);
        return new RowSet(rows.RowCount, own);
    }
}
