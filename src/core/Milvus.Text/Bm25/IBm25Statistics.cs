namespace Milvus.Text.Bm25;

/// <summary>What BM25 needs to know about some rows: how many there are, how long they are, how many contain a term.</summary>
public interface IBm25Statistics
{
    /// <summary>Adds this part's numbers, all from one moment, to those of other parts.</summary>
    /// <param name="terms">Term hashes.</param>
    /// <param name="documentFrequencies">Aligned with <paramref name="terms"/>: rows that contain the term.</param>
    /// <param name="documents">Rows.</param>
    /// <param name="tokens">Tokens of all rows.</param>
    void AddTo(ReadOnlySpan<uint> terms, Span<long> documentFrequencies, ref long documents, ref long tokens);
}
