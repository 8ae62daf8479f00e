using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Snapshots;
using Milvus.DataNode;
using Milvus.Embedded.Collections;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Embedded;

/// <summary>The stored data of this process as taking and restoring snapshots needs it.</summary>
public sealed class EngineSnapshots(EngineServices services, Func<CollectionInfo, CollectionRuntime> runtime) : ISnapshotStorage
{
    private const int PauseMs = 20;

    public async Task CheckpointAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        var running = runtime(collection);
        var marks = new List<long>();
        foreach (var slot in running.Shards) marks.Add(await slot.Running.PostAsync(channel => channel.AppliedSequence).WaitAsync(cancellation).ConfigureAwait(false));
        await running.Sealer.FlushAsync().WaitAsync(cancellation).ConfigureAwait(false);
        for (var shard = 0; shard < marks.Count; shard++)
        {
            var mark = marks[shard];
            while (!await running.Shard(shard).Running.PostAsync(channel => channel.CheckpointSequence >= mark).WaitAsync(cancellation).ConfigureAwait(false))
                await Task.Delay(TimeSpan.FromMilliseconds(PauseMs), services.Time, cancellation).ConfigureAwait(false);
        }
    }

    public Task<ImmutableArray<TombstoneFile>> GetTombstonesAsync(long collectionId, CancellationToken cancellation)
    {
        var files = ImmutableArray.CreateBuilder<TombstoneFile>();
        for (var shard = 0; shard < Limits.Shards; shard++)
            if (services.Segments.GetCheckpoint(new ShardId(collectionId, shard)) is { } checkpoint) files.AddRange(checkpoint.Tombstones);
        return Task.FromResult(files.ToImmutable());
    }

    public IObjectStore Objects => services.Objects;

    public Task<SnapshotContent?> GetSnapshotAsync(long snapshotId, CancellationToken cancellation) => Task.FromResult((services.Segments as SegmentCatalog)?.FindSnapshot(snapshotId));

    public async Task<ImmutableArray<TombstoneFile>> GetSnapshotTombstonesAsync(long snapshotId, CancellationToken cancellation) =>
        (await GetSnapshotAsync(snapshotId, cancellation).ConfigureAwait(false))?.Tombstones ?? [];

    public Task<IDisposable> ProtectAsync(string prefix, CancellationToken cancellation) => services.Garbage.ProtectAsync(prefix, cancellation);

    public async Task CopyAsync(string source, string target, CancellationToken cancellation) =>
        await services.Objects.PutAsync(target, await services.Objects.ReadAllBytesAsync(source, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>Removes what only a snapshot that was dropped has kept. Never faults.</summary>
    public async Task CollectAsync(SnapshotInfo snapshot)
    {
        // Not within the coordinator's telling.
        await Task.Yield();
        try
        {
            await services.Garbage.CollectAsync($"{SnapshotService.Root}{snapshot.Collection.Id}/", CancellationToken.None).ConfigureAwait(false);
            await services.Garbage.CollectAsync($"{SnapshotService.Root}restored-{snapshot.Id}/", CancellationToken.None).ConfigureAwait(false);
            await services.Garbage.CollectAsync(ObjectNames.Collection(snapshot.Collection.Id), CancellationToken.None).ConfigureAwait(false);
            // Of a collection that is made of another snapshot.
            foreach (var root in runtime(snapshot.Collection).ForeignRoots) await services.Garbage.CollectAsync(root, CancellationToken.None).ConfigureAwait(false);
        }
        catch (MilvusException e) when (e.Code == ErrorCode.CollectionNotFound)
        {
            // Dropped before its snapshot.
        }
        catch (Exception e) when (e is IOException or MilvusException)
        {
            services.Logger.LogWarning(e, "What snapshot {Snapshot} kept stays until the next start", snapshot.Name);
        }
    }
}
