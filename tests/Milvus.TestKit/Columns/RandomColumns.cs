using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Milvus.Model;

namespace Milvus.TestKit.Columns;

/// <summary>Columns of any type with values from a seeded generator.</summary>
public static class RandomColumns
{
    /// <summary>Every shape a column can have: each scalar, arrays of each scalar, each vector type, lists of vectors.</summary>
    public static IReadOnlyList<(DataType Type, DataType ElementType, int Dimension)> Shapes { get; } =
    [
        (DataType.Bool, DataType.None, 0), (DataType.Int8, DataType.None, 0), (DataType.Int16, DataType.None, 0),
        (DataType.Int32, DataType.None, 0), (DataType.Int64, DataType.None, 0), (DataType.Timestamptz, DataType.None, 0),
        (DataType.Float, DataType.None, 0), (DataType.Double, DataType.None, 0), (DataType.VarChar, DataType.None, 0),
        (DataType.String, DataType.None, 0), (DataType.Text, DataType.None, 0), (DataType.Json, DataType.None, 0), (DataType.Geometry, DataType.None, 0),
        (DataType.Array, DataType.Bool, 0), (DataType.Array, DataType.Int8, 0), (DataType.Array, DataType.Int16, 0),
        (DataType.Array, DataType.Int32, 0), (DataType.Array, DataType.Int64, 0), (DataType.Array, DataType.Float, 0),
        (DataType.Array, DataType.Double, 0), (DataType.Array, DataType.VarChar, 0),
        (DataType.FloatVector, DataType.None, 5), (DataType.Float16Vector, DataType.None, 7), (DataType.BFloat16Vector, DataType.None, 6),
        (DataType.Int8Vector, DataType.None, 9), (DataType.BinaryVector, DataType.None, 24), (DataType.SparseFloatVector, DataType.None, 0),
        (DataType.ArrayOfVector, DataType.FloatVector, 3), (DataType.ArrayOfVector, DataType.Float16Vector, 4), (DataType.ArrayOfVector, DataType.BinaryVector, 16),
    ];

    /// <param name="nullShare">Chance of a row to be null, 0 for none.</param>
    public static Column Create(Random random, DataType type, DataType elementType, int dimension, int rows, double nullShare = 0)
    {
        var builder = ColumnBuilder.For(type, elementType, dimension);
        for (var i = 0; i < rows; i++)
        {
            if (random.NextDouble() < nullShare)
                builder.AppendNull();
            else
                AppendValue(random, builder);
        }
        return builder.Build();
    }

    /// <summary>The row's value in a form that compares by value: null, or text that is equal only for equal values.</summary>
    public static string? Describe(Column column, int row)
    {
        if (column.IsNull(row))
            return null;
        return column switch
        {
            FixedColumn<bool> c => c.Values[row].ToString(),
            FixedColumn<sbyte> c => c.Values[row].ToString(),
            FixedColumn<short> c => c.Values[row].ToString(),
            FixedColumn<int> c => c.Values[row].ToString(),
            FixedColumn<long> c => c.Values[row].ToString(),
            FixedColumn<float> c => BitConverter.SingleToInt32Bits(c.Values[row]).ToString(),
            FixedColumn<double> c => BitConverter.DoubleToInt64Bits(c.Values[row]).ToString(),
            BinaryColumn c => Convert.ToHexString(c[row]),
            VectorColumn c => Convert.ToHexString(c[row]),
            ArrayColumn c => DescribeArray(c.Row(row)),
            _ => throw new ArgumentException($"unknown column {column.GetType()}", nameof(column)),
        };
    }

    public static List<string?> Describe(Column column)
    {
        var values = new List<string?>(column.Count);
        for (var i = 0; i < column.Count; i++)
            values.Add(Describe(column, i));
        return values;
    }

    private static string DescribeArray(Column elements) => "[" + string.Join(',', Describe(elements)) + "]";

    private static void AppendValue(Random random, ColumnBuilder builder)
    {
        switch (builder)
        {
            case FixedColumnBuilder<bool> b:
                b.Append(random.Next(2) == 1);
                break;
            case FixedColumnBuilder<sbyte> b:
                b.Append((sbyte)random.Next(-128, 128));
                break;
            case FixedColumnBuilder<short> b:
                b.Append((short)random.Next(short.MinValue, short.MaxValue + 1));
                break;
            case FixedColumnBuilder<int> b:
                b.Append(random.Next(int.MinValue, int.MaxValue));
                break;
            case FixedColumnBuilder<long> b:
                b.Append(random.NextInt64(long.MinValue, long.MaxValue));
                break;
            case FixedColumnBuilder<float> b:
                b.Append((random.NextSingle() - 0.5f) * 1e6f);
                break;
            case FixedColumnBuilder<double> b:
                b.Append((random.NextDouble() - 0.5) * 1e12);
                break;
            case BinaryColumnBuilder b:
                AppendBinary(random, b);
                break;
            case ArrayColumnBuilder b:
                for (var i = random.Next(5); i > 0; i--)
                    AppendValue(random, b.Elements);
                b.EndRow();
                break;
            case VectorColumnBuilder b:
                b.Append(RandomVector(random, b.Type, b.Dimension));
                break;
        }
    }

    private static void AppendBinary(Random random, BinaryColumnBuilder builder)
    {
        switch (builder.Type)
        {
            case DataType.SparseFloatVector:
                builder.Append(RandomSparse(random));
                break;
            case DataType.Json:
                builder.Append(Encoding.UTF8.GetBytes($"{{\"n\":{random.Next(100)},\"s\":\"{RandomText(random, 10)}\"}}"));
                break;
            case DataType.Geometry:
                builder.Append(GeometryCodec.ToWkb($"POINT ({random.Next(-180, 181)} {random.Next(-90, 91)})"));
                break;
            default:
                builder.Append(RandomText(random, random.Next(12) == 0 ? 150 : 20));
                break;
        }
    }

    private static string RandomText(Random random, int maxLength)
    {
        const string alphabet = "abcdefghijklmnopqrstuvwxyzäöüß漢字🙂 0123";
        var runes = alphabet.EnumerateRunes().ToArray();
        var text = new StringBuilder();
        for (var i = random.Next(maxLength + 1); i > 0; i--)
            text.Append(runes[random.Next(runes.Length)].ToString());
        return text.ToString();
    }

    private static byte[] RandomVector(Random random, DataType type, int dimension)
    {
        var bytes = new byte[type.VectorBytes(dimension)];
        if (type == DataType.FloatVector)
        {
            foreach (ref var value in MemoryMarshal.Cast<byte, float>(bytes.AsSpan()))
                value = (random.NextSingle() * 2) - 1;
        }
        else if (type == DataType.Float16Vector)
        {
            foreach (ref var value in MemoryMarshal.Cast<byte, Half>(bytes.AsSpan()))
                value = (Half)((random.NextSingle() * 2) - 1);
        }
        else if (type == DataType.BFloat16Vector)
        {
            foreach (ref var value in MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan()))
                value = (ushort)(BitConverter.SingleToUInt32Bits((random.NextSingle() * 2) - 1) >> 16);
        }
        else
        {
            random.NextBytes(bytes);
        }
        return bytes;
    }

    private static byte[] RandomSparse(Random random)
    {
        var indices = Enumerable.Range(0, random.Next(8)).Select(_ => (uint)random.Next(100_000)).Distinct().Order().ToArray();
        var bytes = new byte[indices.Length * 8];
        for (var i = 0; i < indices.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 8), indices[i]);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan((i * 8) + 4), random.NextSingle() + 0.01f);
        }
        return bytes;
    }
}
