namespace Milvus.Actors.Messages;

/// <summary>Starts the channel where it is not running and asks where it is; answered by <see cref="ChannelLocation"/>.</summary>
public sealed record LocateChannel(long CollectionId, int Shard) : IChannelMessage;

/// <param name="Node">Address of the node that hosts the channel.</param>
public sealed record ChannelLocation(long CollectionId, int Shard, string Node) : IControlMessage;

/// <summary>Sent by the coordinator so that channels run, load and seal without anybody writing to them. No answer.</summary>
public sealed record WakeChannel(long CollectionId, int Shard) : IChannelMessage;

/// <summary>Closes the growing segments and starts sealing; answered by <see cref="ChannelFlushed"/>.</summary>
public sealed record FlushChannel(long CollectionId, int Shard) : IChannelMessage;

/// <param name="Timestamp">Everything written at or before it is in the segments named, or sealed already.</param>
public sealed record ChannelFlushed(long[] SealingSegmentIds, ulong Timestamp) : IControlMessage;

/// <summary>Answered by <see cref="ChannelStatus"/>.</summary>
public sealed record GetChannelStatus(long CollectionId, int Shard) : IChannelMessage;

/// <summary>What a channel knows of itself; the maintenance gateway and the inspection endpoints are made of it.</summary>
public sealed record ChannelStatus : IControlMessage
{
    public required long CollectionId { get; init; }

    public required int Shard { get; init; }

    public required string Node { get; init; }

    public required long AppliedSequence { get; init; }

    public required long CheckpointSequence { get; init; }

    /// <summary>Numeric value of <c>Milvus.Proxy.LoadPhase</c>.</summary>
    public required int LoadPhase { get; init; }

    public required int LoadPercent { get; init; }

    public int LoadFailureCode { get; init; }

    public string LoadFailure { get; init; } = "";

    public GrowingStatus[] Growing { get; init; } = [];

    public ReplicaStatus[] Replicas { get; init; } = [];
}

/// <param name="MinTimestamp">Of its oldest row; 0 when it has none.</param>
public sealed record GrowingStatus(long SegmentId, long PartitionId, long Rows, long DeletedRows, long MemoryBytes, ulong MinTimestamp, bool IsSealing) : IControlMessage;

/// <param name="Node">Empty while the replica is not loaded anywhere.</param>
public sealed record ReplicaStatus(long SegmentId, long PartitionId, int Replica, string Node, bool Ready, long Rows, long DeletedRows, long MemoryBytes) : IControlMessage;
