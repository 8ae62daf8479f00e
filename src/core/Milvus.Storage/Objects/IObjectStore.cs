namespace Milvus.Storage.Objects;

/// <summary>
/// Immutable blobs under '/'-separated keys: column files, indexes, manifests. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Keys follow <see cref="ObjectKeys"/>. An object appears under its key whole and durable, or not at all; putting again replaces it
/// the same way. Failures of the medium surface as <see cref="IOException"/> (a full disk is told by
/// <see cref="Files.DiskErrors.IsDiskFull"/>), a missing object as <see cref="ObjectNotFoundException"/>.
/// </remarks>
public interface IObjectStore
{
    /// <summary>
    /// Stores what <paramref name="write"/> writes to the stream it is given (append-only, not seekable). When it throws, or the
    /// process dies before the task completes, nothing changes under <paramref name="key"/>.
    /// </summary>
    Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default);

    /// <summary>Stores <paramref name="content"/> as a whole object.</summary>
    Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>
    /// Opens the bytes [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="length"/>) for reading, to the end when
    /// <paramref name="length"/> is null. A range that reaches past the end is cut short there. The caller disposes the stream.
    /// </summary>
    /// <exception cref="ObjectNotFoundException">Nothing is stored under the key.</exception>
    Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default);

    /// <summary>Bytes of the object, or null when there is none.</summary>
    Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>
    /// The objects whose key starts with <paramref name="prefix"/> (a plain string prefix, empty for all), in ordinal key order.
    /// Objects put or deleted while listing may or may not show.
    /// </summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>Removes the object; does nothing when there is none. Streams already open keep reading it.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>
    /// The local file that holds exactly the object's bytes, so that a reader may map it; null when the store keeps no such files.
    /// Does not check that the object exists.
    /// </summary>
    string? TryGetLocalPath(string key);
}

/// <summary>One listed object: its key and its length in bytes.</summary>
public readonly record struct ObjectInfo(string Key, long Length);
