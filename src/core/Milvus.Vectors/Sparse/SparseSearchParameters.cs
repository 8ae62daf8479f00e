using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>What one sparse search asks for. Ranges and their messages are checked where requests are validated.</summary>
/// <param name="K">Rows wanted per query, at least 1.</param>
public readonly record struct SparseSearchParameters(int K)
{
    /// <summary>Share of the query's smallest weights to leave out, in [0, 1); 0 is exact.</summary>
    public float DropRatio { get; init; }

    /// <summary>The exclusive outer bound of a range search, as a score.</summary>
    public float? Radius { get; init; }

    /// <summary>The inclusive inner bound of a range search, as a score.</summary>
    public float? RangeFilter { get; init; }

    /// <summary>Required by the BM25 metric, ignored by others.</summary>
    public Bm25Scoring? Scoring { get; init; }

    /// <summary>How an inverted index is walked.</summary>
    public SparseAlgorithm Algorithm { get; init; }

    /// <summary>
    /// Factor on the largest contributions that rows are left out by. The bounds here are exact whatever the statistics, so values of 1
    /// and above change nothing; below 1 hits may be missed.
    /// </summary>
    public float MaxScoreRatio { get; init; } = 1;

    internal DistanceRange Range(MetricType metric) => DistanceRange.FromScores(metric, Radius, RangeFilter);
}

internal static class SparseMetrics
{
    /// <exception cref="ArgumentException">Sparse vectors know IP and BM25 only.</exception>
    public static void Check(MetricType metric)
    {
        if (metric is not (MetricType.IP or MetricType.BM25))
            throw new ArgumentException($"only IP&BM25 is the supported metric type for sparse index, not {metric}", nameof(metric));
    }
}
