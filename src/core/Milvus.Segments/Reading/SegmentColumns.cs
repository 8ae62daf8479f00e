using Milvus.Expressions;
using Milvus.Expressions.Indexes;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>A segment as filters read it, as of a row count. Filters never read vectors.</summary>
internal sealed class SegmentColumns(Segment segment, int rowCount) : IIndexedColumns
{
    public int RowCount => rowCount;

    public Column GetBlock(long fieldId, int block)
    {
        var field = segment.Schema.Find(fieldId) ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={fieldId}]");
        return segment.ReadBlock(field, block, rowCount);
    }

    public IReadOnlyList<ScalarIndex> IndexesOf(long fieldId) => segment is SealedSegment s ? s.ScalarIndexesOf(fieldId) : [];

    public ScalarIndex? TextIndexOf(long fieldId) => (segment as SealedSegment)?.TextIndexOf(fieldId);

    public ColumnStatistics? GetStatistics(long fieldId, int block) => segment.StatisticsOf(fieldId, block);
}
