using System.Collections.Immutable;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Storage.Objects;
using Milvus.StreamingNode;

namespace Milvus.DataNode;

/// <summary>When and how growing segments are written out.</summary>
/// <param name="TombstoneRetentionMs">How long deleted rows stay readable at past timestamps before sealing leaves them out.</param>
/// <param name="MaxPendingDeletes">Deleted keys in a channel's memory that are worth a checkpoint of their own.</param>
public sealed record SealOptions(int TombstoneRetentionMs, long MaxPendingDeletes)
{
    /// <summary>A log of this size that nothing in memory needs is worth a checkpoint of its own.</summary>
    public long WorthTrimmingBytes { get; init; } = 1L << 20;
}

/// <summary>Segments that were closed for new rows, to be written out.</summary>
/// <param name="Extents">Possibly none: then only the checkpoint moves.</param>
/// <param name="Horizon">Rows deleted at or before it are left out of the files.</param>
public sealed record SealBegin(ImmutableArray<GrowingExtent> Extents, Timestamp Horizon);

/// <summary>What sealing wrote: files and tombstone files exist, nothing is committed.</summary>
public sealed record SealOutcome
{
    public required ImmutableArray<GrowingExtent> Extents { get; init; }

    /// <summary>Manifests to be added to the catalogue.</summary>
    public required ImmutableArray<SegmentManifest> Added { get; init; }

    /// <summary>Manifests of all extents that have rows: <see cref="Added"/>, and those that an earlier attempt committed.</summary>
    public required ImmutableArray<SegmentManifest> Manifests { get; init; }

    /// <summary>To be committed together with <see cref="Added"/>.</summary>
    public required ChannelCheckpoint Checkpoint { get; init; }

    /// <summary>Tombstone files that nothing refers to once the checkpoint is committed.</summary>
    public required ImmutableArray<TombstoneFile> StaleTombstones { get; init; }

    /// <summary>The commit that makes it so.</summary>
    public SegmentChange Change => new() { CollectionId = Checkpoint.Shard.CollectionId, Added = Added, Checkpoint = Checkpoint };

    /// <summary>Bytes of memory that the growing segments take.</summary>
    public long MemoryBytes => Extents.Sum(e => e.Segment.MemoryBytes);
}

/// <summary>
/// Writes a channel's growing segments out as sealed ones, up to but not including the commit, which is the host's: it makes the log durable,
/// commits <see cref="SealOutcome.Change"/>, loads what is to be loaded, calls <see cref="CompleteAsync"/> and trims the log. A crash between
/// any two of these leaves at worst files that nobody refers to. One seal per channel at a time.
/// </summary>
public sealed class SegmentSealer(ISegmentCatalog segments, IObjectStore objects, ITimestampOracle oracle, TimeProvider time, SealOptions options)
{
    /// <summary>Whether looking closer could find something to do. Any thread.</summary>
    public bool MayBeDue(IChannelHost host) => !host.Channel.View.Growing.IsEmpty || IsWorthACheckpoint(host);

    /// <summary>Closes what is full, old or holding back the log; null when there is nothing to seal, not even from earlier attempts.</summary>
    public async Task<SealBegin?> BeginAsync(IChannelHost host)
    {
        var logBytes = host.LogBytes;
        var begin = await host.PostAsync(channel =>
        {
            var now = Timestamp.FromMs(time.GetUtcNow().ToUnixTimeMilliseconds());
            channel.BeginSeal(channel.SealCandidates(now, logBytes));
            // Between batches: every delete up to the oracle's present is applied.
            var applied = oracle.Current;
            var retained = Timestamp.FromMs(now.PhysicalMs - options.TombstoneRetentionMs);
            return new SealBegin([.. channel.Growing.Where(g => g.IsSealing)], retained < applied ? retained : applied);
        }).ConfigureAwait(false);
        return begin.Extents.IsEmpty && !IsWorthACheckpoint(host) ? null : begin;
    }

    /// <summary>
    /// Writes the segments' files and the tombstone files of the deletes that the checkpoint will cover. The keys under
    /// <see cref="ObjectNames.Collection"/> and <see cref="ObjectNames.CollectionTombstones"/> are to be protected from the garbage
    /// collector until the commit.
    /// </summary>
    /// <param name="sealedId">
    /// Ids of the sealed segments; null to keep those of the growing ones. Where an earlier owner of the channel may still be writing, every attempt needs ids of its own,
    /// so that nobody overwrites what the other commits.
    /// </param>
    /// <exception cref="IOException">Storage failed; what was written is garbage, and the extents wait for the next attempt.</exception>
    public async Task<SealOutcome> WriteAsync(IChannelHost host, CollectionInfo collection, SealBegin begin, CancellationToken cancellation, Func<long>? sealedId = null)
    {
        // After a commit of unknown outcome: what is committed must be known before files are written under the same names.
        await segments.UpdateAsync(collection.Id, _ => null, cancellation).ConfigureAwait(false);
        var added = ImmutableArray.CreateBuilder<SegmentManifest>();
        var manifests = ImmutableArray.CreateBuilder<SegmentManifest>();
        foreach (var extent in begin.Extents)
        {
            var segment = extent.Segment;
            if (collection.FindPartition(segment.PartitionId) is null) continue;
            // Present when an earlier attempt committed and then failed to load it.
            var manifest = segments.FindSegment(collection.Id, segment.SegmentId);
            if (manifest is null)
            {
                var place = new SegmentPlace(sealedId?.Invoke() ?? segment.SegmentId, collection.Id, segment.PartitionId, host.Channel.Id.Shard);
                manifest = await SegmentWriter.SealAsync(segment, place, begin.Horizon, objects, cancellation).ConfigureAwait(false);
                if (manifest.RowCount == 0) continue;
                added.Add(manifest);
            }
            manifests.Add(manifest);
        }
        var before = host.Channel.Tombstones;
        var checkpoint = await PlanCheckpointAsync(host, begin.Extents, added, cancellation).ConfigureAwait(false);
        return new SealOutcome
        {
            Extents = begin.Extents,
            Added = added.ToImmutable(),
            Manifests = manifests.ToImmutable(),
            Checkpoint = checkpoint,
            StaleTombstones = [.. before.Except(checkpoint.Tombstones)],
        };
    }

    /// <summary>After the commit: the channel's view swaps the growing segments for the loaded ones, or for nothing, and takes the checkpoint over.</summary>
    /// <param name="loaded">By segment id; segments that are not to be loaded here are absent.</param>
    public static Task CompleteAsync(IChannelHost host, SealOutcome outcome, IReadOnlyDictionary<long, LoadedSegment> loaded) => host.PostAsync(channel =>
    {
        foreach (var extent in outcome.Extents)
            channel.CommitSeal(extent, loaded.TryGetValue(extent.Segment.SegmentId, out var l) ? l : default(LoadedSegment?));
        channel.CommitCheckpoint(outcome.Checkpoint);
        return true;
    });

    /// <summary>After the log was trimmed: removes the tombstone files that nothing refers to any more.</summary>
    public async Task RemoveStaleAsync(SealOutcome outcome, CancellationToken cancellation)
    {
        foreach (var stale in outcome.StaleTombstones) await objects.DeleteAsync(stale.ObjectKey, cancellation).ConfigureAwait(false);
    }

    // Many deletes in memory, or a log that only partitions that are gone and deletes have filled.
    private bool IsWorthACheckpoint(IChannelHost host) =>
        host.Channel.IsCheckpointAsked
        || host.Channel.Deletes.KeyCount >= options.MaxPendingDeletes
        || (host.Channel.View.Growing.IsEmpty && host.Channel.AppliedSequence > host.Channel.CheckpointSequence && host.LogBytes >= options.WorthTrimmingBytes);

    private async Task<ChannelCheckpoint> PlanCheckpointAsync(
        IChannelHost host, ImmutableArray<GrowingExtent> written, IEnumerable<SegmentManifest> added, CancellationToken cancellation)
    {
        var id = host.Channel.Id;
        var stored = segments.GetSegments(id.CollectionId).Where(m => m.Shard == id.Shard).Concat(added).ToList();
        var (plan, deletes) = await host.PostAsync(channel =>
        {
            var planned = channel.PlanCheckpoint(written, channel.Tombstones, oracle.Current);
            return (planned, channel.Deletes.UpTo(planned.LogSequence));
        }).ConfigureAwait(false);
        var tombstones = plan.Tombstones.RemoveAll(t => stored.All(m => m.DeletesAppliedTo >= t.MaxTimestamp || m.MinTimestamp >= t.MaxTimestamp));
        // Without a sealed row that is older there is nothing that the deletes could apply to.
        if (deletes.Count > 0 && stored.Count > 0)
            tombstones = tombstones.AddRange(await WriteTombstonesAsync(id, plan.LogSequence, deletes, cancellation).ConfigureAwait(false));
        return plan with { Tombstones = tombstones };
    }

    private async Task<List<TombstoneFile>> WriteTombstonesAsync(ShardId id, long sequence, IReadOnlyList<LoggedDelete> deletes, CancellationToken cancellation)
    {
        var files = new List<TombstoneFile>();
        var scopes = deletes.SelectMany(d => d.Partitions.IsDefaultOrEmpty ? [0L] : d.Partitions).Distinct().Order();
        foreach (var partition in scopes)
        {
            var mine = deletes.Where(d => partition == 0 ? d.Partitions.IsDefaultOrEmpty : !d.Partitions.IsDefaultOrEmpty && d.Partitions.Contains(partition)).ToList();
            var builder = ColumnBuilder.For(mine[0].Keys.Column.Type);
            var times = new List<Timestamp>();
            foreach (var d in mine)
            {
                for (var i = 0; i < d.Keys.Count; i++)
                {
                    builder.AppendFrom(d.Keys.Column, i);
                    times.Add(d.Timestamp);
                }
            }
            var key = ObjectNames.Tombstones(id, sequence, partition);
            var file = await TombstoneFiles.WriteAsync(new TombstoneBatch(new PrimaryKeys(builder.Build()), [.. times]), key, objects, cancellation).ConfigureAwait(false);
            files.Add(file with { PartitionId = partition });
        }
        return files;
    }
}
