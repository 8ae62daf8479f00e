using Milvus.Storage.Objects;
using Milvus.Storage.Segments;

namespace Milvus.DataNode;

/// <summary>
/// Removes objects that no manifest and no checkpoint refers to, nor to what they go with: what a crash left behind, and what compaction replaced. Objects that are being
/// written are protected by <see cref="ProtectAsync"/>. Thread-safe.
/// </summary>
/// <remarks>
/// Writers use a key again: a segment whose files an interrupted seal left behind is sealed under the same id. So a collection leaves alone
/// whatever was protected at any moment since it listed, and a protection does not begin in the middle of a removal.
/// </remarks>
public sealed class GarbageCollector(IObjectStore objects, Func<IEnumerable<string>> liveKeys)
{
    private readonly SemaphoreSlim _removing = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _protected = new(StringComparer.Ordinal);
    private readonly List<HashSet<string>> _collections = [];

    /// <summary>Keeps objects under a key prefix from being collected until the result is disposed, which is after they were committed.</summary>
    public async Task<IDisposable> ProtectAsync(string prefix, CancellationToken cancellation)
    {
        await _removing.WaitAsync(cancellation).ConfigureAwait(false);
        lock (_lock)
        {
            _protected[prefix] = _protected.GetValueOrDefault(prefix) + 1;
            foreach (var spared in _collections) spared.Add(prefix);
        }
        _removing.Release();
        return new Protection(this, prefix);
    }

    /// <summary>Deletes garbage under a prefix; returns the number of objects and bytes removed.</summary>
    public async Task<(int Objects, long Bytes)> CollectAsync(string prefix, CancellationToken cancellation)
    {
        HashSet<string> spared;
        lock (_lock) _collections.Add(spared = new HashSet<string>(_protected.Keys, StringComparer.Ordinal));
        try
        {
            var listed = new List<ObjectInfo>();
            await foreach (var o in objects.ListAsync(prefix, cancellation).ConfigureAwait(false)) listed.Add(o);
            if (listed.Count == 0) return (0, 0);
            // After the listing: what a task that is done by now wrote is live, all else of it is spared.
            var live = liveKeys().ToHashSet(StringComparer.Ordinal);
            var count = 0;
            long bytes = 0;
            foreach (var o in listed)
            {
                if (live.Contains(SegmentKeys.OwnerOf(o.Key)) || !await RemoveAsync(o.Key, spared, cancellation).ConfigureAwait(false)) continue;
                count++;
                bytes += o.Length;
            }
            return (count, bytes);
        }
        finally
        {
            lock (_lock) _collections.Remove(spared);
        }
    }

    private async Task<bool> RemoveAsync(string key, HashSet<string> spared, CancellationToken cancellation)
    {
        await _removing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            lock (_lock)
            {
                foreach (var p in spared)
                    if (key.StartsWith(p, StringComparison.Ordinal)) return false;
            }
            await objects.DeleteAsync(key, cancellation).ConfigureAwait(false);
            return true;
        }
        finally
        {
            _removing.Release();
        }
    }

    private void Unprotect(string prefix)
    {
        lock (_lock)
        {
            if (_protected[prefix] > 1) _protected[prefix]--;
            else _protected.Remove(prefix);
        }
    }

    private sealed class Protection(GarbageCollector owner, string prefix) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0) owner.Unprotect(prefix);
        }
    }
}
