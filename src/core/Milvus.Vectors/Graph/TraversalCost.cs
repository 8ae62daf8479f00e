namespace Milvus.Vectors;

/// <summary>
/// When comparing all passing rows is cheaper than following a graph. A traversal with beam width e costs about as much as scanning
/// 70 e^0.73 rows: fitted to sets of 60 000 rows of 128 and 784 dimensions, where it scores 35 to 55 e^0.73 rows and each costs half more than
/// in a scan.
/// </summary>
internal static class TraversalCost
{
    private const double ScannedRowsPerBeam = 70;
    private const double BeamExponent = 0.73;

    private const double GainOfSigns = 4;

    /// <summary>How many times fewer rows a traversal by byte codes of all components is worth, fitted as above; taken for other codes that come with a graph, too.</summary>
    public const double GainOfBytes = 3;

    /// <summary>What a traversal by codes gains over one by the vectors; fewer bytes per row gain less than in proportion.</summary>
    /// <param name="codes">Null for the vectors themselves.</param>
    /// <param name="rowBytes">Bytes of a vector.</param>
    public static double Gain(CodedTraversal? codes, int rowBytes) =>
        codes is null ? 1 : codes.Neighbours is null ? GainOfBytes * Math.Sqrt(Math.Max(1, rowBytes / (4.0 * codes.Rows.RowBytes))) : GainOfSigns;

    /// <summary>A filter thins what is found, so that a beam of ef passing rows is as wide as ef × rows / passing.</summary>
    /// <param name="passing">Rows that pass the filter.</param>
    public static bool ScanIsCheaper(int passing, int rows, int ef, double gain) =>
        passing == 0 || passing <= ScannedRowsPerBeam / gain * Math.Pow((double)ef * rows / passing, BeamExponent);
}
