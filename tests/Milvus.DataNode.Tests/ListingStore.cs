using Milvus.Storage.Objects;

namespace Milvus.DataNode.Tests;

/// <summary>Tells when a listing begins.</summary>
internal sealed class ListingStore(IObjectStore inner, Action listing) : IObjectStore
{
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        listing();
        return inner.ListAsync(prefix, cancellationToken);
    }

    public Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default) =>
        inner.PutAsync(key, write, cancellationToken);

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutAsync(key, content, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default) =>
        inner.OpenReadAsync(key, offset, length, cancellationToken);

    public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default) => inner.GetLengthAsync(key, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken = default) => inner.DeleteAsync(key, cancellationToken);

    public string? TryGetLocalPath(string key) => inner.TryGetLocalPath(key);
}
