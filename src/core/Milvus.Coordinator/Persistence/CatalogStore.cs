using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Persistence;

/// <summary>Turns events into mutations and stored entries back into a catalogue.</summary>
internal static class CatalogStore
{
    /// <summary>Everything one decision writes: each event's object under its key, and the catalogue's new version.</summary>
    public static List<MetaMutation> Mutations(IEnumerable<CatalogEvent> events, long version)
    {
        var mutations = events.SelectMany(Mutations).ToList();
        mutations.Add(MetaMutation.Put(MetaLayout.Version, RecordWriter.Write(json => json.WriteNumber("version", version))));
        return mutations;
    }

    private static IEnumerable<MetaMutation> Mutations(CatalogEvent change) => change switch
    {
        DatabaseCreated e => [MetaMutation.Put(MetaLayout.Database(e.Database.Id), CollectionCodec.Encode(e.Database))],
        DatabaseAltered e => [MetaMutation.Put(MetaLayout.Database(e.Database.Id), CollectionCodec.Encode(e.Database))],
        DatabaseDropped e => [MetaMutation.Delete(MetaLayout.Database(e.Database.Id))],
        CollectionCreated e => [MetaMutation.Put(MetaLayout.Collection(e.Collection.Id), CollectionCodec.Encode(e.Collection))],
        CollectionAltered e => [MetaMutation.Put(MetaLayout.Collection(e.Collection.Id), CollectionCodec.Encode(e.Collection))],
        // Its segments and checkpoints go with it, in the same commit.
        CollectionDropped e =>
        [
            MetaMutation.Delete(MetaLayout.Collection(e.Collection.Id)),
            MetaMutation.DeletePrefix(MetaLayout.SegmentsOf(e.Collection.Id)),
            MetaMutation.DeletePrefix(MetaLayout.ChannelsOf(e.Collection.Id)),
            MetaMutation.DeletePrefix(MetaLayout.ImportedInto(e.Collection.Id)),
        ],
        UserStored e => [MetaMutation.Put(MetaLayout.User(e.User.Name), AccessCodec.Encode(e.User))],
        UserDropped e => [MetaMutation.Delete(MetaLayout.User(e.Name))],
        RoleStored e => [MetaMutation.Put(MetaLayout.Role(e.Role.Name), AccessCodec.Encode(e.Role))],
        RoleDropped e => [MetaMutation.Delete(MetaLayout.Role(e.Name))],
        PrivilegeGroupStored e => [MetaMutation.Put(MetaLayout.PrivilegeGroup(e.Group.Name), AccessCodec.Encode(e.Group))],
        PrivilegeGroupDropped e => [MetaMutation.Delete(MetaLayout.PrivilegeGroup(e.Name))],
        ResourceGroupStored e => [MetaMutation.Put(MetaLayout.ResourceGroup(e.Group.Name), AccessCodec.Encode(e.Group))],
        ResourceGroupDropped e => [MetaMutation.Delete(MetaLayout.ResourceGroup(e.Name))],
        ImportStored e => [MetaMutation.Put(MetaLayout.Import(e.Job.Id), ImportCodec.Encode(e.Job))],
        ImportRemoved e => [MetaMutation.Delete(MetaLayout.Import(e.Id)), MetaMutation.Delete(MetaLayout.ImportedBy(e.CollectionId, e.Id))],
        FileResourceStored e => [MetaMutation.Put(MetaLayout.FileResource(e.Resource.Name), AccessCodec.Encode(e.Resource))],
        FileResourceRemoved e => [MetaMutation.Delete(MetaLayout.FileResource(e.Name))],
        SnapshotStored e => [MetaMutation.Put(MetaLayout.SnapshotInfo(e.Snapshot.Id), SnapshotCodec.Encode(e.Snapshot))],
        SnapshotRemoved e => [MetaMutation.Delete(MetaLayout.SnapshotInfo(e.Id)), MetaMutation.DeletePrefix(MetaLayout.SnapshotOf(e.Id))],
        RestoreStored e => [MetaMutation.Put(MetaLayout.Restore(e.Job.Id), SnapshotCodec.Encode(e.Job))],
        RestoreRemoved e => [MetaMutation.Delete(MetaLayout.Restore(e.Id))],
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "unknown catalogue event"),
    };

    /// <summary>The stored catalogue; <see cref="Catalog.Empty"/> for a new store.</summary>
    /// <exception cref="IntegrityException">An entry cannot be read.</exception>
    public static async Task<Catalog> LoadAsync(IMetaStore store, CancellationToken cancellationToken)
    {
        var version = 0L;
        var events = new List<CatalogEvent>();
        foreach (var (key, value) in await store.LoadAsync(MetaLayout.Catalog, cancellationToken).ConfigureAwait(false))
        {
            if (key == MetaLayout.Version) version = ReadVersion(value);
            else events.Add(Read(key, value));
        }
        if (version == 0 && events.Count > 0) throw new IntegrityException(MetaLayout.Version, "missing, although the catalogue has entries");
        return Catalog.Empty.Apply(events, version);
    }

    /// <summary>The version of the last commit, 0 for a new store.</summary>
    public static async Task<long> LoadVersionAsync(IMetaStore store, CancellationToken cancellationToken)
    {
        var entries = await store.LoadAsync(MetaLayout.Version, cancellationToken).ConfigureAwait(false);
        return entries.Count == 0 ? 0 : ReadVersion(entries[0].Value);
    }

    private static long ReadVersion(ReadOnlyMemory<byte> value) => RecordReader.Read(MetaLayout.Version, value, r => r.Number("version"));

    internal static CatalogEvent Read(string key, ReadOnlyMemory<byte> value)
    {
        if (Is(MetaLayout.Databases)) return new DatabaseCreated(CollectionCodec.DecodeDatabase(key, value));
        if (Is(MetaLayout.Collections)) return new CollectionCreated(CollectionCodec.DecodeCollection(key, value));
        if (Is(MetaLayout.Users)) return new UserStored(AccessCodec.DecodeUser(key, value));
        if (Is(MetaLayout.Roles)) return new RoleStored(AccessCodec.DecodeRole(key, value));
        if (Is(MetaLayout.PrivilegeGroups)) return new PrivilegeGroupStored(AccessCodec.DecodePrivilegeGroup(key, value));
        if (Is(MetaLayout.ResourceGroups)) return new ResourceGroupStored(AccessCodec.DecodeResourceGroup(key, value));
        if (Is(MetaLayout.Imports)) return new ImportStored(ImportCodec.Decode(key, value));
        if (Is(MetaLayout.FileResources)) return new FileResourceStored(AccessCodec.DecodeFileResource(key, value));
        if (Is(MetaLayout.SnapshotInfos)) return new SnapshotStored(SnapshotCodec.DecodeSnapshot(key, value));
        if (Is(MetaLayout.Restores)) return new RestoreStored(SnapshotCodec.DecodeRestore(key, value));
        throw new IntegrityException(key, "an entry of a kind this program does not know");

        bool Is(string prefix) => key.StartsWith(prefix, StringComparison.Ordinal);
    }
}
