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

    /// <summary>Over lists of vectors: the sum over the query's vectors of the best cosine similarity to an element, larger is better.</summary>
    MaxSimCosine = 10,

    /// <summary>The same by inner product.</summary>
    MaxSimIP = 11,

    /// <summary>The sum over the query's vectors of the smallest squared distance to an element, smaller is better.</summary>
    MaxSimL2 = 12,

    /// <summary>The same by differing bits.</summary>
    MaxSimHamming = 13,

    /// <summary>The same by Jaccard distance.</summary>
    MaxSimJaccard = 14,
}

public static class MetricTypes
{
    /// <summary>True when a larger score is a better match.</summary>
    public static bool LargerIsBetter(this MetricType metric) =>
        metric is MetricType.IP or MetricType.Cosine or MetricType.BM25 or MetricType.MinHashJaccard or MetricType.MaxSimCosine or MetricType.MaxSimIP;

    /// <summary>True for the comparison of a list of query vectors with a list of vectors as a whole.</summary>
    public static bool IsMaxSim(this MetricType metric) => metric is >= MetricType.MaxSimCosine and <= MetricType.MaxSimJaccard;

    /// <summary>By what the elements of two lists are compared; the metric itself when it does not compare lists.</summary>
    public static MetricType OfElements(this MetricType metric) => metric switch
    {
        MetricType.MaxSimCosine => MetricType.Cosine,
        MetricType.MaxSimIP => MetricType.IP,
        MetricType.MaxSimL2 => MetricType.L2,
        MetricType.MaxSimHamming => MetricType.Hamming,
        MetricType.MaxSimJaccard => MetricType.Jaccard,
        _ => metric,
    };

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
        MetricType.MaxSimCosine => "MAX_SIM_COSINE",
        MetricType.MaxSimIP => "MAX_SIM_IP",
        MetricType.MaxSimL2 => "MAX_SIM_L2",
        MetricType.MaxSimHamming => "MAX_SIM_HAMMING",
        MetricType.MaxSimJaccard => "MAX_SIM_JACCARD",
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
            "MAX_SIM" or "MAX_SIM_COSINE" => MetricType.MaxSimCosine,
            "MAX_SIM_IP" => MetricType.MaxSimIP,
            "MAX_SIM_L2" => MetricType.MaxSimL2,
            "MAX_SIM_HAMMING" => MetricType.MaxSimHamming,
            "MAX_SIM_JACCARD" => MetricType.MaxSimJaccard,
            _ => MetricType.None,
        };
        return metric != MetricType.None;
    }
}
