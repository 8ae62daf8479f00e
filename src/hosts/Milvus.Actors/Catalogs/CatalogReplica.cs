using Milvus.Coordinator;
using Milvus.Coordinator.Replication;
using Milvus.Storage.Meta;

namespace Milvus.Actors.Catalogs;

/// <summary>
/// A node's copy of the catalogue: read from the meta store, then kept up to date by the changes the coordinator tells. Changes apply in order of their versions; a gap, or
/// word of a newer version, makes it read the store again. Thread-safe.
/// </summary>
public sealed class CatalogReplica
{
    private readonly IMetaStore _store;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Catalog _catalog;

    private CatalogReplica(IMetaStore store, Catalog catalog)
    {
        _store = store;
        _catalog = catalog;
    }

    /// <summary>Raised after each change, on whatever thread made it; handlers must be quick.</summary>
    public event Action<Catalog>? Changed;

    public Catalog Catalog => Volatile.Read(ref _catalog);

    public static async Task<CatalogReplica> LoadAsync(IMetaStore store, CancellationToken cancellation) =>
        new(store, await CatalogReader.LoadAsync(store, cancellation).ConfigureAwait(false));

    /// <summary>Applies a change if it follows the present version or is already known; reads the store otherwise.</summary>
    public async Task ApplyAsync(Messages.CatalogDelta delta, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (delta.ToVersion <= _catalog.Version) return;
            Publish(delta.FromVersion == _catalog.Version
                ? CatalogReader.Apply(_catalog, new StoredChange(delta.FromVersion, delta.ToVersion, delta.Keys, delta.Values))
                : await CatalogReader.LoadAsync(_store, cancellation).ConfigureAwait(false));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Makes sure that the copy is at least at a version, reading the store if need be.</summary>
    public async ValueTask EnsureAsync(long version, CancellationToken cancellation)
    {
        if (Catalog.Version >= version) return;
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_catalog.Version < version) Publish(await CatalogReader.LoadAsync(_store, cancellation).ConfigureAwait(false));
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Publish(Catalog catalog)
    {
        if (catalog.Version < _catalog.Version) return;
        Volatile.Write(ref _catalog, catalog);
        Changed?.Invoke(catalog);
    }
}
