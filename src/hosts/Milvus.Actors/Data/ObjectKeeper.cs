using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Coordinator.Service;
using Milvus.DataNode;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Segments;

namespace Milvus.Actors.Data;

/// <summary>
/// Removes objects that nothing refers to: those of segments and files that went, after a time in which readers may still use them, and those that somebody left behind, once they are old.
/// <see cref="Track"/> is for one thread; the rest may run beside it.
/// </summary>
/// <remarks>
/// Writers do not tell what they write, so what is not referred to may be about to be. Left behind is only what cannot be: objects of segments that no manifest names and that are not
/// growing anywhere, whose ids (they hold the time of their making) are old; index files of segments that have none at work, unreferenced for as long; tombstone files behind their
/// channel's checkpoint. And before anything is removed the store confirms that no other coordinator has committed since.
/// </remarks>
internal sealed class ObjectKeeper(CoordinatorService service, CoordinatorSettings settings, Func<CollectionInfo, Task<ChannelStatus?[]>> askChannels)
{
    /// <summary>Beginnings of the keys of everything that the cluster keeps.</summary>
    public static readonly ImmutableArray<string> Roots = [ObjectNames.SegmentRoot, ObjectNames.TombstoneRoot, SnapshotService.Root];

    private readonly ILogger _logger = settings.Logging.CreateLogger<ObjectKeeper>();
    private readonly Lock _lock = new();
    private readonly Dictionary<long, HashSet<string>> _known = [];
    private readonly Queue<(string Key, long CollectionId, long At)> _removed = new();
    private readonly Dictionary<string, long> _unreferenced = new(StringComparer.Ordinal);

    /// <summary>True when there is something whose grace is over.</summary>
    public bool HasDue
    {
        get
        {
            lock (_lock) return _removed.TryPeek(out var first) && settings.Time.GetElapsedTime(first.At) >= settings.Planner.RemovedGrace;
        }
    }

    /// <summary>Looks at what a collection refers to now: what it did before and does no more goes after a while.</summary>
    public void Track(long collectionId)
    {
        var now = Live(collectionId);
        lock (_lock)
        {
            if (_known.TryGetValue(collectionId, out var before))
                foreach (var key in before)
                    if (!now.Contains(key)) _removed.Enqueue((key, collectionId, settings.Time.GetTimestamp()));
            if (now.Count == 0) _known.Remove(collectionId);
            else _known[collectionId] = now;
        }
    }

    /// <summary>Removes what has been unreferenced for long enough.</summary>
    public async Task RemoveDueAsync(CancellationToken cancellation)
    {
        var due = new List<(string Key, long CollectionId)>();
        lock (_lock)
        {
            while (_removed.TryPeek(out var first) && settings.Time.GetElapsedTime(first.At) >= settings.Planner.RemovedGrace)
            {
                _removed.Dequeue();
                due.Add((first.Key, first.CollectionId));
            }
        }
        if (due.Count == 0) return;
        await service.VerifyAsync(cancellation).ConfigureAwait(false);
        // Of all collections and snapshots: restored ones share objects with those that they come from.
        var live = service.Segments.LiveObjectKeys().ToHashSet(StringComparer.Ordinal);
        foreach (var (key, _) in due)
            if (!live.Contains(SegmentKeys.OwnerOf(key))) await settings.Objects.DeleteAsync(key, cancellation).ConfigureAwait(false);
        _logger.LogInformation("Removed {Count} objects of segments and files that are no more", due.Count);
    }

    /// <summary>Looks through all objects for those that were left behind.</summary>
    /// <param name="isBusy">Segments that a task works on.</param>
    public async Task SweepAsync(Func<long, bool> isBusy, CancellationToken cancellation)
    {
        // Before the listing: what grows now may be sealed meanwhile, what does not grow never will again.
        var growing = await GrowingAsync().ConfigureAwait(false);
        var listed = new List<string>();
        foreach (var root in Roots)
            await foreach (var o in settings.Objects.ListAsync(root, cancellation).ConfigureAwait(false)) listed.Add(o.Key);
        var live = service.Segments.LiveObjectKeys().ToHashSet(StringComparer.Ordinal);
        await service.VerifyAsync(cancellation).ConfigureAwait(false);
        // Once more, now that nobody else can have committed: our own memory is what the store holds.
        live.UnionWith(service.Segments.LiveObjectKeys());
        var orphans = new List<string>();
        lock (_lock)
        {
            foreach (var key in _unreferenced.Keys.Where(k => live.Contains(SegmentKeys.OwnerOf(k))).ToList()) _unreferenced.Remove(key);
            // What was removed a moment ago has its own time.
            live.UnionWith(_removed.Select(r => r.Key));
            foreach (var key in listed)
                if (!live.Contains(SegmentKeys.OwnerOf(key)) && IsLeftBehind(key, growing, isBusy)) orphans.Add(key);
        }
        foreach (var key in orphans) await settings.Objects.DeleteAsync(key, cancellation).ConfigureAwait(false);
        lock (_lock)
            foreach (var key in orphans) _unreferenced.Remove(key);
        if (orphans.Count > 0) _logger.LogInformation("Removed {Count} objects that nothing refers to, such as {Example}", orphans.Count, orphans[0]);
    }

    private bool IsLeftBehind(string key, Dictionary<long, HashSet<long>?> growing, Func<long, bool> isBusy)
    {
        var parts = key.Split('/');
        // snapshots/whose/timestamp/number.del
        if (parts[0] + "/" == SnapshotService.Root) return parts.Length == 4 && ulong.TryParse(parts[2], CultureInfo.InvariantCulture, out var taken) && IsOld((long)taken);
        if (parts.Length < 4 || !long.TryParse(parts[1], CultureInfo.InvariantCulture, out var collectionId)) return false;
        var collection = service.Catalog.FindCollection(collectionId);
        if (parts[0] + "/" == ObjectNames.TombstoneRoot)
        {
            // tombstones/collection/shard/sequence-partition.del
            if (collection is null) return IsOld(collectionId);
            var isBehind = int.TryParse(parts[2], CultureInfo.InvariantCulture, out var shard) && long.TryParse(parts[3].Split('-')[0], CultureInfo.InvariantCulture, out var sequence)
                && service.Segments.GetCheckpoint(new ShardId(collectionId, shard)) is { } checkpoint && sequence < checkpoint.LogSequence;
            return isBehind && HasBeenUnreferenced(key);
        }
        // segments/collection/partition/segment/file
        if (parts.Length != 5 || !long.TryParse(parts[3], CultureInfo.InvariantCulture, out var segmentId)) return false;
        if (collection is null) return IsOld(segmentId);
        if (isBusy(segmentId))
        {
            _unreferenced.Remove(key);
            return false;
        }
        if (service.Segments.FindSegment(collectionId, segmentId) is not null) return HasBeenUnreferenced(key);
        return IsOld(segmentId) && growing.GetValueOrDefault(collectionId) is { } ids && !ids.Contains(segmentId);
    }

    private bool HasBeenUnreferenced(string key)
    {
        if (_unreferenced.TryAdd(key, settings.Time.GetTimestamp())) return false;
        return settings.Time.GetElapsedTime(_unreferenced[key]) >= settings.Planner.OrphanAge;
    }

    // Ids are made of the time they were made at.
    private bool IsOld(long id) =>
        settings.Time.GetUtcNow().ToUnixTimeMilliseconds() - (id >> Timestamp.LogicalBits) >= settings.Planner.OrphanAge.TotalMilliseconds;

    // By collection: the segments that grow or are being sealed. Null where a channel did not answer.
    private async Task<Dictionary<long, HashSet<long>?>> GrowingAsync()
    {
        var growing = new Dictionary<long, HashSet<long>?>();
        foreach (var collection in service.Catalog.Collections)
        {
            var channels = await askChannels(collection).ConfigureAwait(false);
            growing[collection.Id] = channels.Contains(null) ? null : [.. channels.SelectMany(c => c!.Growing).Select(g => g.SegmentId)];
        }
        return growing;
    }

    private HashSet<string> Live(long collectionId)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var segment in service.Segments.GetSegments(collectionId))
        {
            foreach (var column in segment.Columns) keys.Add(column.ObjectKey);
            foreach (var index in segment.Indexes) keys.Add(index.ObjectKey);
        }
        if (service.Catalog.FindCollection(collectionId) is not { } collection) return keys;
        for (var shard = 0; shard < collection.ShardCount; shard++)
            foreach (var file in service.Segments.GetCheckpoint(new ShardId(collectionId, shard))?.Tombstones ?? []) keys.Add(file.ObjectKey);
        return keys;
    }
}
