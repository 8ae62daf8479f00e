using System.Buffers;
using System.Text;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Matching;

/// <summary>
/// <c>text_match_fuzzy(field, query, max_edit_distance)</c> on single documents: true when a token of the document is within the given
/// number of edits of a token of the query. An edit inserts, removes or replaces one character, or exchanges two neighbours (optimal
/// string alignment). Immutable and thread-safe; no allocation per document.
/// </summary>
public sealed class FuzzyMatcher
{
    /// <summary>Largest distance that can be asked for.</summary>
    public const int MaxDistance = 2;

    [ThreadStatic]
    private static FuzzySink? t_sink;

    private readonly Analyzer _analyzer;
    private readonly int[][] _terms;
    private readonly int _distance;

    /// <param name="analyzer">The field's analyzer; it reads the query too.</param>
    /// <param name="query">Any text; without tokens it matches nothing.</param>
    /// <param name="distance">0 … <see cref="MaxDistance"/>.</param>
    public FuzzyMatcher(Analyzer analyzer, string query, int distance)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(distance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(distance, MaxDistance);
        _analyzer = analyzer;
        _distance = distance;
        _terms = [.. analyzer.GetTokens(query).Select(token => token.Text).Distinct(StringComparer.Ordinal).Select(text => text.EnumerateRunes().Select(rune => rune.Value).ToArray())];
    }

    /// <param name="document">One value as UTF-8.</param>
    public bool IsMatch(ReadOnlySpan<byte> document)
    {
        if (_terms.Length == 0)
            return false;
        FuzzySink sink = t_sink ??= new FuzzySink();
        sink.Begin(_terms, _distance);
        _analyzer.Analyze(document, sink);
        return sink.Matched;
    }

    private sealed class FuzzySink : TokenSink
    {
        private int[][] _terms = [];
        private int _distance;
        private int[] _characters = new int[64];
        private int[] _costs = new int[192];

        public bool Matched { get; private set; }

        public void Begin(int[][] terms, int distance)
        {
            _terms = terms;
            _distance = distance;
            Matched = false;
        }

        public override bool Accept(scoped in AnalyzedToken token)
        {
            int length = Decode(token.Text);
            foreach (int[] term in _terms)
            {
                if (Math.Abs(term.Length - length) > _distance || !IsNear(term, _characters.AsSpan(0, length)))
                    continue;
                Matched = true;
                return false;
            }
            return true;
        }

        private int Decode(ReadOnlySpan<byte> text)
        {
            if (_characters.Length < text.Length)
                _characters = new int[text.Length * 2];
            int count = 0;
            while (!text.IsEmpty)
            {
                if (Rune.DecodeFromUtf8(text, out Rune rune, out int consumed) != OperationStatus.Done)
                    rune = Rune.ReplacementChar;
                _characters[count++] = rune.Value;
                text = text[Math.Max(1, consumed)..];
            }
            return count;
        }

        // Three rows of the edit matrix; left as soon as a row has nothing within the distance.
        private bool IsNear(ReadOnlySpan<int> term, ReadOnlySpan<int> word)
        {
            if (_distance == 0)
                return term.SequenceEqual(word);
            int width = word.Length + 1;
            if (_costs.Length < 3 * width)
                _costs = new int[6 * width];
            Span<int> before = _costs.AsSpan(0, width);
            Span<int> previous = _costs.AsSpan(width, width);
            Span<int> current = _costs.AsSpan(2 * width, width);
            for (int j = 0; j < width; j++)
                previous[j] = j;
            for (int i = 1; i <= term.Length; i++)
            {
                current[0] = i;
                int least = i;
                for (int j = 1; j < width; j++)
                {
                    int cost = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + (term[i - 1] == word[j - 1] ? 0 : 1));
                    if (i > 1 && j > 1 && term[i - 1] == word[j - 2] && term[i - 2] == word[j - 1])
                        cost = Math.Min(cost, before[j - 2] + 1);
                    current[j] = cost;
                    least = Math.Min(least, cost);
                }
                if (least > _distance)
                    return false;
                Span<int> free = before;
                before = previous;
                previous = current;
                current = free;
            }
            return previous[width - 1] <= _distance;
        }
    }
}
