using System.Globalization;
using Milvus.Coordinator.Persistence;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Replication;

/// <summary>One committed change in the meta store's own terms: what a copy of the catalogue needs to follow.</summary>
/// <param name="Keys">Stored keys that changed.</param>
/// <param name="Values">Their new values; null where the entry is gone.</param>
public sealed record StoredChange(long FromVersion, long ToVersion, string[] Keys, byte[]?[] Values);

/// <summary>Reads the catalogue beside the coordinator that writes it, for copies on other nodes.</summary>
public static class CatalogReader
{
    /// <summary>The stored catalogue as of one moment.</summary>
    /// <exception cref="IntegrityException">An entry cannot be read.</exception>
    public static Task<Catalog> LoadAsync(IMetaStore store, CancellationToken cancellationToken = default) => CatalogStore.LoadAsync(store, cancellationToken);

    /// <summary>What the change wrote, without what concerns segments.</summary>
    public static StoredChange Describe(CatalogChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var mutations = CatalogStore.Mutations(change.Events, change.After.Version)
            .Where(m => m.Kind != MetaMutationKind.DeletePrefix && m.Key != MetaLayout.Version).ToList();
        return new(
            change.Before.Version,
            change.After.Version,
            [.. mutations.Select(m => m.Key)],
            [.. mutations.Select(m => m.Kind == MetaMutationKind.Put ? m.Value.ToArray() : null)]);
    }

    /// <summary>The catalogue after a change that follows it.</summary>
    /// <exception cref="ArgumentException">The change does not follow this version.</exception>
    /// <exception cref="IntegrityException">A value cannot be read.</exception>
    public static Catalog Apply(Catalog catalog, StoredChange change)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(change);
        if (change.FromVersion != catalog.Version) throw new ArgumentException($"a change from version {change.FromVersion} does not follow {catalog.Version}", nameof(change));
        var events = new List<CatalogEvent>();
        for (var i = 0; i < change.Keys.Length; i++)
        {
            if (change.Values[i] is { } value) events.Add(CatalogStore.Read(change.Keys[i], value));
            else if (Removed(catalog, change.Keys[i]) is { } removed) events.Add(removed);
        }
        return catalog.Apply(events, change.ToVersion);
    }

    // What a deleted key stood for is known from the catalogue before.
    private static CatalogEvent? Removed(Catalog catalog, string key)
    {
        if (Name(MetaLayout.Collections) is { } collection) return Id(collection) is { } id && catalog.FindCollection(id) is { } c ? new CollectionDropped(c) : null;
        if (Name(MetaLayout.Databases) is { } database) return Id(database) is { } id && catalog.FindDatabase(id) is { } d ? new DatabaseDropped(d) : null;
        if (Name(MetaLayout.Users) is { } user) return catalog.FindUser(user) is null ? null : new UserDropped(user);
        if (Name(MetaLayout.Roles) is { } role) return catalog.FindRole(role) is null ? null : new RoleDropped(role);
        if (Name(MetaLayout.PrivilegeGroups) is { } privileges) return catalog.FindPrivilegeGroup(privileges) is null ? null : new PrivilegeGroupDropped(privileges);
        if (Name(MetaLayout.ResourceGroups) is { } resources) return catalog.FindResourceGroup(resources) is null ? null : new ResourceGroupDropped(resources);
        if (Name(MetaLayout.Imports) is { } import) return Id(import) is { } id && catalog.FindImport(id) is { } job ? new ImportRemoved(id, job.CollectionId) : null;
        if (Name(MetaLayout.FileResources) is { } file) return catalog.FindFileResource(file) is null ? null : new FileResourceRemoved(file);
        if (Name(MetaLayout.SnapshotInfos) is { } snapshot) return Id(snapshot) is { } id && catalog.FindSnapshot(id) is not null ? new SnapshotRemoved(id) : null;
        if (Name(MetaLayout.Restores) is { } restore) return Id(restore) is { } id && catalog.FindRestore(id) is not null ? new RestoreRemoved(id) : null;
        return null;

        string? Name(string prefix) => key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : null;

        static long? Id(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
    }
}
