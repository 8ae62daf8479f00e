using System.Globalization;
using System.Text;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// What a field reads as in rows written before it existed: its default, an empty object for the dynamic field, else null.
/// </summary>
public static class MissingColumn
{
    public static Column Create(FieldSchema field, int rowCount)
    {
        var validity = field.Default is null && !field.IsDynamic ? Validity.NoneValid(rowCount) : null;
        return field.Type switch
        {
            DataType.Bool => Fixed(field, rowCount, validity, field.Default is Literal.Bool { Value: true }),
            DataType.Int8 => Fixed(field, rowCount, validity, (sbyte)Integer(field)),
            DataType.Int16 => Fixed(field, rowCount, validity, (short)Integer(field)),
            DataType.Int32 => Fixed(field, rowCount, validity, (int)Integer(field)),
            DataType.Int64 or DataType.Timestamptz => Fixed(field, rowCount, validity, Integer(field)),
            DataType.Float => Fixed(field, rowCount, validity, (float)Number(field)),
            DataType.Double => Fixed(field, rowCount, validity, Number(field)),
            DataType.VarChar or DataType.String or DataType.Text or DataType.Json or DataType.Geometry => Text(field, rowCount, validity),
            DataType.SparseFloatVector => new BinaryColumn(field.Type, new int[rowCount + 1], default, Validity.NoneValid(rowCount)),
            DataType.Array => new ArrayColumn(new int[rowCount + 1], ColumnBuilder.For(field.ElementType).Build(), Validity.NoneValid(rowCount)),
            DataType.ArrayOfVector => new ArrayColumn(new int[rowCount + 1], new VectorColumn(field.ElementType, field.Dimension, default), Validity.NoneValid(rowCount)),
            _ when field.Type.IsDenseVector() =>
                new VectorColumn(field.Type, field.Dimension, new byte[checked(rowCount * field.Type.VectorBytes(field.Dimension))], Validity.NoneValid(rowCount)),
            _ => throw new MilvusException(ErrorCode.Unimplemented, $"fields of type {field.Type} are not supported yet"),
        };
    }

    private static FixedColumn<T> Fixed<T>(FieldSchema field, int rowCount, Validity? validity, T value)
        where T : unmanaged
    {
        var values = new T[rowCount];
        values.AsSpan().Fill(value);
        return new FixedColumn<T>(field.Type, values, validity);
    }

    private static BinaryColumn Text(FieldSchema field, int rowCount, Validity? validity)
    {
        byte[] one = field.Default switch
        {
            Literal.Text t when field.Type == DataType.Geometry => GeometryCodec.ToWkb(t.Value),
            Literal.Text t => Encoding.UTF8.GetBytes(t.Value),
            null when field.IsDynamic => "{}"u8.ToArray(),
            _ => [],
        };
        var offsets = new int[rowCount + 1];
        var data = new byte[checked(rowCount * one.Length)];
        for (var i = 0; i < rowCount; i++)
        {
            offsets[i + 1] = offsets[i] + one.Length;
            one.CopyTo(data, offsets[i]);
        }
        return new BinaryColumn(field.Type, offsets, data, validity);
    }

    private static long Integer(FieldSchema field) => field.Default switch
    {
        Literal.Int i => i.Value,
        Literal.Text t when field.Type == DataType.Timestamptz => Microseconds(t.Value),
        _ => 0,
    };

    private static double Number(FieldSchema field) => field.Default switch
    {
        Literal.Float f => f.Value,
        Literal.Int i => i.Value,
        _ => 0,
    };

    private static long Microseconds(string text) =>
        (DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
