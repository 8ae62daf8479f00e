using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Imports;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Resources;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;

namespace Milvus.Coordinator;

/// <summary>
/// Databases, collections, users, roles and resource groups as of one committed command. Immutable: take it once per request and
/// everything in it fits together. Lookups by name accept an empty database name for <c>default</c>.
/// </summary>
public sealed partial class Catalog
{
    /// <summary>Nothing, not even the default database.</summary>
    public static readonly Catalog Empty = new();

    private ImmutableDictionary<long, DatabaseInfo> _databases = ImmutableDictionary<long, DatabaseInfo>.Empty;
    private ImmutableDictionary<string, long> _databaseIds = ImmutableDictionary.Create<string, long>(StringComparer.Ordinal);
    private ImmutableDictionary<long, CollectionInfo> _collections = ImmutableDictionary<long, CollectionInfo>.Empty;
    private ImmutableDictionary<NameInDatabase, long> _collectionIds = ImmutableDictionary<NameInDatabase, long>.Empty;
    private ImmutableDictionary<NameInDatabase, long> _aliases = ImmutableDictionary<NameInDatabase, long>.Empty;
    private ImmutableSortedDictionary<string, UserInfo> _users = ImmutableSortedDictionary.Create<string, UserInfo>(StringComparer.Ordinal);
    private ImmutableSortedDictionary<string, RoleInfo> _roles = ImmutableSortedDictionary.Create<string, RoleInfo>(StringComparer.Ordinal);
    private ImmutableSortedDictionary<string, PrivilegeGroupInfo> _privilegeGroups = ImmutableSortedDictionary.Create<string, PrivilegeGroupInfo>(StringComparer.Ordinal);
    private ImmutableSortedDictionary<string, ResourceGroupInfo> _resourceGroups = ImmutableSortedDictionary.Create<string, ResourceGroupInfo>(StringComparer.Ordinal);

    private ImmutableDictionary<long, ImportJob> _imports = ImmutableDictionary<long, ImportJob>.Empty;

    private ImmutableDictionary<long, SnapshotInfo> _snapshots = ImmutableDictionary<long, SnapshotInfo>.Empty;
    private ImmutableDictionary<long, RestoreJob> _restores = ImmutableDictionary<long, RestoreJob>.Empty;

    private ImmutableSortedDictionary<string, FileResourceInfo> _fileResources = ImmutableSortedDictionary.Create<string, FileResourceInfo>(StringComparer.Ordinal);

    private Catalog()
    {
    }

    private readonly record struct NameInDatabase(long DatabaseId, string Name);

    /// <summary>Counts the commands that changed anything, over the life of the store.</summary>
    public long Version { get; private init; }

    /// <summary>Databases by ascending id.</summary>
    public IEnumerable<DatabaseInfo> Databases => _databases.Values.OrderBy(d => d.Id);

    public int DatabaseCount => _databases.Count;

    /// <summary>The collections of every database by ascending id.</summary>
    public IEnumerable<CollectionInfo> Collections => _collections.Values.OrderBy(c => c.Id);

    /// <summary>As <see cref="Collections"/>, in no order.</summary>
    internal IEnumerable<CollectionInfo> AllCollections => _collections.Values;

    public int CollectionCount => _collections.Count;

    /// <summary>Users by name.</summary>
    public IEnumerable<UserInfo> Users => _users.Values;

    public int UserCount => _users.Count;

    /// <summary>Roles by name, the built-in ones included.</summary>
    public IEnumerable<RoleInfo> Roles => _roles.Values;

    public int RoleCount => _roles.Count;

    /// <summary>Privilege groups made by users, by name; the built-in ones are in <see cref="Privileges"/>.</summary>
    public IEnumerable<PrivilegeGroupInfo> PrivilegeGroups => _privilegeGroups.Values;

    /// <summary>Resource groups by name.</summary>
    public IEnumerable<ResourceGroupInfo> ResourceGroups => _resourceGroups.Values;

    public int ResourceGroupCount => _resourceGroups.Count;

    /// <summary>Bulk imports in no order, those that are over included as long as they are remembered.</summary>
    public IEnumerable<ImportJob> Imports => _imports.Values;

    /// <summary>Files of words for analyzers, by name.</summary>
    public IEnumerable<FileResourceInfo> FileResources => _fileResources.Values;

    public FileResourceInfo? FindFileResource(string name) => _fileResources.GetValueOrDefault(name);

    public ImportJob? FindImport(long id) => _imports.GetValueOrDefault(id);

    public DatabaseInfo? FindDatabase(string name) =>
        _databaseIds.TryGetValue(DatabaseName(name), out var id) ? _databases[id] : null;

    public DatabaseInfo? FindDatabase(long id) => _databases.GetValueOrDefault(id);

    /// <exception cref="MilvusException">800: there is no such database.</exception>
    public DatabaseInfo GetDatabase(string name) =>
        FindDatabase(name) ?? throw new MilvusException(ErrorCode.DatabaseNotFound, $"database not found[database={DatabaseName(name)}]");

    public CollectionInfo? FindCollection(long id) => _collections.GetValueOrDefault(id);

    /// <exception cref="MilvusException">100: there is no such collection.</exception>
    public CollectionInfo GetCollection(long id) =>
        FindCollection(id) ?? throw new MilvusException(ErrorCode.CollectionNotFound, $"collection not found[collection={id}]");

    /// <summary>Finds a collection by name or alias; false as well when the database does not exist.</summary>
    public bool TryResolveCollection(string database, string nameOrAlias, [MaybeNullWhen(false)] out CollectionInfo collection)
    {
        collection = null;
        if (!_databaseIds.TryGetValue(DatabaseName(database), out var db)) return false;
        var key = new NameInDatabase(db, nameOrAlias);
        if (!_collectionIds.TryGetValue(key, out var id) && !_aliases.TryGetValue(key, out id)) return false;
        collection = _collections[id];
        return true;
    }

    /// <summary>Finds a collection by name or alias.</summary>
    /// <exception cref="MilvusException">1100: none can have that name. 800: no such database. 100: no such collection.</exception>
    public CollectionInfo GetCollection(string database, string nameOrAlias)
    {
        if (TryResolveCollection(database, nameOrAlias, out var collection)) return collection;
        NameRules.CheckCollection(nameOrAlias);
        return GetAnyCollection(database, nameOrAlias);
    }

    /// <summary>As <see cref="GetCollection(string, string)"/> for requests that do not tell names that cannot be from names that are not there.</summary>
    /// <exception cref="MilvusException">800: no such database. 100: no such collection.</exception>
    public CollectionInfo GetAnyCollection(string database, string nameOrAlias)
    {
        if (TryResolveCollection(database, nameOrAlias, out var collection)) return collection;
        var db = GetDatabase(database);
        throw new MilvusException(ErrorCode.CollectionNotFound, $"collection not found[database={db.Name}][collection={nameOrAlias}]");
    }

    /// <summary>Finds a collection by its own name, not by an alias.</summary>
    public CollectionInfo? FindCollectionByName(long databaseId, string name) =>
        _collectionIds.TryGetValue(new NameInDatabase(databaseId, name), out var id) ? _collections[id] : null;

    /// <summary>Finds the collection that an alias stands for.</summary>
    public CollectionInfo? FindCollectionByAlias(long databaseId, string alias) =>
        _aliases.TryGetValue(new NameInDatabase(databaseId, alias), out var id) ? _collections[id] : null;

    /// <summary>The collections of one database by ascending id.</summary>
    /// <exception cref="MilvusException">800: no such database.</exception>
    public IReadOnlyList<CollectionInfo> ListCollections(string database)
    {
        var db = GetDatabase(database).Id;
        return _collections.Values.Where(c => c.DatabaseId == db).OrderBy(c => c.Id).ToArray();
    }

    /// <summary>The collection behind an alias.</summary>
    /// <exception cref="MilvusException">800: no such database. 1600: no such alias.</exception>
    public CollectionInfo DescribeAlias(string database, string alias)
    {
        var db = GetDatabase(database);
        return FindCollectionByAlias(db.Id, alias)
            ?? throw new MilvusException(ErrorCode.AliasNotFound, $"alias not found[database={db.Name}][alias={alias}]");
    }

    /// <summary>The aliases of one collection, or of the whole database when <paramref name="collection"/> is empty, sorted.</summary>
    /// <exception cref="MilvusException">800: no such database. 100: no such collection.</exception>
    public IReadOnlyList<string> ListAliases(string database, string collection = "")
    {
        var found = collection.Length == 0 ? ListCollections(database) : [GetCollection(database, collection)];
        return found.SelectMany(c => c.Aliases).Order(StringComparer.Ordinal).ToArray();
    }

    public UserInfo? FindUser(string name) => _users.GetValueOrDefault(name);

    public RoleInfo? FindRole(string name) => _roles.GetValueOrDefault(name);

    public PrivilegeGroupInfo? FindPrivilegeGroup(string name) => _privilegeGroups.GetValueOrDefault(name);

    public ResourceGroupInfo? FindResourceGroup(string name) => _resourceGroups.GetValueOrDefault(name);

    /// <exception cref="MilvusException">300: there is no such resource group.</exception>
    public ResourceGroupInfo GetResourceGroup(string name) =>
        FindResourceGroup(name) ?? throw new MilvusException(ErrorCode.ResourceGroupNotFound, $"resource group not found[rg={name}]");

    private static string DatabaseName(string name) => name.Length == 0 ? Limits.DefaultDatabase : name;
}
