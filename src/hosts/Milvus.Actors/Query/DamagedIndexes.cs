using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Catalogs;
using Milvus.Coordinator.Segments;
using Milvus.Model;

namespace Milvus.Actors.Query;

/// <summary>
/// Takes index files that cannot be read out of their segments' manifests: derived data, which the planner then has built anew. Until then the segment is
/// scanned. Thread-safe.
/// </summary>
internal sealed class DamagedIndexes(SegmentFacts facts, ICoordinatorClient coordinator, ILogger logger)
{
    private readonly ConcurrentDictionary<(long Segment, long Index), bool> _underWay = new();

    /// <summary>Never fails: who needs the index finds it damaged again.</summary>
    public async Task DiscardAsync(long collectionId, long segmentId, SegmentIndexFile file)
    {
        if (!_underWay.TryAdd((segmentId, file.IndexId), true)) return;
        try
        {
            // As it is now: another may have done it, or the segment is gone.
            var (manifest, _) = await facts.FindAsync(collectionId, segmentId, _ => false, CancellationToken.None).ConfigureAwait(false);
            if (!manifest.Indexes.Contains(file)) return;
            await coordinator.CommitSegmentsAsync(
                new SegmentChange { CollectionId = collectionId, Replaced = [manifest with { Indexes = manifest.Indexes.Remove(file) }] }, CancellationToken.None).ConfigureAwait(false);
            logger.LogInformation("Index {Index} of segment {Segment} is to be built anew", file.IndexId, segmentId);
        }
        catch (Exception e)
        {
            logger.LogWarning(e, "The damaged index {Index} of segment {Segment} stays in its manifest for now", file.IndexId, segmentId);
        }
        finally
        {
            _underWay.TryRemove((segmentId, file.IndexId), out _);
        }
    }
}
