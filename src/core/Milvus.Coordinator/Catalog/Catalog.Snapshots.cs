using Milvus.Coordinator.Decisions;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;

namespace Milvus.Coordinator;

public sealed partial class Catalog
{
    /// <summary>The snapshots of all collections, in no order.</summary>
    public IEnumerable<SnapshotInfo> Snapshots => _snapshots.Values;

    /// <summary>Collections made of snapshots, as long as they are remembered; in no order.</summary>
    public IEnumerable<RestoreJob> Restores => _restores.Values;

    public SnapshotInfo? FindSnapshot(long id) => _snapshots.GetValueOrDefault(id);

    public RestoreJob? FindRestore(long id) => _restores.GetValueOrDefault(id);

    /// <summary>
    /// The snapshots of a collection, found by its present name or alias, by ascending id; behind them those of dropped collections that had that name when they were taken, of the
    /// collection created last first.
    /// </summary>
    public IEnumerable<SnapshotInfo> ListSnapshots(string database, string collection)
    {
        long? live = TryResolveCollection(database, collection, out var found) ? found.Id : null;
        var name = DatabaseName(database);
        return _snapshots.Values
            .Where(s => s.Collection.Id == live || (!_collections.ContainsKey(s.Collection.Id) && s.Collection.Name == collection && s.Collection.DatabaseName == name))
            .OrderBy(s => s.Collection.Id != live).ThenByDescending(s => s.Collection.Id).ThenBy(s => s.Id);
    }

    public SnapshotInfo? FindSnapshot(string database, string collection, string name) => ListSnapshots(database, collection).FirstOrDefault(s => s.Name == name);

    /// <summary>A snapshot of this very collection.</summary>
    public SnapshotInfo? FindSnapshot(CollectionInfo collection, string name) => _snapshots.Values.FirstOrDefault(s => s.Collection.Id == collection.Id && s.Name == name);

    /// <summary>Checks that a snapshot could be restored to a name now.</summary>
    /// <exception cref="MilvusException">800: no such database. 1100: the name cannot be, or is taken.</exception>
    public void CheckRestoreTarget(string database, string collection) => SnapshotDecisions.CheckTarget(this, database, collection);

    /// <exception cref="MilvusException">2600: there is no such snapshot.</exception>
    public SnapshotInfo GetSnapshot(string database, string collection, string name) => FindSnapshot(database, collection, name) ?? throw SnapshotDecisions.NotFound(name);
}
