using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;

namespace Milvus.Segments;

/// <summary>Makes sources of rows.</summary>
public static class SegmentRows
{
    /// <summary>The rows and deletes of a segment in memory. Rows appended later are not seen.</summary>
    public static ISegmentRows Of(Segment segment) => new LoadedRows(segment);

    /// <summary>
    /// The rows of a stored segment, read block by block as they are needed, so that nothing has to be loaded.
    /// </summary>
    /// <param name="tombstones">Deletes that may concern the segment; those that do not are ignored.</param>
    /// <exception cref="IntegrityException">An object is missing or damaged.</exception>
    public static async Task<ISegmentRows> OpenAsync(
        SegmentManifest manifest, CollectionSchema schema, IReadOnlyList<TombstoneBatch> tombstones, IObjectStore store, CancellationToken cancellationToken = default)
    {
        var readers = new Dictionary<long, ColumnFileReader>();
        foreach (var file in manifest.Columns)
        {
            var format = file.FieldId == FieldIds.Timestamp ? ColumnFileFormat.Timestamps
                : schema.Find(file.FieldId) is { } field ? ColumnFileFormat.For(field)
                : null;
            if (format is not null)
                readers[file.FieldId] = await SegmentLoader.OpenAsync(manifest, file, format, store, cancellationToken).ConfigureAwait(false);
        }
        foreach (var needed in (long[])[FieldIds.Timestamp, schema.PrimaryKey.Id])
        {
            if (manifest.RowCount > 0 && !readers.ContainsKey(needed))
                throw new IntegrityException($"manifest of segment {manifest.SegmentId}", $"names no column of field {needed}");
        }
        return new StoredRows(manifest, schema.PrimaryKey, tombstones, readers);
    }
}
