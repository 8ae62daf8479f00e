using System.Collections.Concurrent;
using Milvus.Coordinator.Replication;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Actors.Query;

/// <summary>
/// What the meta store says of collections' segments, read at most once in a while: loading a collection asks for the same facts once per segment.
/// Thread-safe.
/// </summary>
public sealed class SegmentFacts(IMetaStore meta, TimeProvider time)
{
    private static readonly TimeSpan s_freshFor = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, Reading> _readings = new();
    private long _lastReading;

    /// <summary>The collection's segments as of about a second ago at most, or by a reading that was begun after the one given.</summary>
    public Task<StoredSegments> GetAsync(long collectionId, CancellationToken cancellation, long? after = null)
    {
        while (true)
        {
            var known = _readings.GetValueOrDefault(collectionId);
            if (known is not null && IsUsable(known, after)) return known.Segments.Value.WaitAsync(cancellation);
            // Nobody's cancellation ends a reading that others wait for.
            var fresh = new Reading(Interlocked.Increment(ref _lastReading), time.GetTimestamp(), new Lazy<Task<StoredSegments>>(() => SegmentStore.LoadAsync(meta, collectionId, CancellationToken.None)));
            if (known is null ? _readings.TryAdd(collectionId, fresh) : _readings.TryUpdate(collectionId, fresh, known)) return fresh.Segments.Value.WaitAsync(cancellation);
        }
    }

    /// <summary>The manifest of a segment and the checkpoint it was read with; looks again when it is not among what is known.</summary>
    /// <exception cref="MilvusException">600: there is no such segment.</exception>
    public async Task<(SegmentManifest Manifest, ChannelCheckpoint? Checkpoint)> FindAsync(
        long collectionId, long segmentId, Func<SegmentManifest, bool> isNewEnough, CancellationToken cancellation)
    {
        var asked = Interlocked.Read(ref _lastReading);
        var known = await GetAsync(collectionId, cancellation).ConfigureAwait(false);
        var manifest = Find(known, segmentId);
        if (manifest is null || !isNewEnough(manifest))
        {
            known = await GetAsync(collectionId, cancellation, asked).ConfigureAwait(false);
            manifest = Find(known, segmentId);
        }
        return manifest is null
            ? throw new MilvusException(ErrorCode.SegmentNotFound, $"segment not found[segment={segmentId}]")
            : (manifest, known.CheckpointOf(manifest.Shard));
    }

    /// <summary>Forgets what is known of other collections.</summary>
    public void Keep(Func<long, bool> isAlive)
    {
        foreach (var id in _readings.Keys)
            if (!isAlive(id)) _readings.TryRemove(id, out _);
    }

    private bool IsUsable(Reading reading, long? after)
    {
        if (reading.Segments.IsValueCreated && reading.Segments.Value is { IsCompleted: true, IsCompletedSuccessfully: false }) return false;
        return after is { } earlier ? reading.Number > earlier : time.GetElapsedTime(reading.At) < s_freshFor;
    }

    private static SegmentManifest? Find(StoredSegments known, long segmentId)
    {
        int low = 0, high = known.Segments.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var id = known.Segments[middle].SegmentId;
            if (id == segmentId) return known.Segments[middle];
            if (id < segmentId) low = middle + 1;
            else high = middle - 1;
        }
        return null;
    }

    private sealed record Reading(long Number, long At, Lazy<Task<StoredSegments>> Segments);
}
