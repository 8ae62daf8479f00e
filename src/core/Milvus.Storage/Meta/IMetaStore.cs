namespace Milvus.Storage.Meta;

/// <summary>
/// A small transactional key-value store for the catalogue and segment manifests. Safe for concurrent use; one coordinator writes,
/// fenced by an epoch.
/// </summary>
/// <remarks>
/// Keys follow <see cref="MetaKeys"/> and are ordered by their UTF-8 bytes. Damage surfaces as
/// <see cref="Model.IntegrityException"/>, failures of the medium as <see cref="IOException"/>.
/// </remarks>
public interface IMetaStore : IAsyncDisposable
{
    /// <summary>All entries whose key starts with <paramref name="prefix"/> (empty for all), in key order, as of one moment.</summary>
    Task<IReadOnlyList<MetaEntry>> LoadAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes over as the writer: durably increments the stored epoch and returns it (1 for a new store). Every commit with an
    /// earlier epoch fails from then on.
    /// </summary>
    Task<long> AcquireEpochAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Applies the mutations in order, all or none, durable when the task completes. When it fails with an
    /// <see cref="IOException"/> the store still holds the state before or, if the failure struck the acknowledgement, after.
    /// </summary>
    /// <param name="mutations">May be empty: then only the epoch is checked.</param>
    /// <param name="epoch">What <see cref="AcquireEpochAsync"/> returned to this writer.</param>
    /// <param name="cancellationToken">Honoured before the transaction starts, not within.</param>
    /// <exception cref="StaleEpochException">Another writer has taken over; nothing was changed.</exception>
    Task CommitAsync(IReadOnlyList<MetaMutation> mutations, long epoch, CancellationToken cancellationToken = default);
}

/// <summary>A stored key and its value. The array is the caller's own copy.</summary>
public sealed record MetaEntry(string Key, byte[] Value);
