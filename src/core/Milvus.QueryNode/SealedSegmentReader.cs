using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Storage.Objects;

namespace Milvus.QueryNode;

/// <summary>Reads sealed segments from object storage: columns, the indexes that still exist, and the deletes in tombstone files.</summary>
/// <param name="placement">What of the segments is in memory; null for everything.</param>
public sealed class SealedSegmentReader(IObjectStore objects, SegmentPlacement? placement = null)
{
    /// <summary>Bytes of memory that the segment will take, before reading it.</summary>
    /// <param name="placement">Where its vectors will be; null for in memory.</param>
    public static long EstimateMemory(SegmentManifest manifest, CollectionInfo collection, SegmentPlacement? placement = null) =>
        SealedSegment.EstimateMemory(Current(manifest, collection), collection.Schema, placement);

    /// <exception cref="IntegrityException">An object is missing or damaged; names it.</exception>
    public async Task<SealedSegment> LoadAsync(SegmentManifest manifest, CollectionInfo collection, ImmutableArray<TombstoneFile> tombstones, CancellationToken cancellation)
    {
        var segment = await SealedSegment.LoadAsync(
            Current(manifest, collection), collection.Schema, objects, placement ?? SegmentPlacement.InMemory, cancellation).ConfigureAwait(false);
        foreach (var file in tombstones)
        {
            if (file.PartitionId != 0 && file.PartitionId != manifest.PartitionId) continue;
            if (file.MaxTimestamp <= manifest.DeletesAppliedTo || file.MaxTimestamp <= manifest.MinTimestamp) continue;
            segment.Delete(await TombstoneFiles.ReadAsync(file, objects, cancellation).ConfigureAwait(false));
        }
        return segment;
    }

    /// <summary>The manifest without the files of indexes that were dropped.</summary>
    public static SegmentManifest Current(SegmentManifest manifest, CollectionInfo collection)
    {
        var kept = manifest.Indexes.RemoveAll(f => !collection.Indexes.Any(i => i.Id == f.IndexId));
        return kept.Length == manifest.Indexes.Length ? manifest : manifest with { Indexes = kept };
    }
}
