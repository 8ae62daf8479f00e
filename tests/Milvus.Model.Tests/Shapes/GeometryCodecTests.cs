namespace Milvus.Model.Tests.Shapes;

public class GeometryCodecTests
{
    [Theory]
    [InlineData("POINT(13.4 52.5)", "POINT (13.4 52.5)")]
    [InlineData("point (1 2)", "POINT (1 2)")]
    [InlineData("LINESTRING (0 0,1 1)", "LINESTRING (0 0, 1 1)")]
    [InlineData("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 3 2, 3 3, 2 2))", "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 3 2, 3 3, 2 2))")]
    [InlineData("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 2 2))", "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 2 2))")]
    [InlineData("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))")]
    [InlineData("POINT (0.1 1e-7)", "POINT (0.1 0.0000001)")]
    public void Text_is_kept_and_normalised(string wkt, string normal)
    {
        var wkb = GeometryCodec.ToWkb(wkt);
        Assert.Equal(1, wkb[0]);
        Assert.Equal(normal, GeometryCodec.ToWkt(wkb));
        Assert.Equal(wkb, GeometryCodec.ToWkb(normal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("POINT")]
    [InlineData("POINT (1)")]
    [InlineData("POINT (1 2")]
    [InlineData("POINT (a b)")]
    [InlineData("CIRCLE (1 2, 3)")]
    [InlineData("POLYGON ((0 0, 1 0, 1 1))")]
    [InlineData("POLYGON ((0 0, 1 0, 1 1, 0 1))")]
    [InlineData("LINESTRING (0 0)")]
    public void What_is_no_geometry_is_refused(string wkt)
    {
        var error = Assert.Throws<MilvusException>(() => GeometryCodec.ToWkb(wkt));
        Assert.StartsWith("invalid Geometry data, transform to wkb failed: syntax error: ", error.Message);
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
    }

    [Fact]
    public void Bytes_are_a_geometry_or_refused()
    {
        var random = new Random(5);
        var point = GeometryCodec.ToWkb("LINESTRING (0 0, 1 1, 2 5)");
        for (var i = 0; i < 500; i++)
        {
            var bytes = point[..random.Next(point.Length)];
            if (bytes.Length > 0) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                GeometryCodec.Read(bytes);
            }
            catch (MilvusException e)
            {
                Assert.Equal(ErrorCode.InvalidParameter, e.Code);
            }
        }
    }
}
