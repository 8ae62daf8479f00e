using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Proxy;

/// <summary>
/// Takes snapshots and makes collections of them. The segments' objects are shared, tombstone files, which come and go with every checkpoint, are copied; the catalogue's commit
/// decides, so that a crash leaves at worst copies that nobody refers to.
/// </summary>
/// <param name="places">Where exported snapshots are; null where there are none.</param>
public sealed class SnapshotService(IMilvusProxy proxy, ISnapshotStorage storage, ExternalPlaces? places = null)
{
    /// <summary>Below this are the tombstone files of snapshots, by collection.</summary>
    public const string Root = "snapshots/";

    private const int MaxAttempts = 8;

    /// <summary>Takes snapshots elsewhere and back; null where there is no elsewhere.</summary>
    public SnapshotTransfer? Transfer { get; } = places is null ? null : new SnapshotTransfer(proxy, storage, places);

    /// <returns>The snapshot's id.</returns>
    /// <exception cref="MilvusException">There is no such collection, or the name is taken. 2: checkpoints came in between each time.</exception>
    public async Task<long> CreateAsync(RequestContext context, CreateSnapshot command, CancellationToken cancellation)
    {
        var collection = proxy.Catalog.GetCollection(command.Database, command.Collection);
        NameRules.CheckSnapshot(command.Name);
        // Refused, as the name is taken: nothing has to be written out for that.
        if (proxy.Catalog.FindSnapshot(collection, command.Name) is not null) return (await proxy.ExecuteAsync(context, command, cancellation).ConfigureAwait(false)).Id;
        await storage.CheckpointAsync(collection, cancellation).ConfigureAwait(false);
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{Root}{collection.Id}/{proxy.Now().Value}/");
        using var protection = await storage.ProtectAsync(prefix, cancellation).ConfigureAwait(false);
        return await AttemptAsync(
            () => storage.GetTombstonesAsync(collection.Id, cancellation), prefix, copies => proxy.ExecuteAsync(context, command with { Tombstones = copies }, cancellation), cancellation).ConfigureAwait(false);
    }

    /// <returns>The job's id; the collection is there when this returns.</returns>
    /// <exception cref="MilvusException">There is no such snapshot, or the target exists. 2: the snapshot's files could not be copied.</exception>
    public async Task<long> RestoreAsync(RequestContext context, RestoreSnapshot command, CancellationToken cancellation)
    {
        var snapshot = proxy.Catalog.GetSnapshot(command.Database, command.Collection, command.Name);
        // Where the channel of a collection that has no number yet cannot look for files of its own.
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{Root}restored-{snapshot.Id}/{proxy.Now().Value}/");
        using var protection = await storage.ProtectAsync(prefix, cancellation).ConfigureAwait(false);
        return await AttemptAsync(
            () => storage.GetSnapshotTombstonesAsync(snapshot.Id, cancellation), prefix, copies => proxy.ExecuteAsync(context, command with { Tombstones = copies }, cancellation), cancellation).ConfigureAwait(false);
    }

    private async Task<long> AttemptAsync(
        Func<Task<ImmutableArray<TombstoneFile>>> files, string prefix, Func<ImmutableArray<ObjectCopy>, Task<Coordinator.CommandResult>> execute, CancellationToken cancellation)
    {
        var copies = ImmutableArray<ObjectCopy>.Empty;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                foreach (var file in await files().ConfigureAwait(false))
                {
                    if (copies.Any(c => c.Source == file.ObjectKey)) continue;
                    var target = string.Create(CultureInfo.InvariantCulture, $"{prefix}{copies.Length:D6}.del");
                    await storage.CopyAsync(file.ObjectKey, target, cancellation).ConfigureAwait(false);
                    copies = copies.Add(new ObjectCopy(file.ObjectKey, target));
                }
                return (await execute(copies).ConfigureAwait(false)).Id;
            }
            catch (Exception e) when (e is ObjectNotFoundException or MilvusException { Code: ErrorCode.SchemaVersionNotReady })
            {
                // A checkpoint replaced the files meanwhile: once more with those that there are now.
                if (attempt == MaxAttempts) throw new MilvusException(ErrorCode.ServiceUnavailable, "the collection's deletes are written out all the time, try again: service unavailable", e);
            }
        }
    }
}
