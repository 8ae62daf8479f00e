using System.Globalization;
using Milvus.Actors.Node;
using Milvus.Coordinator.Replication;
using Milvus.DataNode;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Sealing;

/// <summary>
/// Removes tombstone files of one channel that no checkpoint names any more, a while after that became so: query nodes may be reading them. For one thread.
/// </summary>
internal sealed class StaleTombstones(NodeServices services, ShardId shard, StreamingOptions options)
{
    private readonly Dictionary<string, long> _since = new(StringComparer.Ordinal);
    private bool _isListed;

    public void Add(IEnumerable<TombstoneFile> files)
    {
        foreach (var file in files) _since[file.ObjectKey] = NowMs;
    }

    public async Task RemoveAsync(CancellationToken cancellation)
    {
        if (!_isListed) await ListAsync(cancellation).ConfigureAwait(false);
        var due = _since.Where(s => NowMs - s.Value >= options.StaleFileMs).Select(s => s.Key).ToList();
        if (due.Count == 0) return;
        // Not from memory: this may be an owner that does not know yet that there is another.
        var used = await UsedAsync(cancellation).ConfigureAwait(false);
        foreach (var key in due)
        {
            if (!used.Contains(key)) await services.Objects.DeleteAsync(key, cancellation).ConfigureAwait(false);
            _since.Remove(key);
        }
    }

    // What runs before this one left behind.
    private async Task ListAsync(CancellationToken cancellation)
    {
        var used = await UsedAsync(cancellation).ConfigureAwait(false);
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{ObjectNames.CollectionTombstones(shard.CollectionId)}{shard.Shard}/");
        await foreach (var found in services.Objects.ListAsync(prefix, cancellation).ConfigureAwait(false))
            if (!used.Contains(found.Key)) _since[found.Key] = NowMs;
        _isListed = true;
    }

    private async Task<HashSet<string>> UsedAsync(CancellationToken cancellation)
    {
        var stored = await SegmentStore.LoadAsync(services.Meta, shard.CollectionId, cancellation).ConfigureAwait(false);
        return stored.CheckpointOf(shard.Shard)?.Tombstones.Select(t => t.ObjectKey).ToHashSet(StringComparer.Ordinal) ?? [];
    }

    private long NowMs => services.Time.GetUtcNow().ToUnixTimeMilliseconds();
}
