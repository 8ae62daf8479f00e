namespace Milvus.Vectors;

/// <summary>
/// Widths of beams by approximate distances under a filter. A filter that lets rows pass at random thins a beam, which is then made so much wider; one
/// that keeps out what is near the query leaves its hits among many rows that are hardly farther, of which more have to be kept.
/// </summary>
internal static class FilteredBeam
{
    /// <summary>Nodes beyond twice the rows wanted, or half as many again, that are kept for re-scoring.</summary>
    public const int Spare = 16;

    /// <summary>How many times as many rows as asked for are kept at the edge of what a filter keeps out.</summary>
    private const int EdgeFactor = 16;

    /// <summary>Rows may be compared so many times as often as rows pass before comparing the passing rows themselves is cheaper.</summary>
    private const int Budget = 4;

    /// <summary>A beam made for so many standard deviations more than the rows wanted finds fewer about once in a thousand times.</summary>
    private const double Deviations = 3;

    /// <summary>
    /// Width of a beam without a filter of which as many rows as asked for can be expected to pass, and the rows wanted almost surely; 0 when that is too
    /// wide to be kept sorted.
    /// </summary>
    /// <param name="ef">Rows asked for.</param>
    /// <param name="k">Rows wanted of them.</param>
    /// <param name="passing">Rows that pass, at least 1.</param>
    /// <param name="rows">Rows there are.</param>
    public static int Width(int ef, int k, int passing, int rows)
    {
        if (Share(ef, passing, rows) > BeamPool.MaxWidth)
            return 0;
        double deviation = Math.Sqrt(k * (1 - ((double)passing / rows)));
        int aim = passing == rows ? ef : Math.Max(ef, k + (int)(Deviations * deviation) + 1);
        return (int)Math.Min(Share(aim, passing, rows), BeamPool.MaxWidth);
    }

    /// <summary>Rows that a beam which drops what does not pass may compare.</summary>
    public static long Allowed(int passing) => (long)Budget * passing;

    /// <summary>Nodes kept for re-scoring: where a beam is hardly wider than what is wanted, codes must not decide alone.</summary>
    public static int Held(int width, int k) => Math.Min(Math.Max(width, k + (k / 2) + Spare), BeamPool.MaxWidth);

    /// <summary>Half of what can be expected to pass: with fewer, those that pass lie elsewhere.</summary>
    public static int Enough(int ef, int passing) => Math.Min(ef, passing) / 2;

    /// <summary>Nodes of a beam that pass at least, forty-nine times out of fifty, if those that pass lie everywhere.</summary>
    public static int Likely(int width, int passing, int rows)
    {
        double share = (double)passing / rows, expected = width * share;
        return (int)(expected - (2 * Math.Sqrt(expected * (1 - share))));
    }

    /// <summary>Rows that pass to search on for, when a beam that drops the others met too few.</summary>
    public static int Crowded(int ef, int passing, int rows) =>
        Share(ef, passing, rows) > BeamPool.MaxWidth ? ef : (int)Math.Min((long)ef * EdgeFactor, Math.Max(ef, passing));

    private static long Share(int wanted, int passing, int rows) => (((long)wanted * rows) + (passing - 1)) / passing;
}
