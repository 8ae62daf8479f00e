using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading.Ranking;

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

    /// <summary>How contributions of several lists come together.</summary>
    public ScoreMode Mode => _parameters.Strategy == RankStrategy.Reranked ? _parameters.Mode : ScoreMode.Sum;

    /// <param name="list">Index of the sub-request.</param>
    /// <param name="rank">From 0.</param>
    /// <param name="score">The score in that list.</param>
    public double Contribution(int list, int rank, float score) => _parameters.Strategy switch
    {
        RankStrategy.ReciprocalRank => 1 / (_parameters.K + rank + 1),
        RankStrategy.Weighted => _parameters.Weights[list] * Comparable(_metrics[list], score),
        _ => _parameters.NormalizeScores ? ScoreScale.Normalize(_metrics[list], score) : ScoreScale.ToSimilarity(_metrics[list], score),
    };

    private double Comparable(MetricType metric, double score) =>
        _parameters.NormalizeScores ? ScoreScale.Normalize(metric, score)
        : _mixed ? ScoreScale.ToSimilarity(metric, score)
        : score;
}
