using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Segments;

/// <summary>Writes sealed segments to object storage: one column file per field and one for the insert timestamps.</summary>
public static class SegmentWriter
{
    /// <summary>
    /// Writes the rows of the sources, one source behind the other, as one new segment. Streams block by block: memory holds a few blocks
    /// at a time. The objects are durable when the task completes; if it fails, what it wrote is an orphan under the new segment's keys.
    /// </summary>
    /// <param name="sources">One growing segment when sealing, several sealed ones when compacting.</param>
    /// <param name="schema">Fields to write; those a source lacks are written as missing values.</param>
    /// <param name="place">The new segment.</param>
    /// <param name="horizon">Rows deleted at or before it are left out; no reader may ask for an earlier moment any more.</param>
    /// <param name="expireBefore">Rows inserted before it are left out too.</param>
    /// <returns>The manifest; with no rows it names no objects and none were written.</returns>
    public static Task<SegmentManifest> WriteAsync(
        IReadOnlyList<ISegmentRows> sources,
        CollectionSchema schema,
        SegmentPlace place,
        Timestamp horizon,
        IObjectStore store,
        Timestamp expireBefore = default,
        CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes one growing segment as a sealed one.</summary>
    public static Task<SegmentManifest> SealAsync(
        GrowingSegment source, SegmentPlace place, Timestamp horizon, IObjectStore store, CancellationToken cancellationToken = default) =>
        WriteAsync([SegmentRows.Of(source)], source.Schema, place, horizon, store, cancellationToken: cancellationToken);
}
