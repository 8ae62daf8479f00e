using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Segments;

/// <summary>Merges sealed segments into one, leaving out what was deleted.</summary>
public static class Compactor
{
    /// <summary>
    /// Reads the stored sources block by block, whether they are loaded or not, and writes one segment. The sources' objects stay.
    /// </summary>
    /// <param name="tombstones">Deletes that may concern the sources, at least all up to <paramref name="horizon"/>.</param>
    /// <returns>The manifest, with <see cref="SegmentManifest.CompactedFrom"/> set; without rows it names no objects.</returns>
    /// <exception cref="IntegrityException">An object of a source is missing or damaged; the sources stay as they are.</exception>
    public static Task<SegmentManifest> MergeAsync(
        IReadOnlyList<SegmentManifest> sources,
        CollectionSchema schema,
        IReadOnlyList<TombstoneBatch> tombstones,
        SegmentPlace place,
        Timestamp horizon,
        IObjectStore store,
        Timestamp expireBefore = default,
        CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>As the other overload, for segments in memory with their own tombstones.</summary>
    public static Task<SegmentManifest> MergeAsync(
        IReadOnlyList<SealedSegment> sources,
        CollectionSchema schema,
        SegmentPlace place,
        Timestamp horizon,
        IObjectStore store,
        Timestamp expireBefore = default,
        CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
