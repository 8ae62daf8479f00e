using System.Collections.Concurrent;
using Milvus.Storage.Objects;

namespace Milvus.DataNode;

/// <summary>
/// Removes objects that no manifest and no checkpoint refers to: what a crash left behind, and what compaction replaced. Objects that are being
/// written are protected by <see cref="Protect"/>. Thread-safe.
/// </summary>
public sealed class GarbageCollector(IObjectStore objects, Func<IEnumerable<string>> liveKeys)
{
    private readonly ConcurrentDictionary<string, int> _protected = new(StringComparer.Ordinal);

    /// <summary>Keeps objects under a key prefix from being collected until the result is disposed, which is after they were committed.</summary>
    public IDisposable Protect(string prefix)
    {
        _protected.AddOrUpdate(prefix, 1, (_, n) => n + 1);
        return new Protection(this, prefix);
    }

    /// <summary>Deletes garbage under a prefix; returns the number of objects and bytes removed.</summary>
    public async Task<(int Objects, long Bytes)> CollectAsync(string prefix, CancellationToken cancellation)
    {
        // The order matters: what was written by a task that began before the listing is protected by the first look or live by the last.
        var before = _protected.Keys.ToArray();
        var listed = new List<ObjectInfo>();
        await foreach (var o in objects.ListAsync(prefix, cancellation).ConfigureAwait(false)) listed.Add(o);
        if (listed.Count == 0) return (0, 0);
        var during = _protected.Keys.ToArray();
        var live = liveKeys().ToHashSet(StringComparer.Ordinal);
        var count = 0;
        long bytes = 0;
        foreach (var o in listed)
        {
            if (live.Contains(o.Key) || IsUnder(o.Key, before) || IsUnder(o.Key, during)) continue;
            await objects.DeleteAsync(o.Key, cancellation).ConfigureAwait(false);
            count++;
            bytes += o.Length;
        }
        return (count, bytes);
    }

    private static bool IsUnder(string key, string[] prefixes)
    {
        foreach (var p in prefixes)
            if (key.StartsWith(p, StringComparison.Ordinal)) return true;
        return false;
    }

    private void Unprotect(string prefix)
    {
        while (_protected.TryGetValue(prefix, out var n))
        {
            if (n > 1 ? _protected.TryUpdate(prefix, n - 1, n) : _protected.TryRemove(new KeyValuePair<string, int>(prefix, 1))) return;
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
