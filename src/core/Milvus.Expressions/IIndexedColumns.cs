using Milvus.Expressions.Indexes;

namespace Milvus.Expressions;

/// <summary>A segment that may have scalar indexes.</summary>
public interface IIndexedColumns : IColumnBlocks
{
    /// <summary>The indexes on a field, each covering at least the rows of this source; none when there are none.</summary>
    IReadOnlyList<ScalarIndex> IndexesOf(long fieldId);

    /// <summary>
    /// The terms of an analysed field, covering at least the rows of this source; null when it has none. May take as long as one scan
    /// with the analyzer, once.
    /// </summary>
    ScalarIndex? TextIndexOf(long fieldId);
}
