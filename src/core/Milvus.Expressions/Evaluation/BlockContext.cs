using Milvus.Model;

namespace Milvus.Expressions.Evaluation;

/// <summary>The block that is being evaluated.</summary>
internal readonly ref struct BlockContext(IColumnBlocks source, int block, int rowCount, FilterScratch scratch)
{
    public int RowCount => rowCount;

    public int WordCount => Validity.WordCount(RowCount);

    public FilterScratch Scratch => scratch;

    public Column GetColumn(long fieldId) => scratch.GetColumn(source, fieldId, block);

    public ColumnStatistics? GetStatistics(long fieldId) => source.GetStatistics(fieldId, block);
}

/// <summary>What is known of a block before looking at its rows.</summary>
internal enum Verdict
{
    /// <summary>Nothing.</summary>
    Mixed,

    /// <summary>No row passes.</summary>
    None,

    /// <summary>Every row passes.</summary>
    All,
}
