using System.Collections.Immutable;
using Milvus.Actors.Node;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Gateways;

/// <summary>The stored data of the cluster as taking and restoring snapshots needs it. Objects that are not referred to yet are safe: the coordinator removes old ones only.</summary>
public sealed class ClusterSnapshotStorage(NodeServices node, GatewayOptions options) : ISnapshotStorage
{
    private const int PauseMs = 100;

    private readonly ChannelCalls _channels = new(() => node.Channels, node.Time, options);

    public async Task CheckpointAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        var maintenance = new ClusterMaintenanceGateway(node, options);
        // The first makes sure that every channel runs and says where it is; the second closes what was written up to there.
        await maintenance.FlushAsync(collection, cancellation).ConfigureAwait(false);
        var marks = (await _channels.StatusAsync(collection, cancellation).ConfigureAwait(false)).ToDictionary(s => s.Shard, s => s.AppliedSequence);
        await maintenance.FlushAsync(collection, cancellation).ConfigureAwait(false);
        while ((await _channels.StatusAsync(collection, cancellation).ConfigureAwait(false)).Any(s => s.CheckpointSequence < marks.GetValueOrDefault(s.Shard)))
            await Task.Delay(TimeSpan.FromMilliseconds(PauseMs), node.Time, cancellation).ConfigureAwait(false);
    }

    public async Task<ImmutableArray<TombstoneFile>> GetTombstonesAsync(long collectionId, CancellationToken cancellation) =>
        [.. (await ReadAsync(SegmentStore.LoadAsync(node.Meta, collectionId, cancellation)).ConfigureAwait(false)).Checkpoints.SelectMany(c => c.Tombstones)];

    public IObjectStore Objects => node.Objects;

    public Task<SnapshotContent?> GetSnapshotAsync(long snapshotId, CancellationToken cancellation) => ReadAsync(SegmentStore.LoadSnapshotAsync(node.Meta, snapshotId, cancellation));

    public async Task<ImmutableArray<TombstoneFile>> GetSnapshotTombstonesAsync(long snapshotId, CancellationToken cancellation) =>
        (await GetSnapshotAsync(snapshotId, cancellation).ConfigureAwait(false))?.Tombstones ?? [];

    public Task<IDisposable> ProtectAsync(string prefix, CancellationToken cancellation) => Task.FromResult<IDisposable>(Nothing.Instance);

    public async Task CopyAsync(string source, string target, CancellationToken cancellation) =>
        await node.Objects.PutAsync(target, await node.Objects.ReadAllBytesAsync(source, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    private static async Task<T> ReadAsync<T>(Task<T> read)
    {
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"cannot read metadata: {e.Message}: IO failed", e);
        }
    }

    private sealed class Nothing : IDisposable
    {
        public static readonly Nothing Instance = new();

        public void Dispose()
        {
        }
    }
}
