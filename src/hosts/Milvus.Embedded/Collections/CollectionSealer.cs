using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.DataNode;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Turns growing segments into committed sealed ones and moves the channels' checkpoints. Files first, then the manifest with the checkpoint in
/// one commit, then the view, then the log is trimmed: a crash between any two steps leaves at worst files that nobody refers to.
/// </summary>
public sealed class CollectionSealer(CollectionRuntime collection, EngineServices services)
{
    private int _queued;

    /// <summary>Seals what is full, old or holding back the log, and what an earlier attempt could not finish.</summary>
    public void Maintain()
    {
        if (Volatile.Read(ref _queued) != 0) return;
        foreach (var slot in collection.Shards)
        {
            if (slot.Driver is not { } driver) continue;
            if (!services.Sealer.MayBeDue(driver)) continue;
            Queue();
            return;
        }
    }

    /// <summary>Closes every growing segment for new rows and starts writing them out; returns their ids.</summary>
    public async Task<ImmutableArray<long>> FlushAsync()
    {
        var ids = ImmutableArray.CreateBuilder<long>();
        var isAsked = false;
        foreach (var slot in collection.Shards)
        {
            var closed = await slot.Running.PostAsync(channel =>
            {
                var all = channel.Growing.ToList();
                channel.BeginSeal(all);
                channel.AskCheckpoint();
                return all.ConvertAll(g => g.Segment.SegmentId);
            }).ConfigureAwait(false);
            ids.AddRange(closed);
            isAsked |= slot.Running.Channel.IsCheckpointAsked;
        }
        if (ids.Count > 0 || isAsked) Queue();
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
        var sealer = services.Sealer;
        if (await sealer.BeginAsync(driver).ConfigureAwait(false) is not { } begin) return 0;

        var info = collection.Info;
        using var protection = await services.Garbage.ProtectAsync(ObjectNames.Collection(info.Id), cancellation).ConfigureAwait(false);
        using var tombstoneProtection = await services.Garbage.ProtectAsync(ObjectNames.CollectionTombstones(info.Id), cancellation).ConfigureAwait(false);
        var outcome = await sealer.WriteAsync(driver, info, begin, cancellation).ConfigureAwait(false);
        await driver.SyncAsync().ConfigureAwait(false);
        await services.Segments.CommitAsync(outcome.Change, cancellation).ConfigureAwait(false);

        var loaded = new Dictionary<long, LoadedSegment>();
        foreach (var manifest in outcome.Manifests)
        {
            // The rows are in memory as a growing segment already, so the budget is not asked.
            if (collection.Loader.IsWanted(manifest.PartitionId))
                loaded[manifest.SegmentId] = await collection.Loader.LoadAsync(manifest, withinBudget: false, cancellation).ConfigureAwait(false);
        }
        await SegmentSealer.CompleteAsync(driver, outcome, loaded).ConfigureAwait(false);
        await driver.TrimAsync().ConfigureAwait(false);
        await sealer.RemoveStaleAsync(outcome, cancellation).ConfigureAwait(false);
        if (outcome.Manifests.Length > 0)
        {
            services.Logger.LogInformation(
                "Collection {Collection}: sealed {Rows} rows in {Segments} segments of channel {Channel}",
                info.Name, outcome.Manifests.Sum(m => (long)m.RowCount), outcome.Manifests.Length, driver.Channel.Id);
            collection.Indexer.Queue();
        }
        return outcome.MemoryBytes;
    }
}
