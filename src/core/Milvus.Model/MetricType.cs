namespace Milvus.Model;

/// <summary>How two vectors are compared. The numeric values are persisted in index files: they are frozen.</summary>
public enum MetricType
{
    None = 0,

    /// <summary>Squared Euclidean distance, smaller is better.</summary>
    L2 = 1,

    /// <summary>Raw inner product, larger is better.</summary>
    IP = 2,

    /// <summary>Cosine similarity in −1…1, larger is better; zero vectors give 0.</summary>
    Cosine = 3,

    /// <summary>Number of differing bits, smaller is better.</summary>
    Hamming = 4,

    /// <summary>1 − |a∧b| / |a∨b|, smaller is better; 0 for two empty sets.</summary>
    Jaccard = 5,

    /// <summary>0 when the query's bits are a subset of the row's, else 1.</summary>
    Substructure = 6,

    /// <summary>0 when the row's bits are a subset of the query's, else 1.</summary>
    Superstructure = 7,

    /// <summary>Okapi BM25 over sparse term weights, larger is better.</summary>
    BM25 = 8,

    /// <summary>Estimated Jaccard similarity of MinHash signatures, larger is better.</summary>
    MinHashJaccard = 9,
}

public static class MetricTypes
{
    /// <summary>True when a larger score is a better match.</summary>
    public static bool LargerIsBetter(this MetricType metric) =>
        metric is MetricType.IP or MetricType.Cosine or MetricType.BM25 or MetricType.MinHashJaccard;

    /// <summary>The name clients use, upper case.</summary>
    public static string Name(this MetricType metric) => metric switch
    {
        MetricType.L2 => "L2",
        MetricType.IP => "IP",
        MetricType.Cosine => "COSINE",
        MetricType.Hamming => "HAMMING",
        MetricType.Jaccard => "JACCARD",
        MetricType.Substructure => "SUBSTRUCTURE",
        MetricType.Superstructure => "SUPERSTRUCTURE",
        MetricType.BM25 => "BM25",
        MetricType.MinHashJaccard => "MHJACCARD",
        _ => "",
    };

    /// <summary>Reads a metric name in any casing.</summary>
    public static bool TryParse(string? name, out MetricType metric)
    {
        metric = name?.ToUpperInvariant() switch
        {
            "L2" => MetricType.L2,
            "IP" => MetricType.IP,
            "COSINE" => MetricType.Cosine,
            "HAMMING" => MetricType.Hamming,
            "JACCARD" => MetricType.Jaccard,
            "SUBSTRUCTURE" => MetricType.Substructure,
            "SUPERSTRUCTURE" => MetricType.Superstructure,
            "BM25" => MetricType.BM25,
            "MHJACCARD" => MetricType.MinHashJaccard,
            _ => MetricType.None,
        };
        return metric != MetricType.None;
    }
}
