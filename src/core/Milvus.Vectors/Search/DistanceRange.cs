using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The bounds of a range search in distance form (smaller is better): <c>Lower ≤ distance &lt; Upper</c>. Milvus' radius is the
/// exclusive, its range_filter the inclusive bound. The default value lets everything pass.
/// </summary>
public readonly record struct DistanceRange
{
    private readonly float _lower;
    private readonly float _upper;

    private DistanceRange(float? lower, float? upper)
    {
        HasLower = lower is not null;
        HasUpper = upper is not null;
        _lower = lower ?? float.NegativeInfinity;
        _upper = upper ?? float.PositiveInfinity;
    }

    public bool HasLower { get; }

    public bool HasUpper { get; }

    public bool IsUnbounded => !HasLower && !HasUpper;

    /// <summary>Inclusive; meaningful with <see cref="HasLower"/>.</summary>
    public float Lower => _lower;

    /// <summary>Exclusive; meaningful with <see cref="HasUpper"/>.</summary>
    public float Upper => _upper;

    /// <summary>Bounds from the client's scores: the sign turns for metrics where larger is better.</summary>
    public static DistanceRange FromScores(MetricType metric, float? radius, float? rangeFilter) => new(
        rangeFilter is { } inner ? metric.ScoreToDistance(inner) : null,
        radius is { } outer ? metric.ScoreToDistance(outer) : null);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(float distance) => (!HasLower || distance >= _lower) && (!HasUpper || distance < _upper);
}

/// <summary>Between what clients see (scores) and what searches compare (distances, smaller is better).</summary>
public static class Scores
{
    /// <summary>The distance of a score: the score itself, negated where a larger score is better.</summary>
    public static float ScoreToDistance(this MetricType metric, float score) => metric.LargerIsBetter() ? 0f - score : score;

    /// <summary>
    /// The score that Milvus returns for a distance: squared L2, raw inner product, cosine similarity, differing bits, Jaccard distance.
    /// </summary>
    public static float DistanceToScore(this MetricType metric, float distance) => metric.LargerIsBetter() ? 0f - distance : distance;
}
