namespace Milvus.Vectors;

/// <summary>
/// What a BM25 search knows about the whole collection, so that a row's score does not depend on the segment it lies in. The score of a
/// row is Σ tf_query · idf · tf·(k1+1) / (tf + k1·(1 − b + b·len/avgdl)) over the query's terms, with
/// idf = ln(1 + (N − n + ½)/(n + ½)) (Robertson and Zaragoza 2009, with the non-negative idf).
/// </summary>
/// <param name="DocumentCount">N: rows of the collection.</param>
/// <param name="AverageLength">avgdl: mean tokens per row, above 0.</param>
/// <param name="DocumentFrequency">n: rows that contain a term.</param>
public sealed record Bm25Scoring(long DocumentCount, double AverageLength, Func<uint, long> DocumentFrequency)
{
    /// <summary>Saturation of term frequency, 0…3.</summary>
    public float K1 { get; init; } = 1.2f;

    /// <summary>Weight of the document's length, 0…1.</summary>
    public float B { get; init; } = 0.75f;

    /// <summary>Inverse document frequency of a term; never negative.</summary>
    public float InverseDocumentFrequency(uint term)
    {
        double total = Math.Max(0, DocumentCount);
        // Statistics may lag behind deletes: no term stands in more rows than there are.
        double containing = Math.Clamp(DocumentFrequency(term), 0, total);
        return (float)Math.Log(1 + ((total - containing + 0.5) / (containing + 0.5)));
    }

    internal RowWeight RowWeight => new(K1 * (1 - B), (float)(K1 * B / Math.Max(AverageLength, double.Epsilon)));
}

/// <summary>k1·(1 − b + b·len/avgdl) as a linear function of the row's length.</summary>
internal readonly record struct RowWeight(float Constant, float PerToken)
{
    public float Of(float length) => Constant + (PerToken * length);
}
