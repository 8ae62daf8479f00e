using System.Collections.Concurrent;
using Milvus.Storage.Objects;

namespace Milvus.TestKit.Objects;

/// <summary>An object store without a disk; tests may damage its objects.</summary>
public sealed class InMemoryObjectStore : IObjectStore
{
    private readonly ConcurrentDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);

    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        using var content = new MemoryStream();
        await write(new ForwardOnlyStream(content), cancellationToken).ConfigureAwait(false);
        _objects[key] = content.ToArray();
    }

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        cancellationToken.ThrowIfCancellationRequested();
        _objects[key] = content.ToArray();
        return Task.CompletedTask;
    }

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (length is { } bytes)
            ArgumentOutOfRangeException.ThrowIfNegative(bytes, nameof(length));
        if (!_objects.TryGetValue(key, out var content))
            throw new ObjectNotFoundException(key);
        var start = (int)Math.Min(offset, content.Length);
        var count = (int)Math.Min(length ?? long.MaxValue, content.Length - start);
        return Task.FromResult<Stream>(new MemoryStream(content, start, count, writable: false));
    }

    public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        return Task.FromResult(_objects.TryGetValue(key, out var content) ? content.Length : (long?)null);
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        ObjectKeys.ValidatePrefix(prefix);
        return _objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(o => new ObjectInfo(o.Key, o.Value.Length))
            .OrderBy(o => o.Key, StringComparer.Ordinal)
            .ToList()
            .ToAsyncEnumerable();
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        _objects.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    public string? TryGetLocalPath(string key) => null;

    /// <summary>A copy of an object's bytes.</summary>
    public byte[] Get(string key) => (byte[])_objects[key].Clone();

    /// <summary>Stores bytes as they are, whole or damaged.</summary>
    public void Set(string key, byte[] content) => _objects[key] = content;
}
