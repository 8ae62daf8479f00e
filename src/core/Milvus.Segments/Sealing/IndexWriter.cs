using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>How the index of one field of a segment is built.</summary>
/// <param name="IndexId">The catalogue's index that it is built for.</param>
/// <param name="Kind">FLAT, HNSW or SPARSE_INVERTED_INDEX: what is really built.</param>
public sealed record SegmentIndexPlan(long FieldId, long IndexId, string Kind, MetricType Metric)
{
    public const string Flat = "FLAT";
    public const string Hnsw = "HNSW";
    public const string SparseInverted = "SPARSE_INVERTED_INDEX";

    /// <summary>Degree and beam width; used by HNSW.</summary>
    public HnswParameters HnswParameters { get; init; } = new();
}

/// <summary>Builds indexes of sealed segments and writes them to object storage.</summary>
public static class IndexWriter
{
    /// <summary>Builds on the calling thread (and the plan's threads), then writes.</summary>
    /// <returns>The segment with the index attached; its manifest is what is to be committed.</returns>
    public static Task<SealedSegment> BuildAsync(
        SealedSegment segment, SegmentIndexPlan plan, long collectionId, IObjectStore store, IProgress<int>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
