using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>
/// One segment as filters read it: columns in blocks of <see cref="ColumnLimits.BlockRows"/> rows, the last one shorter. Rows are
/// numbered from 0; row r is in block r / BlockRows. Called from one thread at a time per evaluation.
/// </summary>
public interface IColumnBlocks
{
    int RowCount { get; }

    /// <summary>
    /// The block's rows of a field: min(BlockRows, remaining) of them, or more (a growing segment's later rows are ignored). A field
    /// added after the segment was written is answered with its default or nulls.
    /// </summary>
    Column GetBlock(long fieldId, int block);

    /// <summary>Statistics of exactly or at least the block's rows, or null when none are known.</summary>
    ColumnStatistics? GetStatistics(long fieldId, int block);
}
