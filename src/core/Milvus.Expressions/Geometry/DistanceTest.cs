using NetTopologySuite.Geometries;
using Shape = NetTopologySuite.Geometries.Geometry;

namespace Milvus.Expressions.Geometry;

/// <summary>
/// st_dwithin(field, point, metres), x being longitude and y latitude in degrees. Points are measured along the great circle (haversine);
/// for other geometries the distance in the plane is scaled to metres at the latitude of the query's point.
/// </summary>
internal sealed class DistanceTest : GeometryTest
{
    private const double EarthRadius = 6_371_000;
    private const double MetresPerDegree = 111_320;

    /// <summary>A degree of a great circle on the sphere above is a little shorter; bounds take the shorter one and some slack.</summary>
    private const double ShortestDegree = EarthRadius * Math.PI / 180 * 0.999;

    private readonly Point _point;
    private readonly double _metres;
    private readonly double _scale;

    /// <exception cref="FilterError">The text is no point.</exception>
    public DistanceTest(string wkt, double metres)
    {
        _point = Parse(wkt) is Point { IsEmpty: false } point ? point : throw new FilterError($"only supports POINT geometry: {wkt}");
        _metres = metres;
        _scale = MetresPerDegree * Math.Cos(Radians(_point.Y));
        Bounds = BoundsOf(_point.X, _point.Y, metres);
    }

    public override GeometryBox Bounds { get; }

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"st_dwithin \"{_point.AsText()}\" {_metres}");

    protected override bool IsMatch(Shape field, in GeometryBox box)
    {
        if (field.IsEmpty) return false;
        return field is Point p ? Haversine(p.X, p.Y) <= _metres : field.Distance(_point) * _scale <= _metres;
    }

    private double Haversine(double x, double y)
    {
        var (latitude, other) = (Radians(_point.Y), Radians(y));
        var a = Square(Math.Sin((other - latitude) / 2)) + Math.Cos(latitude) * Math.Cos(other) * Square(Math.Sin(Radians(x - _point.X) / 2));
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(a)));
    }

    /// <summary>A box that encloses all points within the distance, whichever way it is measured; everything near the poles and the date line.</summary>
    private static GeometryBox BoundsOf(double x, double y, double metres)
    {
        var up = metres / ShortestDegree;
        var reach = Math.Abs(y) + up;
        if (reach >= 85) return GeometryBox.Everything;
        // Meridians are closest at the largest latitude that is reached. The plane's measure stretches both axes alike.
        var wide = up / Math.Cos(Radians(reach));
        if (x - wide < -180 || x + wide > 180) return GeometryBox.Everything;
        return new GeometryBox(x - wide, y - wide, x + wide, y + wide);
    }

    private static double Radians(double degrees) => degrees * Math.PI / 180;

    private static double Square(double value) => value * value;
}
