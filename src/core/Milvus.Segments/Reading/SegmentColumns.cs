using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>A segment as filters read it, as of a row count. Keeps nothing alive but the segment; made per evaluation.</summary>
internal sealed class SegmentColumns(Segment segment, int rowCount) : IColumnBlocks
{
    private static readonly byte[] ZeroVectors = new byte[ColumnLimits.BlockRows * sizeof(float)];

    public int RowCount => rowCount;

    public Column GetBlock(long fieldId, int block)
    {
        var field = segment.Schema.Find(fieldId) ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={fieldId}]");
        return field.Type.IsDenseVector() ? NullsOf(field, block) : segment.ReadBlock(field, block, rowCount);
    }

    public ColumnStatistics? GetStatistics(long fieldId, int block) => segment.StatisticsOf(fieldId, block);

    /// <summary>Filters may ask a vector only whether it is null: one component of zeros spares copying the vectors.</summary>
    private VectorColumn NullsOf(FieldSchema field, int block)
    {
        var start = block << ColumnLimits.BlockShift;
        var rows = Math.Min(ColumnLimits.BlockRows, rowCount - start);
        var dimension = field.Type == DataType.BinaryVector ? 8 : 1;
        var validity = segment.FindVectors(field.Id) switch
        {
            null => Validity.NoneValid(rows),
            { Valid: null } => null,
            { Valid: { } words } => new Validity(words.AsSpan(start >> 6, Validity.WordCount(rows)).ToArray(), rows),
        };
        return new VectorColumn(field.Type, dimension, ZeroVectors.AsMemory(0, rows * field.Type.VectorBytes(dimension)), validity);
    }
}
