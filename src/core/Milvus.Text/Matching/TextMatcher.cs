using System.Numerics;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Matching;

/// <summary>
/// <c>text_match(field, query, minimum_should_match)</c> on single documents: true when at least N of the query's tokens occur, where a
/// token that stands twice in the query counts twice. A query without tokens matches nothing. Immutable and thread-safe; no allocation
/// per document.
/// </summary>
public sealed class TextMatcher
{
    [ThreadStatic]
    private static MatchSink? t_sink;

    private readonly Analyzer _analyzer;
    private readonly QueryTerms _query;

    /// <param name="analyzer">The field's analyzer; it reads the query too.</param>
    /// <param name="query">Any text.</param>
    /// <param name="minimumShouldMatch">At least 1.</param>
    public TextMatcher(Analyzer analyzer, string query, int minimumShouldMatch = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumShouldMatch, 1);
        _analyzer = analyzer;
        _query = QueryTerms.Analyze(analyzer, query);
        MinimumShouldMatch = minimumShouldMatch;
    }

    /// <summary>Query tokens that must occur.</summary>
    public int MinimumShouldMatch { get; }

    /// <summary>True when the query has too few tokens to match anything.</summary>
    public bool MatchesNothing => _query.Sequence.Length < MinimumShouldMatch;

    internal QueryTerms Query => _query;

    /// <param name="document">One value as UTF-8.</param>
    public bool IsMatch(ReadOnlySpan<byte> document)
    {
        if (MatchesNothing)
            return false;
        MatchSink sink = t_sink ??= new MatchSink();
        sink.Begin(_query, MinimumShouldMatch);
        _analyzer.Analyze(document, sink);
        return sink.Matched;
    }

    private sealed class MatchSink : TokenSink
    {
        private QueryTerms? _query;
        private ulong[] _seen = new ulong[1];
        private int _missing;

        public bool Matched => _missing <= 0;

        public void Begin(QueryTerms query, int minimum)
        {
            _query = query;
            _missing = minimum;
            int words = (query.Terms.Count + 63) >> 6;
            if (_seen.Length < words)
                _seen = new ulong[BitOperations.RoundUpToPowerOf2((uint)words)];
            _seen.AsSpan(0, words).Clear();
        }

        public override bool Accept(scoped in AnalyzedToken token)
        {
            int term = _query!.Terms.Find(token.Text);
            if (term < 0)
                return true;
            ulong bit = 1UL << term;
            if ((_seen[term >> 6] & bit) != 0)
                return true;
            _seen[term >> 6] |= bit;
            _missing -= _query.Clauses[term];
            return _missing > 0;
        }
    }
}
