using System.Text;
using NetTopologySuite;
using NetTopologySuite.Geometries;
using NetTopologySuite.IO;

namespace Milvus.Model;

/// <summary>
/// Geometry values: WKT (OGC 06-103r4) for clients, two-dimensional little-endian WKB in columns. A column never holds a value that
/// does not parse.
/// </summary>
public static class GeometryCodec
{
    // Without a spatial reference: coordinates are planar, as in Milvus.
    private static readonly NtsGeometryServices s_services = new(PrecisionModel.Floating.Value, 0);

    /// <summary>WKB of a WKT text.</summary>
    /// <exception cref="MilvusException">1100: not a geometry.</exception>
    public static byte[] ToWkb(string wkt) =>
        TryParse(wkt, out var geometry, out var problem) ? ToWkb(geometry!) : throw Invalid(problem);

    /// <param name="wkt">UTF-8.</param>
    /// <exception cref="MilvusException">1100: not a geometry.</exception>
    public static byte[] ToWkb(ReadOnlySpan<byte> wkt) => ToWkb(Encoding.UTF8.GetString(wkt));

    public static byte[] ToWkb(Geometry geometry) => new WKBWriter().Write(geometry);

    /// <summary>A stored value as text: <c>POINT (13.4 52.5)</c>.</summary>
    public static string ToWkt(ReadOnlySpan<byte> wkb) => Read(wkb).AsText();

    /// <summary>A stored value.</summary>
    /// <exception cref="MilvusException">1100: not WKB.</exception>
    public static Geometry Read(ReadOnlySpan<byte> wkb)
    {
        try
        {
            return new WKBReader(s_services).Read(wkb.ToArray());
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw Invalid(e.Message);
        }
    }

    /// <summary>The geometry that a WKT text names; <paramref name="problem"/> says why there is none.</summary>
    public static bool TryParse(string wkt, out Geometry? geometry, out string problem)
    {
        geometry = null;
        problem = "";
        try
        {
            geometry = new WKTReader(s_services).Read(wkt);
            if (geometry is not null) return true;
            problem = "the text is empty";
        }
        catch (Exception e) when (IsMalformed(e))
        {
            problem = e.Message;
        }
        return false;
    }

    // The readers let pass what their constructors and streams throw at malformed input.
    private static bool IsMalformed(Exception e) =>
        e is ParseException or ArgumentException or IOException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException or InvalidCastException or NullReferenceException;

    private static MilvusException Invalid(string problem) =>
        MilvusException.InvalidParameter($"invalid Geometry data, transform to wkb failed: syntax error: {problem}");
}
