using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// What a search over one vector field looks at: the rows that may be returned and what ranks them. Lives for one request; its bits
/// live in the scratch.
/// </summary>
internal abstract class SearchCandidates(SegmentSearchRequest request, RowSet rows)
{
    protected SegmentSearchRequest Request => request;

    /// <summary>What may be returned: rows, or the slots of rows.</summary>
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
        for (var i = 0; i < hits.Length; i++) hits[i] = ToHits(collectors[i]);
        return hits;
    }

    /// <summary>The rows of what a search found.</summary>
    protected virtual int[] ToRows(ReadOnlySpan<int> found) => found.ToArray();

    /// <summary>What a search found, in terms of rows.</summary>
    protected virtual SegmentHits ToHits(TopK found) => new(ToRows(found.Rows), found.Scores.ToArray());

    protected abstract void Search(int k, ReadOnlySpan<TopK> collectors, CancellationToken cancellationToken);
}
