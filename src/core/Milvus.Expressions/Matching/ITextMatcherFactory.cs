using Milvus.Model;

namespace Milvus.Expressions.Matching;

/// <summary>Port to the text library: makes predicates over analysed text.</summary>
public interface ITextMatcherFactory
{
    /// <summary>text_match: at least <paramref name="minimumShouldMatch"/> of the query's tokens occur.</summary>
    /// <param name="field">A VarChar or Text field with enable_match, whose analyzer applies to text and query.</param>
    ITextMatcher Match(FieldSchema field, string query, int minimumShouldMatch);

    /// <summary>phrase_match: the query's tokens occur in order with a total displacement of at most <paramref name="slop"/>.</summary>
    ITextMatcher Phrase(FieldSchema field, string query, uint slop);

    /// <summary>text_match_fuzzy: a token of the text is within <paramref name="distance"/> (0 … 2) edits of one of the query's tokens.</summary>
    ITextMatcher Fuzzy(FieldSchema field, string query, int distance);
}

/// <summary>A compiled text predicate. Immutable and thread-safe; <see cref="IsMatch"/> allocates nothing per row where it can.</summary>
public interface ITextMatcher
{
    /// <param name="text">One value as UTF-8.</param>
    bool IsMatch(ReadOnlySpan<byte> text);
}
