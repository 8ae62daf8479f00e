namespace Milvus.Segments;

/// <summary>Vector search over one segment, growing or sealed.</summary>
public static class SegmentSearcher
{
    /// <summary>
    /// The best visible rows that pass the filter: min(K, matches) per query, never one that is not visible, fails the filter or has no
    /// vector. Exact without an index.
    /// </summary>
    /// <returns>One entry per query.</returns>
    public static SegmentHits[] Search(Segment segment, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
