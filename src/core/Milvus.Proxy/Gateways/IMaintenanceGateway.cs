using System.Collections.Immutable;
using Milvus.Coordinator.Resources;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>What a flush sealed.</summary>
/// <param name="Timestamp">Every row written at or before it is in a sealed segment once <see cref="IMaintenanceGateway.IsFlushedAsync"/> says so.</param>
public sealed record FlushOutcome(ImmutableArray<long> SegmentIds, ImmutableArray<long> FlushedSegmentIds, Timestamp Timestamp);

public enum LoadPhase
{
    NotLoaded = 0,
    Loading = 1,
    Loaded = 2,
    Failed = 3,
}

/// <param name="Percent">0…100.</param>
/// <param name="Failure">Why loading does not go on, naming the object or the limit.</param>
public sealed record LoadProgress(LoadPhase Phase, int Percent, MilvusException? Failure = null);

public enum BuildPhase
{
    Unissued = 1,
    InProgress = 2,
    Finished = 3,
    Failed = 4,
}

/// <summary>How far an index covers the collection's sealed rows.</summary>
public sealed record IndexProgress(BuildPhase Phase, long TotalRows, long IndexedRows, string FailReason = "")
{
    public long PendingRows => TotalRows - IndexedRows;
}

public sealed record CompactionProgress(bool Completed, int Executing, int Done, int Failed, ImmutableArray<CompactionPlanResult> Plans);

public sealed record CompactionPlanResult(ImmutableArray<long> Sources, long Target);

public enum SegmentPhase
{
    Growing,
    Sealing,
    Flushed,
}

public sealed record SegmentStatus(long SegmentId, long CollectionId, long PartitionId, int Shard, long Rows, SegmentPhase Phase, bool Loaded, long MemoryBytes, ImmutableArray<string> IndexNames, ImmutableArray<long> IndexIds)
{
    /// <summary>Ids of the query nodes that can search it; none for a growing segment.</summary>
    public ImmutableArray<long> NodeIds { get; init; } = [];
}

/// <summary>Work on stored data that clients ask for or ask about. In a cluster other nodes hold the answers, so every one may take a while or fail.</summary>
public interface IMaintenanceGateway
{
    /// <summary>Seals every growing segment of the collection; returns once sealing has begun and its extent is fixed.</summary>
    ValueTask<FlushOutcome> FlushAsync(CollectionInfo collection, CancellationToken cancellation);

    /// <summary>True when everything written at or before <paramref name="timestamp"/> is in committed sealed segments.</summary>
    ValueTask<bool> IsFlushedAsync(CollectionInfo collection, Timestamp timestamp, CancellationToken cancellation);

    /// <summary>True when each segment is committed, or was merged into one that is, or does not exist any more.</summary>
    ValueTask<bool> AreFlushedAsync(ImmutableArray<long> segmentIds, CancellationToken cancellation);

    /// <summary>Starts a compaction and returns its id.</summary>
    /// <param name="byKey">Divides the rows of a collection with a clustering key by it; others are compacted as usual.</param>
    ValueTask<long> CompactAsync(CollectionInfo collection, bool byKey, CancellationToken cancellation);

    /// <summary>Null when the id is unknown.</summary>
    ValueTask<CompactionProgress?> GetCompactionAsync(long compactionId, CancellationToken cancellation);

    /// <param name="partitionIds">Empty for the whole collection.</param>
    ValueTask<LoadProgress> GetLoadProgressAsync(CollectionInfo collection, ImmutableArray<long> partitionIds, CancellationToken cancellation);

    /// <summary>Waits until the load that the catalogue asks for is complete or has failed.</summary>
    ValueTask WaitLoadedAsync(CollectionInfo collection, CancellationToken cancellation);

    ValueTask<IndexProgress> GetIndexProgressAsync(CollectionInfo collection, IndexInfo index, CancellationToken cancellation);

    /// <summary>Rows stored (deleted rows that were not compacted away are subtracted where known).</summary>
    ValueTask<long> CountRowsAsync(CollectionInfo collection, long? partitionId, CancellationToken cancellation);

    ValueTask<ImmutableArray<SegmentStatus>> GetSegmentsAsync(CollectionInfo collection, CancellationToken cancellation);

    /// <summary>The query nodes that are at work, in the order of their names.</summary>
    ImmutableArray<QueryNodeInfo> QueryNodes { get; }

    /// <summary>For each replica of a loaded collection the ids of the query nodes that have segments of it, ascending; without any segment, of all nodes of its resource group.</summary>
    ValueTask<ImmutableArray<ImmutableArray<long>>> GetReplicaNodesAsync(CollectionInfo collection, CancellationToken cancellation);
}
