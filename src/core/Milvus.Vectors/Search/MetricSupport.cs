using Milvus.Model;

namespace Milvus.Vectors;

public static class MetricSupport
{
    /// <summary>Whether dense vectors of <paramref name="type"/> can be compared by <paramref name="metric"/>.</summary>
    public static bool IsValidFor(this MetricType metric, DataType type) => type switch
    {
        DataType.FloatVector or DataType.Float16Vector or DataType.BFloat16Vector or DataType.Int8Vector =>
            metric is MetricType.L2 or MetricType.IP or MetricType.Cosine,
        DataType.BinaryVector =>
            metric is MetricType.Hamming or MetricType.Jaccard or MetricType.Substructure or MetricType.Superstructure,
        _ => false,
    };
}
