namespace Milvus.Actors.Messages;

/// <summary>
/// Asks for a replica of a sealed segment to be in memory, with at least the files of the given manifest. Answered by
/// <see cref="SegmentLoaded"/> or <see cref="SegmentLoadFailed"/>, at once when it is there already. Safe to repeat.
/// </summary>
/// <param name="IndexIds">Indexes that the manifest had files of, so that a replica without one knows that it is behind.</param>
public sealed record LoadSegment(long CollectionId, long SegmentId, int Replica, int Shard, long[] IndexIds) : ISegmentMessage;

/// <param name="Node">Address of the node that holds it.</param>
/// <param name="AppliedDeletes">Sequence of the channel up to which its deletes are applied: that of the checkpoint whose tombstone files were read, or of later pushes.</param>
/// <param name="Incarnation">Changes with every time the segment is read anew, so that pushes acknowledged by an earlier one do not count.</param>
public sealed record SegmentLoaded(long SegmentId, int Replica, string Node, long AppliedDeletes, long Incarnation, long[] IndexIds, long Rows, long DeletedRows, long MemoryBytes) : IControlMessage;

/// <param name="Code">Numeric Milvus error code.</param>
public sealed record SegmentLoadFailed(long SegmentId, int Replica, string Node, int Code, string Message) : IControlMessage;

/// <summary>The replica is not wanted any more; it stays readable for a while for readers that are under way. No answer.</summary>
public sealed record ReleaseSegment(long CollectionId, long SegmentId, int Replica) : ISegmentMessage;

/// <summary>
/// Sent to whoever asked for the replica when it moves away from a node without having been released. The node keeps it readable for a while, so there is
/// time to ask for it again, which loads it at its new place.
/// </summary>
public sealed record SegmentMoving(long SegmentId, int Replica, string Node, long Incarnation) : IControlMessage;

/// <summary>What each query node tells the others every few seconds, because any of them may be the one that places segments.</summary>
public sealed record QueryNodeLoad(string Node, long MemoryBytes, long LimitBytes, long Rows, int Loading, string[] Shards, long[] ShardBytes) : IControlMessage;
