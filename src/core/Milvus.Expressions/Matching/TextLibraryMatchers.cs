using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Matching;

namespace Milvus.Expressions.Matching;

/// <summary>Text matching by the field's own analyzer. Keeps analyzers, so share one instance.</summary>
public sealed class TextLibraryMatchers : ITextMatcherFactory
{
    public static readonly TextLibraryMatchers Shared = new();

    private readonly AnalyzerRegistry _analyzers = new();

    public ITextMatcher Match(FieldSchema field, string query, int minimumShouldMatch) =>
        new AnyTokenMatcher(new TextMatcher(AnalyzerOf(field), query, minimumShouldMatch));

    public ITextMatcher Phrase(FieldSchema field, string query, uint slop) => new PhraseTokenMatcher(new PhraseMatcher(AnalyzerOf(field), query, slop));

    public ITextMatcher Fuzzy(FieldSchema field, string query, int distance) => new Near(new FuzzyMatcher(AnalyzerOf(field), query, distance));

    private Analyzer AnalyzerOf(FieldSchema field) => _analyzers.Get(field.Param("analyzer_params"));

    private sealed class Near(FuzzyMatcher matcher) : ITextMatcher
    {
        public bool IsMatch(ReadOnlySpan<byte> text) => matcher.IsMatch(text);
    }
}
