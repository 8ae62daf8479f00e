using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator;

public sealed partial class Catalog
{
    /// <summary>The catalogue after <paramref name="events"/>, with the next version.</summary>
    public Catalog Apply(IEnumerable<CatalogEvent> events) => Apply(events, Version + 1);

    internal Catalog Apply(IEnumerable<CatalogEvent> events, long version)
    {
        var next = new Catalog
        {
            Version = version,
            _databases = _databases,
            _databaseIds = _databaseIds,
            _collections = _collections,
            _collectionIds = _collectionIds,
            _aliases = _aliases,
            _users = _users,
            _roles = _roles,
            _privilegeGroups = _privilegeGroups,
            _resourceGroups = _resourceGroups,
            _imports = _imports,
            _fileResources = _fileResources,
            _snapshots = _snapshots,
            _restores = _restores,
        };
        foreach (var e in events) next.Apply(e);
        return next;
    }

    // Changes this instance: only for one that nobody else has seen yet.
    private void Apply(CatalogEvent change)
    {
        switch (change)
        {
            case DatabaseCreated e: Put(e.Database); break;
            case DatabaseAltered e: Put(e.Database); break;
            case DatabaseDropped e:
                _databases = _databases.Remove(e.Database.Id);
                _databaseIds = _databaseIds.Remove(e.Database.Name);
                break;
            case CollectionCreated e: Put(e.Collection); break;
            case CollectionAltered e: Put(e.Collection); break;
            case CollectionDropped e: Remove(e.Collection.Id); break;
            case UserStored e: _users = _users.SetItem(e.User.Name, e.User); break;
            case UserDropped e: _users = _users.Remove(e.Name); break;
            case RoleStored e: _roles = _roles.SetItem(e.Role.Name, e.Role); break;
            case RoleDropped e: _roles = _roles.Remove(e.Name); break;
            case PrivilegeGroupStored e: _privilegeGroups = _privilegeGroups.SetItem(e.Group.Name, e.Group); break;
            case PrivilegeGroupDropped e: _privilegeGroups = _privilegeGroups.Remove(e.Name); break;
            case ResourceGroupStored e: _resourceGroups = _resourceGroups.SetItem(e.Group.Name, e.Group); break;
            case ResourceGroupDropped e: _resourceGroups = _resourceGroups.Remove(e.Name); break;
            case ImportStored e: _imports = _imports.SetItem(e.Job.Id, e.Job); break;
            case ImportRemoved e: _imports = _imports.Remove(e.Id); break;
            case FileResourceStored e: _fileResources = _fileResources.SetItem(e.Resource.Name, e.Resource); break;
            case FileResourceRemoved e: _fileResources = _fileResources.Remove(e.Name); break;
            case SnapshotStored e: _snapshots = _snapshots.SetItem(e.Snapshot.Id, e.Snapshot); break;
            case SnapshotRemoved e: _snapshots = _snapshots.Remove(e.Id); break;
            case RestoreStored e: _restores = _restores.SetItem(e.Job.Id, e.Job); break;
            case RestoreRemoved e: _restores = _restores.Remove(e.Id); break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "unknown catalogue event");
        }
    }

    private void Put(DatabaseInfo database)
    {
        _databases = _databases.SetItem(database.Id, database);
        _databaseIds = _databaseIds.SetItem(database.Name, database.Id);
    }

    private void Put(CollectionInfo collection)
    {
        Remove(collection.Id);
        _collections = _collections.SetItem(collection.Id, collection);
        _collectionIds = _collectionIds.SetItem(new(collection.DatabaseId, collection.Name), collection.Id);
        foreach (var alias in collection.Aliases)
            _aliases = _aliases.SetItem(new(collection.DatabaseId, alias), collection.Id);
    }

    private void Remove(long collectionId)
    {
        if (!_collections.TryGetValue(collectionId, out var old)) return;
        _collections = _collections.Remove(collectionId);
        RemoveIfOwn(ref _collectionIds, new(old.DatabaseId, old.Name), collectionId);
        foreach (var alias in old.Aliases) RemoveIfOwn(ref _aliases, new(old.DatabaseId, alias), collectionId);
    }

    // A name may already belong to another collection when one decision moves it: AlterAlias.
    private static void RemoveIfOwn(ref ImmutableDictionary<NameInDatabase, long> names, NameInDatabase key, long collectionId)
    {
        if (names.TryGetValue(key, out var owner) && owner == collectionId) names = names.Remove(key);
    }
}
