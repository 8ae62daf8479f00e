using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;

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
    /// <param name="store">Where the objects go.</param>
    /// <param name="expireBefore">Rows inserted before it are left out too.</param>
    /// <param name="expiry">Rows that have expired by a field of theirs are left out too; null when there is no such field.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    /// <returns>The manifest; with no rows it names no objects and none were written.</returns>
    public static async Task<SegmentManifest> WriteAsync(
        IReadOnlyList<ISegmentRows> sources,
        CollectionSchema schema,
        SegmentPlace place,
        Timestamp horizon,
        IObjectStore store,
        Timestamp expireBefore = default,
        FieldExpiry? expiry = null,
        CancellationToken cancellationToken = default)
    {
        var kept = new KeptRows[sources.Count];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = await KeptRows.SelectAsync(sources[i], horizon, expireBefore, expiry, cancellationToken).ConfigureAwait(false);

        var manifest = new SegmentManifest
        {
            SegmentId = place.SegmentId,
            CollectionId = place.CollectionId,
            PartitionId = place.PartitionId,
            Shard = place.Shard,
            RowCount = checked(kept.Sum(k => k.Count)),
            MinTimestamp = default,
            MaxTimestamp = default,
            DeletesAppliedTo = horizon,
        };
        if (manifest.RowCount == 0) return manifest;

        var range = new TimeRange();
        var files = ImmutableArray.CreateBuilder<SegmentColumnFile>(schema.Fields.Length + 1);
        files.Add(await WriteColumnAsync(place, ColumnFileFormat.Timestamps, Timestamps(kept, range, cancellationToken), manifest.RowCount, store, cancellationToken).ConfigureAwait(false));
        foreach (var field in schema.Fields)
            files.Add(await WriteColumnAsync(place, ColumnFileFormat.For(field), Values(kept, field, cancellationToken), manifest.RowCount, store, cancellationToken).ConfigureAwait(false));
        return manifest with
        {
            MinTimestamp = range.Min,
            MaxTimestamp = range.Max,
            Columns = files.DrainToImmutable(),
            Incomplete = [.. schema.Fields.Where(f => f.IsFunctionOutput && kept.Any(k => k.Count > 0 && k.Source.Lacks(f))).Select(f => f.Id)],
        };
    }

    /// <summary>Writes one growing segment as a sealed one.</summary>
    public static Task<SegmentManifest> SealAsync(
        GrowingSegment source, SegmentPlace place, Timestamp horizon, IObjectStore store, CancellationToken cancellationToken = default) =>
        WriteAsync([SegmentRows.Of(source)], source.Schema, place, horizon, store, cancellationToken: cancellationToken);

    private static async Task<SegmentColumnFile> WriteColumnAsync(
        SegmentPlace place, ColumnFileFormat format, IAsyncEnumerable<Column> rows, int rowCount, IObjectStore store, CancellationToken cancellationToken)
    {
        var key = SegmentKeys.Column(place.CollectionId, place.PartitionId, place.SegmentId, format.FieldId);
        var summary = await ColumnFiles.WriteAsync(store, key, format, rows, cancellationToken).ConfigureAwait(false);
        if (summary.RowCount != rowCount)
            throw new InvalidOperationException($"field {format.FieldId} of segment {place.SegmentId} was written with {summary.RowCount} rows instead of {rowCount}");
        return new SegmentColumnFile(format.FieldId, key, summary.Bytes);
    }

    private static async IAsyncEnumerable<Column> Values(KeptRows[] kept, FieldSchema field, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var rows in kept)
        {
            if (rows.Count == 0) continue;
            var start = 0;
            await foreach (var block in rows.Source.ReadBlocksAsync(field, cancellationToken).ConfigureAwait(false))
            {
                if (rows.Take(block, start) is { } taken) yield return taken;
                start += block.Count;
            }
        }
    }

    private static async IAsyncEnumerable<Column> Timestamps(KeptRows[] kept, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var rows in kept)
        {
            if (rows.Count == 0) continue;
            var start = 0;
            await foreach (var block in rows.Source.ReadTimestampBlocksAsync(cancellationToken).ConfigureAwait(false))
            {
                if (rows.Take(block, start) is FixedColumn<long> taken)
                {
                    range.Include(taken.Values);
                    yield return taken;
                }
                start += block.Count;
            }
        }
    }

    private sealed class TimeRange
    {
        private ulong _min = ulong.MaxValue;
        private ulong _max;

        public Timestamp Min => new(_min);

        public Timestamp Max => new(_max);

        public void Include(ReadOnlySpan<long> times)
        {
            foreach (var time in times)
            {
                _min = Math.Min(_min, (ulong)time);
                _max = Math.Max(_max, (ulong)time);
            }
        }
    }
}
