namespace Milvus.Text.Bm25;

/// <summary>Statistics of rows that no longer change, ascending by term: the form a sealed segment keeps. Immutable.</summary>
public sealed class Bm25Statistics : IBm25Statistics
{
    private readonly uint[] _terms;
    private readonly long[] _frequencies;

    internal Bm25Statistics(long documents, long tokens, uint[] terms, long[] frequencies)
    {
        DocumentCount = documents;
        TokenCount = tokens;
        _terms = terms;
        _frequencies = frequencies;
    }

    public static Bm25Statistics Empty { get; } = new(0, 0, [], []);

    /// <summary>Rows, those without tokens included.</summary>
    public long DocumentCount { get; }

    /// <summary>Tokens of all rows together.</summary>
    public long TokenCount { get; }

    /// <summary>Distinct terms, ascending.</summary>
    public ReadOnlySpan<uint> Terms => _terms;

    /// <summary>Rows that contain each of <see cref="Terms"/>.</summary>
    public ReadOnlySpan<long> Frequencies => _frequencies;

    public long MemoryBytes => 12L * _terms.Length;

    /// <summary>Rows that contain a term.</summary>
    public long DocumentFrequency(uint term) => Array.BinarySearch(_terms, term) is >= 0 and int at ? _frequencies[at] : 0;

    public void AddTo(ReadOnlySpan<uint> terms, Span<long> documentFrequencies, ref long documents, ref long tokens)
    {
        documents += DocumentCount;
        tokens += TokenCount;
        for (int i = 0; i < terms.Length; i++)
            documentFrequencies[i] += DocumentFrequency(terms[i]);
    }
}
