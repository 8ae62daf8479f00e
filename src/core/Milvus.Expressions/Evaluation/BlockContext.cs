using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Evaluation;

/// <summary>The block that is being evaluated.</summary>
/// <param name="answers">What indexes said of the whole segment; null when no index is used.</param>
internal readonly ref struct BlockContext(IColumnBlocks source, int block, int rowCount, FilterScratch scratch, IndexAnswers? answers)
{
    public int RowCount => rowCount;

    public int WordCount => Validity.WordCount(RowCount);

    /// <summary>Where the block starts in bitmaps of the segment.</summary>
    public int FirstWord => block * FilterScratch.BlockWords;

    public FilterScratch Scratch => scratch;

    public bool HasAnswers => answers is not null;

    public Column GetColumn(long fieldId) => scratch.GetColumn(source, fieldId, block);

    public ColumnStatistics? GetStatistics(long fieldId) => source.GetStatistics(fieldId, block);

    public IndexAnswer? AnswerOf(Leaf leaf) => answers?.Find(leaf);
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
