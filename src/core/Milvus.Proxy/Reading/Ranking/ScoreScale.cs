using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>Makes scores of different metrics comparable: larger is better.</summary>
internal static class ScoreScale
{
    /// <summary>Similarities as they are, distances turned round.</summary>
    public static double ToSimilarity(MetricType metric, double score) => metric.LargerIsBetter() ? score : FromDistance(score);

    /// <summary>Between 0 and 1.</summary>
    public static double Normalize(MetricType metric, double score) => metric switch
    {
        MetricType.Cosine => (1 + score) * 0.5,
        MetricType.BM25 => 2 * Math.Atan(score) / Math.PI,
        _ when metric.LargerIsBetter() => 0.5 + (Math.Atan(score) / Math.PI),
        _ => FromDistance(score),
    };

    private static double FromDistance(double distance) => 1 - (2 * Math.Atan(distance) / Math.PI);
}
