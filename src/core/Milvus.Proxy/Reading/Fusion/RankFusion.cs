using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Fusion;

/// <summary>
/// How one hit of one list counts in the fused score: reciprocal rank fusion (Cormack, Clarke, Büttcher 2009) or a weighted sum of
/// scores that were made comparable.
/// </summary>
internal sealed class RankFusion
{
    private readonly RankParameters _parameters;
    private readonly ImmutableArray<MetricType> _metrics;
    private readonly bool _mixed;

    public RankFusion(RankParameters parameters, ImmutableArray<MetricType> metrics)
    {
        _parameters = parameters;
        _metrics = metrics;
        var larger = metrics.Count(m => m.LargerIsBetter());
        _mixed = larger > 0 && larger < metrics.Length;
        // Raw distances stay distances, so the smallest sum is the best. Everything else fuses into a similarity.
        LargerIsBetter = parameters.Strategy != RankStrategy.Weighted || parameters.NormalizeScores || larger > 0;
    }

    public bool LargerIsBetter { get; }

    /// <param name="list">Index of the sub-request.</param>
    /// <param name="rank">From 0.</param>
    /// <param name="score">The score in that list.</param>
    public double Contribution(int list, int rank, float score) => _parameters.Strategy == RankStrategy.ReciprocalRank
        ? 1 / (_parameters.K + rank + 1)
        : _parameters.Weights[list] * Comparable(_metrics[list], score);

    private double Comparable(MetricType metric, double score)
    {
        if (!_parameters.NormalizeScores) return _mixed && !metric.LargerIsBetter() ? FromDistance(score) : score;
        return metric switch
        {
            MetricType.Cosine => (1 + score) * 0.5,
            MetricType.BM25 => 2 * Math.Atan(score) / Math.PI,
            _ when metric.LargerIsBetter() => 0.5 + (Math.Atan(score) / Math.PI),
            _ => FromDistance(score),
        };
    }

    private static double FromDistance(double distance) => 1 - (2 * Math.Atan(distance) / Math.PI);
}
