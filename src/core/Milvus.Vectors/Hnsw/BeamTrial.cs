using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// How wide the beam of a search that names none has to be. Sixteen rows are enough for a few hits where rows lie near few directions, as embeddings do; where they
/// lie around their centres in hundreds of directions alike, all neighbours are about as far, and as narrow a beam misses one in ten.
/// </summary>
internal static class BeamTrial
{
    /// <summary>Smaller sets are scanned, or nearly so.</summary>
    public const int LeastRows = 4096;

    /// <summary>Of what a wide beam finds, which misses a few itself.</summary>
    public const double LeastShare = 0.975;

    /// <summary>
    /// Rows searched for themselves, unless by products, by which a row need not be the nearest to itself: where parts of a graph hang together by few links, a narrow
    /// beam may end in the wrong one and find nothing of use.
    /// </summary>
    private const int Rows = 128;

    /// <summary>So many of them may be missed: one tells little.</summary>
    private const int MostLost = 1;

    /// <summary>A beam that finds nearly all.</summary>
    private const int Judge = 128;

    private static readonly int[] s_widths = [24, 32, 48];
    private const int Widest = 64;

    /// <summary>The narrowest beam that finds enough, at least <paramref name="least"/>. Deterministic.</summary>
    public static int Width(HnswIndex index, int least)
    {
        if (index.Count < LeastRows || !CodeSpace.Serves(index.Store.Type))
            return least;
        var trial = new GraphTrial(index, row => GraphTrial.Read(index.Store, index.Graph, row));
        foreach (int width in (int[])[least, .. s_widths])
        {
            if (trial.Share(width, Judge) >= LeastShare && KeepsRows(index, trial, width))
                return width;
        }

        return Widest;
    }

    private static bool KeepsRows(HnswIndex index, GraphTrial trial, int width)
    {
        int lost = 0;
        for (int i = 0; i < Rows && lost <= MostLost && index.Metric != MetricType.IP; i++)
        {
            int row = (int)((long)i * index.Count / Rows);
            TopK found = trial.Search(GraphTrial.Read(index.Store, index.Graph, row).Values, width);
            lost += found.Rows.Contains(row) || IsEqual(index.Metric, found.Scores[0]) ? 0 : 1;
        }

        return lost <= MostLost;
    }

    /// <summary>Whether a score is that of a row equal to the query.</summary>
    private static bool IsEqual(MetricType metric, float score) => metric == MetricType.L2 ? score == 0 : score >= 0.9999f;
}
