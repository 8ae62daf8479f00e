using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Segments;

/// <summary>Merges sealed segments into one, leaving out what was deleted.</summary>
public static class Compactor
{
    /// <summary>
    /// Reads the stored sources block by block, whether they are loaded or not, and writes one segment. The sources' objects stay.
    /// </summary>
    /// <param name="sources">Segments of one partition and shard.</param>
    /// <param name="schema">The collection's schema now.</param>
    /// <param name="tombstones">Deletes that may concern the sources, at least all up to <paramref name="horizon"/>.</param>
    /// <param name="place">The new segment.</param>
    /// <param name="horizon">Rows deleted at or before it are left out; later deletes must be applied to the result again.</param>
    /// <param name="store">Where the sources are and the result goes.</param>
    /// <param name="expireBefore">Rows inserted before it are left out too.</param>
    /// <param name="expiry">So are rows that have expired by a field of theirs; null when there is no such field.</param>
    /// <param name="filler">Computes outputs of functions that rows of the sources lack; null to leave them out.</param>
    /// <param name="cancellationToken">Stops the work; what was written is an orphan.</param>
    /// <returns>The manifest, with <see cref="SegmentManifest.CompactedFrom"/> set; without rows it names no objects.</returns>
    /// <exception cref="IntegrityException">An object of a source is missing or damaged; the sources stay as they are.</exception>
    public static async Task<SegmentManifest> MergeAsync(
        IReadOnlyList<SegmentManifest> sources,
        CollectionSchema schema,
        IReadOnlyList<TombstoneBatch> tombstones,
        SegmentPlace place,
        Timestamp horizon,
        IObjectStore store,
        Timestamp expireBefore = default,
        FieldExpiry? expiry = null,
        IFunctionFiller? filler = null,
        CancellationToken cancellationToken = default)
    {
        var rows = await OpenAsync(sources, schema, tombstones, store, filler, cancellationToken).ConfigureAwait(false);
        return await MergeAsync(rows, schema, place, horizon, store, expireBefore, expiry, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="MergeAsync(IReadOnlyList{SegmentManifest}, CollectionSchema, IReadOnlyList{TombstoneBatch}, SegmentPlace, Timestamp, IObjectStore, Timestamp, FieldExpiry?, IFunctionFiller?, CancellationToken)"/>,
    /// but writes several segments of about the same size, each with the rows of a range of keys: filters by the key then rule out whole segments. Reads the sources once per segment.
    /// </summary>
    /// <param name="key">A field of numbers or text.</param>
    /// <param name="places">The new segments, in the order of their keys.</param>
    /// <returns>A manifest per place; those without rows name no objects.</returns>
    public static async Task<ImmutableArray<SegmentManifest>> DivideAsync(
        IReadOnlyList<SegmentManifest> sources,
        CollectionSchema schema,
        FieldSchema key,
        IReadOnlyList<TombstoneBatch> tombstones,
        IReadOnlyList<SegmentPlace> places,
        Timestamp horizon,
        IObjectStore store,
        Timestamp expireBefore = default,
        FieldExpiry? expiry = null,
        IFunctionFiller? filler = null,
        CancellationToken cancellationToken = default)
    {
        var rows = await OpenAsync(sources, schema, tombstones, store, filler, cancellationToken).ConfigureAwait(false);
        var parts = await KeyDivision.DivideAsync(rows, key, places.Count, horizon, cancellationToken).ConfigureAwait(false);
        var written = ImmutableArray.CreateBuilder<SegmentManifest>(places.Count);
        for (var part = 0; part < places.Count; part++)
            written.Add(await MergeAsync(parts[part], schema, places[part], horizon, store, expireBefore, expiry, cancellationToken).ConfigureAwait(false));
        return written.MoveToImmutable();
    }

    /// <summary>As the other overload, for segments in memory with their own tombstones.</summary>
    public static Task<SegmentManifest> MergeAsync(
        IReadOnlyList<SealedSegment> sources,
        CollectionSchema schema,
        SegmentPlace place,
        Timestamp horizon,
        IObjectStore store,
        Timestamp expireBefore = default,
        FieldExpiry? expiry = null,
        CancellationToken cancellationToken = default) =>
        MergeAsync([.. sources.Select(SegmentRows.Of)], schema, place, horizon, store, expireBefore, expiry, cancellationToken);

    private static async Task<ISegmentRows[]> OpenAsync(
        IReadOnlyList<SegmentManifest> sources, CollectionSchema schema, IReadOnlyList<TombstoneBatch> tombstones, IObjectStore store, IFunctionFiller? filler, CancellationToken cancellationToken)
    {
        var rows = new ISegmentRows[sources.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = await SegmentRows.OpenAsync(sources[i], schema, tombstones, store, cancellationToken).ConfigureAwait(false);
            if (filler is not null && sources[i].LacksOutputs(schema)) rows[i] = new FilledRows(rows[i], schema, filler);
        }
        return rows;
    }

    private static async Task<SegmentManifest> MergeAsync(
        ISegmentRows[] sources, CollectionSchema schema, SegmentPlace place, Timestamp horizon, IObjectStore store, Timestamp expireBefore, FieldExpiry? expiry, CancellationToken cancellationToken)
    {
        var manifest = await SegmentWriter.WriteAsync(sources, schema, place, horizon, store, expireBefore, expiry, cancellationToken).ConfigureAwait(false);
        return manifest with { CompactedFrom = [.. sources.Select(s => s.SegmentId)] };
    }
}
