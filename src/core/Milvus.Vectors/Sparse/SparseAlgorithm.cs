using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// How an inverted index is searched. All give the exact answer (unless a search asks to drop terms or to trust its bounds less); they
/// differ in what they leave unread.
/// </summary>
public enum SparseAlgorithm
{
    /// <summary>The usual one of the metric: MaxScore for BM25, windows for IP.</summary>
    Default,

    /// <summary>Term at a time over one accumulator per row.</summary>
    TermAtATime,

    /// <summary>Term at a time inside windows of rows whose accumulators stay in the cache (the plan behind SINDI).</summary>
    Windows,

    /// <summary>Document at a time, pivoting on the lists' largest contributions (Broder et al. 2003).</summary>
    Wand,

    /// <summary>Document at a time, with lists that alone cannot make a hit only probed (Turtle and Flood 1995).</summary>
    MaxScore,

    /// <summary>WAND with the largest contribution of each block (Ding and Suel 2011).</summary>
    BlockMaxWand,

    /// <summary>MaxScore with the largest contribution of each block, partitioned anew in every window.</summary>
    BlockMaxMaxScore,
}

/// <summary>The names Milvus knows algorithms by: build parameter <c>inverted_index_algo</c>, search parameter <c>search_algo</c>.</summary>
public static class SparseAlgorithms
{
    private static readonly ImmutableArray<(string Name, SparseAlgorithm Algorithm)> s_names =
    [
        ("TAAT_NAIVE", SparseAlgorithm.TermAtATime),
        ("DAAT_WAND", SparseAlgorithm.Wand),
        ("DAAT_MAXSCORE", SparseAlgorithm.MaxScore),
        ("BLOCK_MAX_MAXSCORE", SparseAlgorithm.BlockMaxMaxScore),
        ("BLOCK_MAX_WAND", SparseAlgorithm.BlockMaxWand),
        ("SINDI", SparseAlgorithm.Windows),
    ];

    /// <summary>All names, in the order of error texts.</summary>
    public static ImmutableArray<string> Names { get; } = [.. s_names.Select(entry => entry.Name)];

    /// <returns>False for a name that does not exist; null is the default algorithm.</returns>
    public static bool TryParse(string? name, out SparseAlgorithm algorithm)
    {
        algorithm = SparseAlgorithm.Default;
        if (name is null)
            return true;
        foreach ((string known, SparseAlgorithm value) in s_names)
        {
            if (!string.Equals(known, name, StringComparison.OrdinalIgnoreCase))
                continue;
            algorithm = value;
            return true;
        }
        return false;
    }

    internal static SparseAlgorithm For(this SparseAlgorithm algorithm, MetricType metric) => algorithm != SparseAlgorithm.Default
        ? algorithm
        : metric == MetricType.BM25 ? SparseAlgorithm.MaxScore : SparseAlgorithm.Windows;
}
