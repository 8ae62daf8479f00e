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

    /// <summary>Writes what <see cref="Build"/> made.</summary>
    public static void Save(ScalarIndex index, Stream target) => ((AnalyzedTextIndex)index).Save(target);

    /// <summary>Reads what <see cref="Save"/> wrote, over the same column with the same analyzer.</summary>
    /// <param name="source">Nothing behind the index is read.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <param name="blocks">The column's values in order.</param>
    /// <exception cref="IntegrityException">Damaged, or over another number of rows.</exception>
    public static ScalarIndex Load(Stream source, string sourceName, IEnumerable<Column> blocks, int rowCount) => AnalyzedTextIndex.Load(source, sourceName, blocks, rowCount);
}
