namespace Milvus.Segments;

/// <summary>Which segment a writer makes; names its objects and fills its manifest.</summary>
public sealed record SegmentPlace(long SegmentId, long CollectionId, long PartitionId, int Shard);
