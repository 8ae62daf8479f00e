using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Segments;

/// <summary>Deletes of a channel as one checksummed object.</summary>
public static class TombstoneFiles
{
    /// <summary>Writes the deletes, oldest first. There is at least one.</summary>
    public static Task<TombstoneFile> WriteAsync(TombstoneBatch deletes, string objectKey, IObjectStore store, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <exception cref="IntegrityException">The object is missing, damaged, or not the one described.</exception>
    public static Task<TombstoneBatch> ReadAsync(TombstoneFile file, IObjectStore store, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
