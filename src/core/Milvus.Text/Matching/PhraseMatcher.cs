using Milvus.Text.Analyzers;

namespace Milvus.Text.Matching;

/// <summary>
/// <c>phrase_match(field, query, slop)</c> on single documents: the query's tokens occur, each displaced against its predecessor, and
/// the displacements add up to at most the slop. Tokens may change places (two neighbours swapped cost 2). One token matches where it
/// occurs, none matches nothing. Immutable and thread-safe; no allocation per document once a thread is warm.
/// </summary>
public sealed class PhraseMatcher
{
    [ThreadStatic]
    private static PhraseSink? t_sink;

    private readonly Analyzer _analyzer;
    private readonly QueryTerms _query;
    private readonly uint _slop;

    public PhraseMatcher(Analyzer analyzer, string query, uint slop = 0)
    {
        _analyzer = analyzer;
        _query = QueryTerms.Analyze(analyzer, query);
        _slop = slop;
    }

    /// <summary>Tokens of the phrase.</summary>
    public int TokenCount => _query.Sequence.Length;

    internal QueryTerms Query => _query;

    /// <param name="document">One value as UTF-8.</param>
    public bool IsMatch(ReadOnlySpan<byte> document) => MinimalSlop(document) is { } slop && slop <= _slop;

    /// <summary>The smallest slop at which the document matches; null when a token is missing.</summary>
    public long? MinimalSlop(ReadOnlySpan<byte> document)
    {
        if (_query.Sequence.Length == 0)
            return null;
        PhraseSink sink = t_sink ??= new PhraseSink();
        sink.Begin(_query);
        _analyzer.Analyze(document, sink);
        return sink.MinimalSlop();
    }

    /// <summary>Collects where each query term stands in the document, then finds the cheapest chain of positions.</summary>
    private sealed class PhraseSink : TokenSink
    {
        private QueryTerms? _query;
        private List<int>[] _positions = [];
        private long[] _costs = [];
        private long[] _previousCosts = [];

        public void Begin(QueryTerms query)
        {
            _query = query;
            if (_positions.Length < query.Terms.Count)
            {
                int known = _positions.Length;
                Array.Resize(ref _positions, query.Terms.Count);
                for (int i = known; i < _positions.Length; i++)
                    _positions[i] = [];
            }
            for (int i = 0; i < query.Terms.Count; i++)
                _positions[i].Clear();
        }

        public override bool Accept(scoped in AnalyzedToken token)
        {
            int term = _query!.Terms.Find(token.Text);
            if (term >= 0)
                _positions[term].Add(token.Position);
            return true;
        }

        public long? MinimalSlop()
        {
            QueryTerms query = _query!;
            int longest = 0;
            for (int i = 0; i < query.Terms.Count; i++)
            {
                if (_positions[i].Count == 0)
                    return null;
                longest = Math.Max(longest, _positions[i].Count);
            }
            if (_costs.Length < longest)
            {
                _costs = new long[longest];
                _previousCosts = new long[longest];
            }

            List<int> current = _positions[query.Sequence[0]];
            _costs.AsSpan(0, current.Count).Clear();
            for (int i = 1; i < query.Sequence.Length; i++)
            {
                List<int> previous = current;
                current = _positions[query.Sequence[i]];
                (_costs, _previousCosts) = (_previousCosts, _costs);
                Step(previous, current, query.Positions[i] - query.Positions[i - 1]);
            }
            long best = long.MaxValue;
            for (int i = 0; i < current.Count; i++)
                best = Math.Min(best, _costs[i]);
            return best;
        }

        // cost(p) = min over q of previousCost(q) + |p - q - distance|, by one sweep from each side over ascending positions.
        private void Step(List<int> previous, List<int> current, int distance)
        {
            long best = long.MaxValue / 2;
            for (int i = 0, from = 0; i < current.Count; i++)
            {
                long place = current[i] - distance;
                for (; from < previous.Count && previous[from] <= place; from++)
                    best = Math.Min(best, _previousCosts[from] - previous[from]);
                _costs[i] = best + place;
            }
            best = long.MaxValue / 2;
            for (int i = current.Count - 1, from = previous.Count - 1; i >= 0; i--)
            {
                long place = current[i] - distance;
                for (; from >= 0 && previous[from] >= place; from--)
                    best = Math.Min(best, _previousCosts[from] + previous[from]);
                _costs[i] = Math.Min(_costs[i], best - place);
            }
        }
    }
}
