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

    /// <summary>The collection's segments as of a moment not before <paramref name="notBefore"/> (of <see cref="Now"/>) or, without one, about a second ago at most.</summary>
    public Task<StoredSegments> GetAsync(long collectionId, CancellationToken cancellation, long? notBefore = null)
    {
        while (true)
        {
            var known = _readings.GetValueOrDefault(collectionId);
            if (known is not null && IsUsable(known, notBefore)) return known.Segments.Value.WaitAsync(cancellation);
            // Nobody's cancellation ends a reading that others wait for.
            var fresh = new Reading(time.GetTimestamp(), new Lazy<Task<StoredSegments>>(() => SegmentStore.LoadAsync(meta, collectionId, CancellationToken.None)));
            if (known is null ? _readings.TryAdd(collectionId, fresh) : _readings.TryUpdate(collectionId, fresh, known)) return fresh.Segments.Value.WaitAsync(cancellation);
        }
    }

    public long Now => time.GetTimestamp();

    /// <summary>The manifest of a segment and the checkpoint it was read with; looks again when it is not among what is known.</summary>
    /// <exception cref="MilvusException">600: there is no such segment.</exception>
    public async Task<(SegmentManifest Manifest, ChannelCheckpoint? Checkpoint)> FindAsync(
        long collectionId, long segmentId, Func<SegmentManifest, bool> isNewEnough, CancellationToken cancellation)
    {
        var asked = Now;
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

    public void Forget(long collectionId) => _readings.TryRemove(collectionId, out _);

    private bool IsUsable(Reading reading, long? notBefore)
    {
        if (reading.Segments.IsValueCreated && reading.Segments.Value is { IsCompleted: true, IsCompletedSuccessfully: false }) return false;
        return notBefore is { } earliest ? reading.At >= earliest : time.GetElapsedTime(reading.At) < s_freshFor;
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

    private sealed record Reading(long At, Lazy<Task<StoredSegments>> Segments);
}
