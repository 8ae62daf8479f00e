using System.Collections.Immutable;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Proxy;

/// <summary>What taking and restoring snapshots needs of the stored data.</summary>
public interface ISnapshotStorage
{
    /// <summary>Writes out what the channels hold in memory, deletes included; returns when everything written before the call is in committed segments and tombstone files.</summary>
    Task CheckpointAsync(CollectionInfo collection, CancellationToken cancellation);

    /// <summary>The tombstone files of a collection's checkpoints at present.</summary>
    Task<ImmutableArray<TombstoneFile>> GetTombstonesAsync(long collectionId, CancellationToken cancellation);

    /// <summary>Where the objects of segments and snapshots are.</summary>
    IObjectStore Objects { get; }

    /// <summary>What a snapshot is made of; null for one that does not exist, or not any more.</summary>
    Task<SnapshotContent?> GetSnapshotAsync(long snapshotId, CancellationToken cancellation);

    /// <summary>Those of a snapshot; none for one that does not exist.</summary>
    Task<ImmutableArray<TombstoneFile>> GetSnapshotTombstonesAsync(long snapshotId, CancellationToken cancellation);

    /// <summary>Keeps objects below the prefix from being taken for garbage until the result is disposed.</summary>
    Task<IDisposable> ProtectAsync(string prefix, CancellationToken cancellation);

    /// <exception cref="ObjectNotFoundException">There is no such source any more.</exception>
    Task CopyAsync(string source, string target, CancellationToken cancellation);
}
