using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Vector search over one segment, growing or sealed.</summary>
public static class SegmentSearcher
{
    /// <summary>
    /// The best visible rows that pass the filter: min(K, matches) per query, never one that is not visible, fails the filter or has no
    /// vector. Exact without an index.
    /// </summary>
    /// <returns>One entry per query.</returns>
    /// <exception cref="MilvusException">The segment's schema has no such vector field.</exception>
    /// <exception cref="ArgumentException">The queries' type or length does not fit the field, or the metric does not.</exception>
    public static SegmentHits[] Search(Segment segment, SegmentSearchRequest request, SegmentScratch scratch, CancellationToken cancellationToken = default)
    {
        var field = segment.Schema.Find(request.FieldId)
            ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={request.FieldId}]");
        SearchCandidates? source = field.Type switch
        {
            DataType.SparseFloatVector => SparseCandidates.Open(segment, field, request, scratch, cancellationToken),
            DataType.ArrayOfVector when !request.Metric.IsMaxSim() => ElementCandidates.Open(segment, field, request, scratch, cancellationToken),
            DataType.ArrayOfVector => ListCandidates.Open(segment, field, request, scratch, cancellationToken),
            _ => DenseCandidates.Open(segment, field, request, scratch, cancellationToken),
        };
        if (source is null) return NoHits(request.QueryCount);
        return request.Group is { } group
            ? GroupedSearch.Search(segment, request, group, source, scratch, cancellationToken)
            : source.Search(request.K, scratch, cancellationToken);
    }

    private static SegmentHits[] NoHits(int queries)
    {
        var hits = new SegmentHits[queries];
        Array.Fill(hits, SegmentHits.None);
        return hits;
    }
}
