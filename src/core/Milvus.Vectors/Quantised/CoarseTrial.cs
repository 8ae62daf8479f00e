namespace Milvus.Vectors;

/// <summary>
/// Whether codes of fewer components lead beams to what those lead to that the graph was built by. Asked of the graph itself, by a few searches between its rows.
/// </summary>
internal static class CoarseTrial
{
    private const int Searches = 64;

    /// <summary>A beam that finds nearly all.</summary>
    private const int Judge = 192;

    /// <summary>Of what the judge finds. The trial's own chance is about half of that.</summary>
    private const double MostLost = 0.01;

    /// <summary>Beams as narrow and as wide as users ask for.</summary>
    private static readonly int[] s_widths = [16, 32, 64];

    /// <summary>True when the beams of <paramref name="coarse"/> find nearly what those of <paramref name="fine"/> find. Deterministic.</summary>
    public static bool Succeeds(HnswIndex fine, HnswIndex coarse)
    {
        var trial = new GraphTrial(fine, Searches, row => GraphTrial.Read(fine.Store, fine.Graph, row));
        return s_widths.All(width => trial.Share(width, Judge, coarse) >= trial.Share(width, Judge) - MostLost);
    }
}
