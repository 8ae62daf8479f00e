using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>What a flush sealed.</summary>
/// <param name="Timestamp">Every row written at or before it is in a sealed segment once <see cref="IMaintenanceGateway.IsFlushed"/> says so.</param>
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

public sealed record SegmentStatus(long SegmentId, long CollectionId, long PartitionId, int Shard, long Rows, SegmentPhase Phase, bool Loaded, long MemoryBytes, ImmutableArray<string> IndexNames, ImmutableArray<long> IndexIds);

/// <summary>Work on stored data that clients ask for or ask about.</summary>
public interface IMaintenanceGateway
{
    /// <summary>Seals every growing segment of the collection; returns once sealing has begun and its extent is fixed.</summary>
    ValueTask<FlushOutcome> FlushAsync(CollectionInfo collection, CancellationToken cancellation);

    /// <summary>True when everything written at or before <paramref name="timestamp"/> is in committed sealed segments.</summary>
    bool IsFlushed(CollectionInfo collection, Timestamp timestamp);

    /// <summary>True when each segment is committed, or was merged into one that is, or does not exist any more.</summary>
    bool AreFlushed(ImmutableArray<long> segmentIds);

    /// <summary>Starts a compaction and returns its id.</summary>
    ValueTask<long> CompactAsync(CollectionInfo collection, CancellationToken cancellation);

    /// <summary>Null when the id is unknown.</summary>
    CompactionProgress? GetCompaction(long compactionId);

    LoadProgress GetLoadProgress(CollectionInfo collection, ImmutableArray<long> partitionIds);

    /// <summary>Waits until the load that the catalogue asks for is complete or has failed.</summary>
    ValueTask WaitLoadedAsync(CollectionInfo collection, CancellationToken cancellation);

    IndexProgress GetIndexProgress(CollectionInfo collection, IndexInfo index);

    /// <summary>Rows stored (deleted rows that were not compacted away are subtracted where known).</summary>
    long CountRows(CollectionInfo collection, long? partitionId);

    ImmutableArray<SegmentStatus> GetSegments(CollectionInfo collection);
}
