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

    /// <summary>True when rows lack a value of the field, the output of a function.</summary>
    bool Lacks(FieldSchema output);

    /// <summary>The bits of the rows not deleted at or before <paramref name="horizon"/>; null when all are kept.</summary>
    Task<ulong[]?> KeptRowsAsync(Timestamp horizon, CancellationToken cancellationToken);

    /// <summary>The blocks of a field in order, one at a time; a field the source lacks reads as missing values.</summary>
    IAsyncEnumerable<Column> ReadBlocksAsync(FieldSchema field, CancellationToken cancellationToken);

    /// <summary>The insert timestamps (Int64) in blocks as <see cref="ReadBlocksAsync"/> gives them.</summary>
    IAsyncEnumerable<FixedColumn<long>> ReadTimestampBlocksAsync(CancellationToken cancellationToken);
}
