using System.Collections.Immutable;
using Milvus.Actors.Node;
using Milvus.Actors.Streaming.Channels;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Sealing;

/// <summary>
/// What sealing needs to know of the committed segments of one channel: read from the meta store, committed by the coordinator. For one sealing at a time.
/// </summary>
internal sealed class SealingCatalog(NodeServices services, ShardId shard) : ISegmentCatalog
{
    private StoredSegments _stored = new([], []);
    private ImmutableDictionary<long, GrowingExtent> _extents = ImmutableDictionary<long, GrowingExtent>.Empty;

    /// <summary>The channel's checkpoint as of the last reading.</summary>
    public ChannelCheckpoint? Checkpoint => _stored.CheckpointOf(shard.Shard);

    /// <summary>Reads the meta store; what is committed of the extents is known afterwards.</summary>
    public async Task RefreshAsync(IEnumerable<GrowingExtent> extents, CancellationToken cancellation)
    {
        _stored = await SegmentStore.LoadAsync(services.Meta, shard.CollectionId, cancellation).ConfigureAwait(false);
        _extents = extents.ToImmutableDictionary(e => e.Segment.SegmentId);
    }

    public ImmutableArray<SegmentManifest> GetSegments(long collectionId) => _stored.Segments;

    /// <summary>
    /// A segment that was committed by this channel is found even when compaction has replaced it since: it must not be written again.
    /// </summary>
    public SegmentManifest? FindSegment(long collectionId, long segmentId)
    {
        foreach (var m in _stored.Segments)
            if (m.SegmentId == segmentId) return m;
        if (Checkpoint is not { } checkpoint || !_extents.TryGetValue(segmentId, out var extent) || !checkpoint.Covers(extent)) return null;
        return new SegmentManifest
        {
            SegmentId = segmentId,
            CollectionId = collectionId,
            PartitionId = extent.Segment.PartitionId,
            Shard = shard.Shard,
            RowCount = 0,
            MinTimestamp = extent.Segment.MinTimestamp,
            MaxTimestamp = extent.Segment.MaxTimestamp,
            DeletesAppliedTo = checkpoint.Timestamp,
        };
    }

    public ChannelCheckpoint? GetCheckpoint(ShardId shard) => _stored.CheckpointOf(shard.Shard);

    public Task CommitAsync(SegmentChange change, CancellationToken cancellationToken = default) => services.Coordinator.CommitSegmentsAsync(change, cancellationToken);

    /// <summary>The reading is fresh already; changes are committed with <see cref="CommitAsync"/> only.</summary>
    public Task UpdateAsync(long collectionId, Func<ImmutableArray<SegmentManifest>, SegmentChange?> decide, CancellationToken cancellationToken = default) =>
        decide(_stored.Segments) is null ? Task.CompletedTask : throw new NotSupportedException("a channel does not change other workers' manifests");

    public bool IsImported(long collectionId, long importId) => throw new NotSupportedException("imports are the data nodes'");

    public IEnumerable<string> LiveObjectKeys() => throw new NotSupportedException("garbage is the coordinator's");

    public IDisposable Subscribe(Action<SegmentChange> observer) => throw new NotSupportedException("changes are read from the meta store");
}
