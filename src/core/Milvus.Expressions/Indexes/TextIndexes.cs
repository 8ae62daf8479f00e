using Milvus.Model;

namespace Milvus.Expressions.Indexes;

/// <summary>Makes indexes of analysed text.</summary>
public static class TextIndexes
{
    /// <summary>Analyses a whole column; answers text_match, and narrows phrase_match.</summary>
    /// <param name="field">A VarChar or Text field with an analyzer.</param>
    /// <param name="blocks">Its values in order.</param>
    /// <param name="rowCount">Values to take.</param>
    public static ScalarIndex Build(FieldSchema field, IEnumerable<Column> blocks, int rowCount) => AnalyzedTextIndex.Build(field, blocks, rowCount);
}
