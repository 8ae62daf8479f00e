using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>A segment as filters read it, as of a row count. Keeps nothing alive but the segment; made per evaluation.</summary>
internal sealed class SegmentColumns(Segment segment, int rowCount) : IColumnBlocks
{
    private static readonly int[] ZeroOffsets = new int[ColumnLimits.BlockRows + 1];
    private static readonly byte[] ZeroVectors = new byte[ColumnLimits.BlockRows * sizeof(float)];

    public int RowCount => rowCount;

    public Column GetBlock(long fieldId, int block)
    {
        var field = segment.Schema.Find(fieldId) ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={fieldId}]");
        return field.Type.IsDenseVector() ? NullsOfDense(field, block)
            : field.Type == DataType.SparseFloatVector ? NullsOfSparse(field, block)
            : segment.ReadBlock(field, block, rowCount);
    }

    public ColumnStatistics? GetStatistics(long fieldId, int block) => segment.StatisticsOf(fieldId, block);

    /// <summary>Filters may ask a vector only whether it is null: one component of zeros spares copying the vectors.</summary>
    private VectorColumn NullsOfDense(FieldSchema field, int block)
    {
        var rows = RowsOf(block);
        var dimension = field.Type == DataType.BinaryVector ? 8 : 1;
        var validity = segment.FindVectors(field.Id) is { } vectors ? Slice(vectors.Valid, block) : Validity.NoneValid(rows);
        return new VectorColumn(field.Type, dimension, ZeroVectors.AsMemory(0, rows * field.Type.VectorBytes(dimension)), validity);
    }

    private BinaryColumn NullsOfSparse(FieldSchema field, int block)
    {
        var rows = RowsOf(block);
        var validity = segment.FindSparse(field.Id) is { } vectors ? Slice(vectors.Valid, block) : Validity.NoneValid(rows);
        return new BinaryColumn(field.Type, ZeroOffsets.AsMemory(0, rows + 1), default, validity);
    }

    private int RowsOf(int block) => Math.Min(ColumnLimits.BlockRows, rowCount - (block << ColumnLimits.BlockShift));

    private Validity? Slice(ulong[]? words, int block)
    {
        var rows = RowsOf(block);
        var start = block << (ColumnLimits.BlockShift - 6);
        return words is null ? null : new Validity(words.AsSpan(start, Validity.WordCount(rows)).ToArray(), rows);
    }
}
