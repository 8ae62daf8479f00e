using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Matching;

namespace Milvus.Expressions.Matching;

/// <summary>The matchers of text_match and phrase_match by each field's own analyzer. Thread-safe; share one per process.</summary>
public sealed class AnalyzedTextMatchers(AnalyzerRegistry analyzers) : ITextMatcherFactory
{
    public ITextMatcher Match(FieldSchema field, string query, int minimumShouldMatch) =>
        new AnyTokenMatcher(new TextMatcher(AnalyzerOf(field), query, minimumShouldMatch));

    public ITextMatcher Phrase(FieldSchema field, string query, uint slop) =>
        new PhraseTokenMatcher(new PhraseMatcher(AnalyzerOf(field), query, slop));

    public ITextMatcher Fuzzy(FieldSchema field, string query, int distance) => new NearToken(new FuzzyMatcher(AnalyzerOf(field), query, distance));

    private Analyzer AnalyzerOf(FieldSchema field) => analyzers.Get(field.Param("analyzer_params"));

    private sealed class NearToken(FuzzyMatcher matcher) : ITextMatcher
    {
        public bool IsMatch(ReadOnlySpan<byte> text) => matcher.IsMatch(text);
    }
}
