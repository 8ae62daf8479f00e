using Milvus.Text.Indexing;

namespace Milvus.Expressions.Matching;

/// <summary>A text predicate that an index of the column's terms can answer, or narrow.</summary>
internal interface IIndexedTextMatcher : ITextMatcher
{
    /// <summary>The rows marked are those that match; otherwise they include them.</summary>
    bool IsExact { get; }

    /// <summary>Marking counts words row by row.</summary>
    bool Counts { get; }

    /// <summary>Most rows that will be marked.</summary>
    long MaxRows(TextIndex terms);

    /// <summary>Entries of the index that marking reads.</summary>
    long Postings(TextIndex terms);

    /// <summary>Sets the bit of every row that may match.</summary>
    void Mark(TextIndex terms, Span<ulong> rows);
}
