using NetTopologySuite.Geometries;
using NetTopologySuite.IO;
using Shape = NetTopologySuite.Geometries.Geometry;

namespace Milvus.Expressions.Tests.Naive;

/// <summary>Small shapes on a small grid, so that every relation occurs.</summary>
internal static class Shapes
{
    private static readonly GeometryFactory Factory = new();

    public static Shape Random(Random random)
    {
        Coordinate At() => new(random.Next(-4, 5), random.Next(-4, 5));
        switch (random.Next(6))
        {
            case 0 or 1: return Factory.CreatePoint(At());
            case 2: return Factory.CreateLineString([new Coordinate(-3, random.Next(-3, 3)), At(), new Coordinate(3.5, 3.5)]);
            case 3: return Factory.CreateMultiPointFromCoords([At(), At()]);
            case 4 when random.Next(4) == 0: return Factory.CreatePolygon();
            default:
                var (x, y, w, h) = (random.Next(-4, 4), random.Next(-4, 4), random.Next(1, 4), random.Next(1, 4));
                return Factory.CreatePolygon([new(x, y), new(x + w, y), new(x + w, y + h), new(x, y + h), new(x, y)]);
        }
    }

    public static Shape Read(object wkb) => new WKBReader().Read((byte[])wkb);
}
