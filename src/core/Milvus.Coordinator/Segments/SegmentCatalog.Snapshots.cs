using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Segments;

public sealed partial class SegmentCatalog
{
    /// <summary>What a decision about snapshots changes here: stored with the decision's events, taken over when they are.</summary>
    /// <param name="Apply">Harmless when done twice.</param>
    /// <param name="Revert">
    /// Takes back what was applied while nobody knew whether it is stored, so that objects which it may name stay; null where only what is stored for certain may be applied.
    /// </param>
    /// <param name="IsRemoval">To be applied after the catalogue has changed and not before: whoever finds a snapshot in the catalogue finds its content too.</param>
    internal sealed record Effect(ImmutableArray<MetaMutation> Mutations, Action Apply, Action? Revert = null, bool IsRemoval = false);

    /// <summary>Runs while nobody else can commit segments.</summary>
    internal async Task<T> InTurnAsync<T>(Func<Task<T>> work)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What accepted events of a command about snapshots mean for the segments. For the turn of <see cref="InTurnAsync"/>.</summary>
    /// <exception cref="MilvusException">110: tombstone files have come that the command has no copies of.</exception>
    internal async Task<Effect?> PlanAsync(CoordinatorCommand command, ImmutableArray<CatalogEvent> events, Func<long> newId)
    {
        switch (command)
        {
            case CreateSnapshot create:
                var stored = events.OfType<SnapshotStored>().First().Snapshot;
                await SettleAsync(stored.Collection.Id).ConfigureAwait(false);
                var taken = SnapshotContents.Take(Find(stored.Collection.Id), create.Tombstones);
                return new Effect([.. SnapshotContents.Store(stored.Id, taken)], () => Keep(stored.Id, taken), () => Keep(stored.Id, null));
            case DropSnapshot:
                var removed = events.OfType<SnapshotRemoved>().First().Id;
                return new Effect([], () => Keep(removed, null), IsRemoval: true);
            case RestoreSnapshot restore:
                var source = _catalog().GetSnapshot(restore.Database, restore.Collection, restore.Name);
                return Restore(events, FindSnapshot(source.Id)!, source.Collection, restore.Tombstones, newId);
            case RestoreArchive restore:
                var archive = SnapshotArchive.Decode("exported snapshot", Convert.FromBase64String(restore.Archive));
                // Its objects are nobody else's.
                return Restore(
                    events, archive.Content, archive.Snapshot.Collection, [.. archive.Content.Channels.SelectMany(c => c.Tombstones).Select(t => new ObjectCopy(t.ObjectKey, t.ObjectKey))], newId);
            default:
                return null;
        }
    }

    private Effect Restore(ImmutableArray<CatalogEvent> events, SnapshotContent content, CollectionInfo source, ImmutableArray<ObjectCopy> copies, Func<long> newId)
    {
        var target = events.OfType<CollectionCreated>().First().Collection;
        var made = SnapshotContents.Restore(content, source, target, copies, newId);
        return new Effect(
            [.. SnapshotContents.Store(made)],
            () => Volatile.Write(ref _collections, _collections.SetItem(target.Id, made)),
            () => Volatile.Write(ref _collections, _collections.Remove(target.Id)));
    }

    private async Task SettleAsync(long collectionId)
    {
        if (_uncertain.ContainsKey(collectionId)) await ReloadAsync(collectionId).ConfigureAwait(false);
    }

    private void Keep(long snapshotId, SnapshotContent? content) =>
        Volatile.Write(ref _snapshots, content is null ? _snapshots.Remove(snapshotId) : _snapshots.SetItem(snapshotId, content));
}
