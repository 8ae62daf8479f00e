using Milvus.Expressions.Indexes;

namespace Milvus.Expressions;

/// <summary>A segment that may have scalar indexes.</summary>
public interface IIndexedColumns : IColumnBlocks
{
    /// <summary>The indexes on a field, each covering at least the rows of this source; none when there are none.</summary>
    IReadOnlyList<ScalarIndex> IndexesOf(long fieldId);
}
