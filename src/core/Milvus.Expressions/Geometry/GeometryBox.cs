using System.Buffers.Binary;

namespace Milvus.Expressions.Geometry;

/// <summary>An axis-parallel rectangle, borders included. Empty when the geometry it encloses has no point.</summary>
internal readonly record struct GeometryBox(double MinX, double MinY, double MaxX, double MaxY)
{
    public static readonly GeometryBox Empty = new(double.PositiveInfinity, double.PositiveInfinity, double.NegativeInfinity, double.NegativeInfinity);

    public static readonly GeometryBox Everything = new(double.NegativeInfinity, double.NegativeInfinity, double.PositiveInfinity, double.PositiveInfinity);

    public bool IsEmpty => !(MinX <= MaxX);

    public bool Intersects(in GeometryBox other) => MinX <= other.MaxX && MaxX >= other.MinX && MinY <= other.MaxY && MaxY >= other.MinY;

    public GeometryBox Extend(double x, double y) => new(Math.Min(MinX, x), Math.Min(MinY, y), Math.Max(MaxX, x), Math.Max(MaxY, y));

    public GeometryBox Extend(in GeometryBox o) => new(Math.Min(MinX, o.MinX), Math.Min(MinY, o.MinY), Math.Max(MaxX, o.MaxX), Math.Max(MaxY, o.MaxY));

    /// <summary>
    /// The box of a geometry in well-known binary (OGC 06-103r4, two dimensions; extra ordinates of the extended forms are skipped), read
    /// without building the geometry. False when the bytes are none.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> wkb, out GeometryBox box)
    {
        box = Empty;
        var at = 0;
        return TryRead(wkb, ref at, ref box, 0);
    }

    private static bool TryRead(ReadOnlySpan<byte> wkb, ref int at, ref GeometryBox box, int depth)
    {
        if (depth > 32 || at + 5 > wkb.Length || wkb[at] > 1) return false;
        var little = wkb[at] == 1;
        at++;
        TryCount(wkb, ref at, little, out var code);
        // Both ways to mark further ordinates: PostGIS' flags and the standard's thousands.
        var flags = code >> 28;
        var plain = code & 0x0FFF_FFFF;
        var ordinates = 2 + (int)((flags >> 3) & 1) + (int)((flags >> 2) & 1) + (plain / 1000) switch { 0 => 0, 3 => 2, _ => 1 };
        if ((flags & 2) != 0) at += 4;
        switch (plain % 1000)
        {
            case 1:
                return TryPoints(wkb, ref at, little, 1, ordinates, ref box);
            case 2:
                return TryCount(wkb, ref at, little, out var points) && TryPoints(wkb, ref at, little, points, ordinates, ref box);
            case 3:
                if (!TryCount(wkb, ref at, little, out var rings)) return false;
                for (var i = 0U; i < rings; i++)
                    if (!TryCount(wkb, ref at, little, out var corners) || !TryPoints(wkb, ref at, little, corners, ordinates, ref box)) return false;
                return true;
            case >= 4 and <= 7:
                if (!TryCount(wkb, ref at, little, out var parts)) return false;
                for (var i = 0U; i < parts; i++)
                    if (!TryRead(wkb, ref at, ref box, depth + 1)) return false;
                return true;
            default:
                return false;
        }
    }

    private static bool TryCount(ReadOnlySpan<byte> wkb, ref int at, bool little, out uint count)
    {
        count = 0;
        if (at + 4 > wkb.Length) return false;
        count = little ? BinaryPrimitives.ReadUInt32LittleEndian(wkb[at..]) : BinaryPrimitives.ReadUInt32BigEndian(wkb[at..]);
        at += 4;
        return true;
    }

    private static bool TryPoints(ReadOnlySpan<byte> wkb, ref int at, bool little, uint count, int ordinates, ref GeometryBox box)
    {
        var bytes = (ulong)count * (ulong)ordinates * sizeof(double);
        if (bytes > (ulong)(wkb.Length - at)) return false;
        for (var i = 0U; i < count; i++, at += ordinates * sizeof(double))
        {
            var x = little ? BinaryPrimitives.ReadDoubleLittleEndian(wkb[at..]) : BinaryPrimitives.ReadDoubleBigEndian(wkb[at..]);
            var y = little ? BinaryPrimitives.ReadDoubleLittleEndian(wkb[(at + 8)..]) : BinaryPrimitives.ReadDoubleBigEndian(wkb[(at + 8)..]);
            // An empty point has no numbers for coordinates.
            if (!double.IsNaN(x) && !double.IsNaN(y)) box = box.Extend(x, y);
        }
        return true;
    }
}
