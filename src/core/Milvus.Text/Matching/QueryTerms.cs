using System.Text;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Matching;

/// <summary>The tokens of one query: distinct terms, and for each token in order its term and position.</summary>
internal sealed class QueryTerms
{
    private QueryTerms(TermSet terms, int[] sequence, int[] positions)
    {
        Terms = terms;
        Sequence = sequence;
        Positions = positions;
        Clauses = new int[terms.Count];
        foreach (int term in sequence)
            Clauses[term]++;
    }

    public TermSet Terms { get; }

    /// <summary>Term numbers in query order.</summary>
    public int[] Sequence { get; }

    /// <summary>Positions aligned with <see cref="Sequence"/>.</summary>
    public int[] Positions { get; }

    /// <summary>How often each term occurs in the query.</summary>
    public int[] Clauses { get; }

    public static QueryTerms Analyze(Analyzer analyzer, string query)
    {
        IReadOnlyList<AnalyzerToken> tokens = analyzer.GetTokens(query);
        var terms = new TermSet(tokens.Select(token => token.Text));
        return new QueryTerms(
            terms,
            [.. tokens.Select(token => terms.Find(Encoding.UTF8.GetBytes(token.Text)))],
            [.. tokens.Select(token => token.Position)]);
    }
}
