using Milvus.Text.Indexing;
using Milvus.Text.Matching;

namespace Milvus.Expressions.Matching;

/// <summary>text_match by the text library.</summary>
internal sealed class AnyTokenMatcher(TextMatcher matcher) : IIndexedTextMatcher
{
    public bool IsExact => true;

    public bool Counts => matcher.MinimumShouldMatch > 1;

    public bool IsMatch(ReadOnlySpan<byte> text) => matcher.IsMatch(text);

    public long MaxRows(TextIndex terms) => terms.MaxRows(matcher);

    public long Postings(TextIndex terms) => terms.PostingsOf(matcher);

    public void Mark(TextIndex terms, Span<ulong> rows) => terms.Match(matcher, rows);
}

/// <summary>phrase_match by the text library.</summary>
internal sealed class PhraseTokenMatcher(PhraseMatcher matcher) : IIndexedTextMatcher
{
    public bool IsExact => matcher.TokenCount <= 1;

    public bool Counts => matcher.TokenCount > 1;

    public bool IsMatch(ReadOnlySpan<byte> text) => matcher.IsMatch(text);

    public long MaxRows(TextIndex terms) => terms.MaxRows(matcher);

    public long Postings(TextIndex terms) => terms.PostingsOf(matcher);

    public void Mark(TextIndex terms, Span<ulong> rows) => terms.Candidates(matcher, rows);
}
