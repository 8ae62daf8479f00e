using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.Coordinator.Segments;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Segments;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Turns growing segments into committed sealed ones and moves the channels' checkpoints. Files first, then the manifest with the checkpoint in
/// one commit, then the view, then the log is trimmed: a crash between any two steps leaves at worst files that nobody refers to.
/// </summary>
public sealed class CollectionSealer(CollectionRuntime collection, EngineServices services)
{
    /// <summary>A log of this size that nothing in memory needs is worth a checkpoint of its own.</summary>
    private const long WorthTrimming = 1L << 20;

    private int _queued;

    /// <summary>Seals what is full, old or holding back the log, and what an earlier attempt could not finish.</summary>
    public void Maintain()
    {
        if (Volatile.Read(ref _queued) != 0) return;
        foreach (var slot in collection.Shards)
        {
            if (slot.Driver is not { } driver) continue;
            if (driver.Channel.View.Growing.IsEmpty && !IsWorthACheckpoint(driver)) continue;
            Queue();
            return;
        }
    }

    /// <summary>Closes every growing segment for new rows and starts writing them out; returns their ids.</summary>
    public async Task<ImmutableArray<long>> FlushAsync()
    {
        var ids = ImmutableArray.CreateBuilder<long>();
        foreach (var slot in collection.Shards)
        {
            var closed = await slot.Running.PostAsync(channel =>
            {
                var all = channel.Growing.ToList();
                channel.BeginSeal(all);
                return all.ConvertAll(g => g.Segment.SegmentId);
            }).ConfigureAwait(false);
            ids.AddRange(closed);
        }
        if (ids.Count > 0) Queue();
        return ids.ToImmutable();
    }

    /// <summary>True when no growing segment holds rows written at or before the timestamp.</summary>
    public bool IsFlushed(Timestamp timestamp)
    {
        foreach (var slot in collection.Shards)
        {
            if (slot.Driver is not { } driver) continue;
            foreach (var g in driver.Channel.View.Growing)
                if (g.RowCount > 0 && g.MinTimestamp <= timestamp) return false;
        }
        return true;
    }

    /// <summary>Looks for something to seal in the background.</summary>
    public void Queue()
    {
        Interlocked.Increment(ref _queued);
        collection.Structure.Start($"Sealing segments of collection {collection.Info.Name}", async cancellation =>
        {
            try
            {
                long freed = 0;
                foreach (var slot in collection.Shards)
                    if (slot.Driver is { } driver) freed += await SealAsync(driver, cancellation).ConfigureAwait(false);
                MemoryReturn.After(freed);
            }
            finally
            {
                Interlocked.Decrement(ref _queued);
            }
        });
    }

    // Returns the bytes of the growing segments that left the memory.
    private async Task<long> SealAsync(ShardDriver driver, CancellationToken cancellation)
    {
        var logBytes = driver.LogBytes;
        var (sealing, horizon) = await driver.PostAsync(channel =>
        {
            channel.BeginSeal(channel.SealCandidates(services.Now, logBytes));
            // Between batches: every delete up to the oracle's present is applied.
            var applied = services.Oracle.Current;
            var retained = Timestamp.FromMs(services.Now.PhysicalMs - services.Options.TombstoneRetentionMs);
            return (channel.Growing.Where(g => g.IsSealing).ToList(), retained < applied ? retained : applied);
        }).ConfigureAwait(false);
        if (sealing.Count == 0 && !IsWorthACheckpoint(driver)) return 0;

        var info = collection.Info;
        var added = new List<SegmentManifest>();
        var manifests = new List<SegmentManifest>();
        // After a commit of unknown outcome: what is committed must be known before files are written under the same names.
        await services.Segments.UpdateAsync(info.Id, _ => null, cancellation).ConfigureAwait(false);
        using var protection = await services.Garbage.ProtectAsync(ObjectNames.Collection(info.Id), cancellation).ConfigureAwait(false);
        using var tombstoneProtection = await services.Garbage.ProtectAsync(ObjectNames.CollectionTombstones(info.Id), cancellation).ConfigureAwait(false);
        foreach (var extent in sealing)
        {
            var segment = extent.Segment;
            if (info.FindPartition(segment.PartitionId) is null) continue;
            // Present when an earlier attempt committed and then failed to load it.
            var manifest = services.Segments.FindSegment(info.Id, segment.SegmentId);
            if (manifest is null)
            {
                var place = new SegmentPlace(segment.SegmentId, info.Id, segment.PartitionId, driver.Channel.Id.Shard);
                manifest = await SegmentWriter.SealAsync(segment, place, horizon, services.Objects, cancellation).ConfigureAwait(false);
                if (manifest.RowCount == 0) continue;
                added.Add(manifest);
            }
            manifests.Add(manifest);
        }
        var before = driver.Channel.Tombstones;
        var checkpoint = await PlanCheckpointAsync(driver, sealing, added, cancellation).ConfigureAwait(false);
        await driver.SyncAsync().ConfigureAwait(false);
        await services.Segments.CommitAsync(new SegmentChange { CollectionId = info.Id, Added = [.. added], Checkpoint = checkpoint }, cancellation).ConfigureAwait(false);

        var loaded = new Dictionary<long, LoadedSegment>();
        foreach (var manifest in manifests)
        {
            // The rows are in memory as a growing segment already, so the budget is not asked.
            if (collection.Loader.IsWanted(manifest.PartitionId))
                loaded[manifest.SegmentId] = await collection.Loader.LoadAsync(manifest, withinBudget: false, cancellation).ConfigureAwait(false);
        }
        await driver.PostAsync(channel =>
        {
            foreach (var extent in sealing)
                channel.CommitSeal(extent, loaded.TryGetValue(extent.Segment.SegmentId, out var l) ? l : default(LoadedSegment?));
            channel.CommitCheckpoint(checkpoint);
        }).ConfigureAwait(false);
        await driver.TrimAsync().ConfigureAwait(false);
        foreach (var stale in before.Except(checkpoint.Tombstones)) await services.Objects.DeleteAsync(stale.ObjectKey, cancellation).ConfigureAwait(false);
        if (manifests.Count > 0)
        {
            services.Logger.LogInformation(
                "Collection {Collection}: sealed {Rows} rows in {Segments} segments of channel {Channel}",
                info.Name, manifests.Sum(m => (long)m.RowCount), manifests.Count, driver.Channel.Id);
            collection.Indexer.Queue();
        }
        return sealing.Sum(g => g.Segment.MemoryBytes);
    }

    // Many deletes in memory, or a log that only partitions that are gone and deletes have filled.
    private bool IsWorthACheckpoint(ShardDriver driver) =>
        driver.Channel.Deletes.KeyCount >= services.Options.Channel.MaxPendingDeletes
        || (driver.Channel.View.Growing.IsEmpty && driver.Channel.AppliedSequence > driver.Channel.CheckpointSequence && driver.LogBytes >= WorthTrimming);

    private async Task<ChannelCheckpoint> PlanCheckpointAsync(ShardDriver driver, List<GrowingExtent> written, List<SegmentManifest> added, CancellationToken cancellation)
    {
        var id = driver.Channel.Id;
        var stored = services.Segments.GetSegments(id.CollectionId).Where(m => m.Shard == id.Shard).Concat(added).ToList();
        var (plan, deletes) = await driver.PostAsync(channel =>
        {
            var planned = channel.PlanCheckpoint(written, channel.Tombstones, services.Oracle.Current);
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
            var file = await TombstoneFiles.WriteAsync(new TombstoneBatch(new PrimaryKeys(builder.Build()), [.. times]), key, services.Objects, cancellation).ConfigureAwait(false);
            files.Add(file with { PartitionId = partition });
        }
        return files;
    }
}
