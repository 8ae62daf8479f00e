namespace Milvus.Storage.Objects;

/// <summary>
/// Keeps whole copies of the objects that were read last in a local directory, so that a segment that comes back is not fetched again. Writes and
/// listings go through. Safe for concurrent use; one cache per directory.
/// </summary>
/// <remarks>
/// A copy's file name carries the object's length, and a copy is used only when the file has that length: a file that a power cut cut short is fetched
/// again. What is inside is checked by those who read it, against the checksums of their formats; one that finds damage calls <see cref="Evict"/> and
/// reads once more. When the cache cannot be used — its disk is full, the object is larger than the whole cache — the object itself is read.
/// </remarks>
public sealed class CachingObjectStore : IObjectStore
{
    private const int CopyBufferBytes = 256 << 10;

    private readonly IObjectStore _inner;
    private readonly CachedFiles _files;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<bool>> _fetches = new(StringComparer.Ordinal);
    private long _hits;
    private long _misses;

    /// <param name="directory">Created if need be; what it held at the last start is used again.</param>
    /// <param name="limitBytes">Bytes that copies may take; the least recently used go first.</param>
    public CachingObjectStore(IObjectStore inner, string directory, long limitBytes)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentOutOfRangeException.ThrowIfNegative(limitBytes);
        _inner = inner;
        _files = new CachedFiles(directory, limitBytes);
    }

    /// <summary>Bytes of all copies.</summary>
    public long CachedBytes => _files.Bytes;

    /// <summary>Objects opened from a copy that was there.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Objects opened that had to be fetched, or could not be kept.</summary>
    public long Misses => Interlocked.Read(ref _misses);

    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        await _inner.PutAsync(key, write, cancellationToken).ConfigureAwait(false);
        Evict(key);
    }

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        await _inner.PutAsync(key, content, cancellationToken).ConfigureAwait(false);
        Evict(key);
    }

    public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (length is { } bytes) ArgumentOutOfRangeException.ThrowIfNegative(bytes, nameof(length));
        if (_files.TryOpen(key, offset, length) is { } cached)
        {
            Interlocked.Increment(ref _hits);
            return cached;
        }
        Interlocked.Increment(ref _misses);
        var isKept = await Fetch(key).WaitAsync(cancellationToken).ConfigureAwait(false);
        return isKept && _files.TryOpen(key, offset, length) is { } fetched
            ? fetched
            : await _inner.OpenReadAsync(key, offset, length, cancellationToken).ConfigureAwait(false);
    }

    public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default) => _inner.GetLengthAsync(key, cancellationToken);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default) => _inner.ListAsync(prefix, cancellationToken);

    public async Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        await _inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        Evict(key);
    }

    // A copy may go at any moment, so its path is nobody's business.
    public string? TryGetLocalPath(string key) => null;

    /// <summary>Forgets the copy of an object: it was found damaged, or the object is no more. Streams already open keep reading it.</summary>
    public void Evict(string key)
    {
        lock (_lock)
        {
            // A fetch under way may have read what is no longer true; it finds itself gone from here and keeps nothing.
            _fetches.Remove(key);
            _files.Remove(key);
        }
    }

    // All who want an object at the same time wait for one fetch, which nobody's cancellation stops.
    private Task<bool> Fetch(string key)
    {
        lock (_lock)
        {
            if (_fetches.TryGetValue(key, out var running)) return running;
            // Fetched since the caller looked.
            if (_files.Contains(key)) return Task.FromResult(true);
            var fetch = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _fetches.Add(key, fetch.Task);
            _ = FetchAsync(key, fetch);
            return fetch.Task;
        }
    }

    private async Task FetchAsync(string key, TaskCompletionSource<bool> fetch)
    {
        var isKept = false;
        string? temporary = null;
        try
        {
            // Not on the thread that holds the lock.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (await _inner.GetLengthAsync(key).ConfigureAwait(false) is { } length && length <= _files.LimitBytes)
            {
                temporary = _files.NewTemporaryPath();
                await CopyAsync(key, temporary).ConfigureAwait(false);
                lock (_lock)
                    isKept = _fetches.GetValueOrDefault(key) == fetch.Task && _files.TryAdd(key, length, temporary);
            }
        }
        catch (Exception)
        {
            // The caller reads the object itself and meets the same failure there, if it is the object's and not the cache's.
        }
        if (temporary is not null && !isKept) CachedFiles.Discard(temporary);
        lock (_lock)
            if (_fetches.GetValueOrDefault(key) == fetch.Task) _fetches.Remove(key);
        fetch.SetResult(isKept);
    }

    private async Task CopyAsync(string key, string path)
    {
        var source = await _inner.OpenReadAsync(key).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
            await using (file.ConfigureAwait(false))
                await source.CopyToAsync(file, CopyBufferBytes).ConfigureAwait(false);
        }
    }
}
