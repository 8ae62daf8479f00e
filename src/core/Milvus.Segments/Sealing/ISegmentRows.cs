using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// A source of rows for <see cref="SegmentWriter"/>: a segment in memory or the files of one. Rows are numbered from 0 in blocks of
/// <see cref="ColumnLimits.BlockRows"/>. Not thread-safe.
/// </summary>
public interface ISegmentRows
{
    long SegmentId { get; }

    /// <summary>Rows of the source, fixed when it was made.</summary>
    int RowCount { get; }

    /// <summary>The bits of the rows not deleted at or before <paramref name="horizon"/>; null when all are kept.</summary>
    Task<ulong[]?> KeptRowsAsync(Timestamp horizon, CancellationToken cancellationToken);

    /// <summary>The blocks of a field in order, one at a time; a field the source lacks reads as missing values.</summary>
    IAsyncEnumerable<Column> ReadBlocksAsync(FieldSchema field, CancellationToken cancellationToken);

    /// <summary>The insert timestamps (Int64) in blocks as <see cref="ReadBlocksAsync"/> gives them.</summary>
    IAsyncEnumerable<FixedColumn<long>> ReadTimestampBlocksAsync(CancellationToken cancellationToken);
}

/// <summary>Makes sources of rows.</summary>
public static class SegmentRows
{
    /// <summary>The rows and deletes of a segment in memory. Rows appended later are not seen, deletes applied later are.</summary>
    public static ISegmentRows Of(Segment segment) => throw new NotImplementedException();

    /// <summary>
    /// The rows of a stored segment, read block by block as they are needed, so that nothing has to be loaded.
    /// </summary>
    /// <param name="tombstones">Deletes that may concern the segment; those that do not are ignored.</param>
    /// <exception cref="IntegrityException">An object is missing or damaged.</exception>
    public static Task<ISegmentRows> OpenAsync(
        SegmentManifest manifest, CollectionSchema schema, IReadOnlyList<TombstoneBatch> tombstones, Storage.Objects.IObjectStore store, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
