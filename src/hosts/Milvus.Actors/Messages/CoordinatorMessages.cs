namespace Milvus.Actors.Messages;

/// <summary>A catalogue command from a proxy, encoded by the control serializer inside.</summary>
public sealed record ExecuteCommand(Coordinator.Commands.CoordinatorCommand Command) : IControlMessage;

/// <param name="Version">Catalogue version in which the command holds.</param>
public sealed record CommandExecuted(bool Changed, long Id, ulong At, long Version) : IControlMessage;

/// <summary>An <see cref="ExecuteCommand"/> or <see cref="CommitSegments"/> that is too large for a message: an object holds it until it is answered.</summary>
public sealed record StoredRequest(string Key) : IControlMessage;

/// <summary>Asks whether a coordinator is at work; answered by <see cref="CoordinatorAlive"/>.</summary>
public sealed record PingCoordinator : IControlMessage;

public sealed record CoordinatorAlive(long Epoch) : IControlMessage;

/// <summary>Asks for consecutive ids; answered by <see cref="IdsAllocated"/>.</summary>
public sealed record AllocateIds(int Count) : IControlMessage;

public sealed record IdsAllocated(long First, int Count) : IControlMessage;

/// <summary>Commits a change to a collection's segments; answered by <see cref="ControlDone"/> or <see cref="ControlFailed"/>. Safe to repeat.</summary>
/// <param name="Change">By <c>SegmentChangeCodec</c>.</param>
public sealed record CommitSegments(long CollectionId, byte[] Change) : IControlMessage;

/// <summary>Adds one index file to a segment's manifest, if segment and index still exist. Safe to repeat.</summary>
/// <param name="Kind">As in <c>SegmentIndexFile</c>.</param>
public sealed record AttachIndex(long CollectionId, long SegmentId, long FieldId, long IndexId, string Kind, string ObjectKey, long Bytes) : IControlMessage;

/// <summary>A node wants to hear of changes; repeated as a heartbeat. Answered by <see cref="CatalogHeartbeat"/>.</summary>
public sealed record RegisterNode(string Node, string[] Roles, long CatalogVersion, long MemoryBytes, long MemoryLimitBytes, long Rows) : IControlMessage;

/// <summary>The present version: a node that is behind reads the meta store.</summary>
public sealed record CatalogHeartbeat(long Epoch, long Version) : IControlMessage;

/// <summary>One committed change, in the meta store's own terms. Answered by <see cref="CatalogDeltaApplied"/>.</summary>
/// <param name="Keys">Stored keys that changed.</param>
/// <param name="Values">Their new values, null for deleted ones.</param>
public sealed record CatalogDelta(long Epoch, long FromVersion, long ToVersion, string[] Keys, byte[]?[] Values) : IControlMessage;

public sealed record CatalogDeltaApplied(long Epoch, long Version) : IControlMessage;

/// <summary>A hint that the manifests or checkpoints of a collection changed.</summary>
public sealed record SegmentsChanged(long CollectionId) : IControlMessage;

/// <summary>Starts a compaction; answered by <see cref="CompactionStarted"/>.</summary>
/// <param name="ByKey">Divides the rows by the clustering key, if there is one.</param>
public sealed record StartCompaction(long CollectionId, bool ByKey) : IControlMessage;

public sealed record CompactionStarted(long CompactionId) : IControlMessage;

/// <summary>Answered by <see cref="CompactionState"/>, or <see cref="ControlFailed"/> when the id is unknown.</summary>
public sealed record GetCompactionState(long CompactionId) : IControlMessage;

public sealed record CompactionState(bool Completed, int Executing, int Done, int Failed, long[][] Sources, long[] Targets) : IControlMessage;

/// <summary>What the coordinator and its planner know; answered by <see cref="ClusterStatus"/>.</summary>
public sealed record GetClusterStatus : IControlMessage;

public sealed record ClusterStatus(string Coordinator, long Epoch, long CatalogVersion, NodeStatus[] Nodes, TaskStatusLine[] Tasks) : IControlMessage;

public sealed record NodeStatus(string Node, string[] Roles, long CatalogVersion, long MemoryBytes, long MemoryLimitBytes, long Rows, bool Reachable) : IControlMessage;

public sealed record TaskStatusLine(string TaskId, string Kind, string State, string Node, string Failure) : IControlMessage;
