using NetTopologySuite;
using NetTopologySuite.Geometries;
using NetTopologySuite.IO;
using Shape = NetTopologySuite.Geometries.Geometry;

namespace Milvus.Expressions.Geometry;

/// <summary>A two-valued test of one geometry in well-known binary. Immutable and thread-safe.</summary>
internal abstract class GeometryTest
{
    [ThreadStatic]
    private static WKBReader? t_reader;

    /// <summary>Geometries whose box does not touch this one never pass; <see cref="GeometryBox.Everything"/> when there is no such bound.</summary>
    public abstract GeometryBox Bounds { get; }

    public bool IsMatch(ReadOnlySpan<byte> wkb)
    {
        if (!GeometryBox.TryRead(wkb, out var box)) return false;
        if (Bounds != GeometryBox.Everything && !Bounds.Intersects(box)) return false;
        try
        {
            return IsMatch((t_reader ??= new WKBReader()).Read(wkb.ToArray()), box);
        }
        catch (Exception e) when (e is TopologyException or ArgumentException or ParseException or InvalidOperationException)
        {
            // Relations of geometries that cross themselves are not defined.
            return false;
        }
    }

    protected abstract bool IsMatch(Shape field, in GeometryBox box);

    /// <summary>A geometry from its well-known text.</summary>
    /// <exception cref="FilterError">The text is none.</exception>
    public static Shape Parse(string wkt)
    {
        try
        {
            return new WKTReader(NtsGeometryServices.Instance).Read(wkt) ?? throw new FilterError($"invalid geometry wkt: \"{wkt}\"");
        }
        catch (Exception e) when (e is ParseException or ArgumentException or InvalidOperationException or FormatException)
        {
            throw new FilterError($"invalid geometry wkt: \"{wkt}\", {e.Message}");
        }
    }
}

/// <summary>st_isvalid.</summary>
internal sealed class ValidGeometryTest : GeometryTest
{
    public override GeometryBox Bounds => GeometryBox.Everything;

    public override string ToString() => "st_isvalid";

    protected override bool IsMatch(Shape field, in GeometryBox box) => field.IsValid;
}
