using System.Text;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Materialises what rows get that give no value: the default, null, or an empty dynamic object.</summary>
internal static class DefaultValues
{
    /// <summary>A column for a field that the request does not have.</summary>
    /// <exception cref="MilvusException">1100: the field must be given.</exception>
    public static Column ForAbsent(FieldSchema field, int rows)
    {
        if (!CanBeAbsent(field)) throw MissingField(field);
        var builder = ColumnBuilder.For(field);
        var value = Single(field);
        for (var i = 0; i < rows; i++)
        {
            if (value is null) builder.AppendNull();
            else builder.AppendFrom(value, 0);
        }
        return builder.Build();
    }

    public static bool CanBeAbsent(FieldSchema field) => field.IsDynamic || field.Default is not null || field.Nullable;

    public static MilvusException MissingField(FieldSchema field) =>
        MilvusException.InvalidParameter($"fieldSchema({field.Name}) has no corresponding fieldData pass in");

    /// <summary>Replaces nulls by the default where the field has one.</summary>
    public static Column FillNulls(FieldSchema field, Column column)
    {
        if (column.Validity is null || column.Validity.CountValid() == column.Count) return column;
        var value = Single(field);
        if (value is null) return column;
        var builder = ColumnBuilder.For(field);
        for (var i = 0; i < column.Count; i++)
        {
            if (column.IsNull(i)) builder.AppendFrom(value, 0);
            else builder.AppendFrom(column, i);
        }
        return builder.Build();
    }

    /// <summary>The default as a column of one row; null when the field has none.</summary>
    public static Column? Single(FieldSchema field)
    {
        if (field.IsDynamic && field.Default is null) return Bytes(DataType.Json, "{}"u8.ToArray());
        return (field.Type, field.Default) switch
        {
            (_, null) => null,
            (DataType.Bool, Literal.Bool b) => new FixedColumn<bool>(DataType.Bool, new[] { b.Value }),
            (DataType.Int8, Literal.Int i) => new FixedColumn<sbyte>(DataType.Int8, new[] { (sbyte)i.Value }),
            (DataType.Int16, Literal.Int i) => new FixedColumn<short>(DataType.Int16, new[] { (short)i.Value }),
            (DataType.Int32, Literal.Int i) => new FixedColumn<int>(DataType.Int32, new[] { (int)i.Value }),
            (DataType.Int64 or DataType.Timestamptz, Literal.Int i) => new FixedColumn<long>(field.Type, new[] { i.Value }),
            (DataType.Float, Literal.Float f) => new FixedColumn<float>(DataType.Float, new[] { (float)f.Value }),
            (DataType.Float, Literal.Int i) => new FixedColumn<float>(DataType.Float, new[] { (float)i.Value }),
            (DataType.Double, Literal.Float f) => new FixedColumn<double>(DataType.Double, new[] { f.Value }),
            (DataType.Double, Literal.Int i) => new FixedColumn<double>(DataType.Double, new[] { (double)i.Value }),
            (DataType.Geometry, Literal.Text t) => Bytes(field.Type, GeometryCodec.ToWkb(t.Value)),
            (DataType.VarChar or DataType.Text or DataType.Json, Literal.Text t) => Bytes(field.Type, Encoding.UTF8.GetBytes(t.Value)),
            _ => throw new MilvusException(ErrorCode.Internal, $"the default of field {field.Name} does not fit its type {field.Type}"),
        };
    }

    private static BinaryColumn Bytes(DataType type, byte[] value) => new(type, new[] { 0, value.Length }, value);
}
