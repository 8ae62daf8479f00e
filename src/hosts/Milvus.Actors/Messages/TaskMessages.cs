namespace Milvus.Actors.Messages;

/// <summary>Builds one index over one sealed segment. Answered by <see cref="TaskRunning"/> now and then, and <see cref="TaskFinished"/>.</summary>
/// <param name="AvailableBytes">Memory that is left on the query node with the most of it: with little AUTOINDEX builds a graph on disk.</param>
public sealed record BuildIndexTask(string TaskId, long CollectionId, long SegmentId, long IndexId, long AvailableBytes) : ITaskMessage;

/// <summary>Rewrites segments as one, or as several divided by the clustering key. The horizon and the targets' ids are fixed by the planner, so that a repeated task does the same.</summary>
/// <param name="TargetId">The first segment that is written; others have the numbers that follow.</param>
/// <param name="Parts">How many are written at most.</param>
/// <param name="Horizon">Deletes at or before this timestamp are folded in.</param>
/// <param name="AvailableBytes">As of <see cref="BuildIndexTask"/>.</param>
public sealed record CompactTask(
    string TaskId, long CollectionId, int Shard, long PartitionId, long[] SourceIds, long TargetId, int Parts, ulong Horizon, long AvailableBytes) : ITaskMessage;

/// <summary>Carries an import job out. What it reads and how it ended is in the catalogue.</summary>
public sealed record ImportTask(string TaskId, long CollectionId, long JobId) : ITaskMessage;

public sealed record TaskRunning(string TaskId, string Node) : IControlMessage;

/// <param name="Failure">Empty when it succeeded.</param>
public sealed record TaskFinished(string TaskId, string Node, string Failure) : IControlMessage;
