using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Geometry values as WKT (text columns) or WKB (geometry columns) become WKB that is known to parse.</summary>
internal static class GeometryConversion
{
    /// <summary>Null when the column holds something else.</summary>
    /// <exception cref="MilvusException">1100: a value is no geometry.</exception>
    public static BinaryColumn? Convert(Column column)
    {
        if (column is not BinaryColumn values) return null;
        if (values.Type == DataType.Geometry)
        {
            for (var row = 0; row < values.Count; row++)
                if (!values.IsNull(row)) GeometryCodec.Read(values[row]);
            return values;
        }
        if (!values.Type.IsText()) return null;
        var builder = new BinaryColumnBuilder(DataType.Geometry);
        for (var row = 0; row < values.Count; row++)
        {
            if (values.IsNull(row)) builder.AppendNull();
            else builder.Append(GeometryCodec.ToWkb(values[row]));
        }
        return builder.Build();
    }
}
