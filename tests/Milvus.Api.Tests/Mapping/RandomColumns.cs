using Milvus.Model;

namespace Milvus.Api.Tests.Mapping;

/// <summary>Columns of random values of every type, and their comparison value by value.</summary>
internal static class RandomColumns
{
    public static Column Make(FieldSchema field, int rows, double nulls, Random random)
    {
        var builder = ColumnBuilder.For(field);
        for (var row = 0; row < rows; row++)
        {
            if (random.NextDouble() < nulls) builder.AppendNull();
            else Append(builder, random);
        }
        return builder.Build();
    }

    public static void AssertEqual(Column expected, Column actual)
    {
        Assert.Equal(expected.Type, actual.Type);
        Assert.Equal(expected.Count, actual.Count);
        for (var row = 0; row < expected.Count; row++)
        {
            Assert.Equal(expected.IsNull(row), actual.IsNull(row));
            if (!expected.IsNull(row)) Assert.Equal(Value(expected, row), Value(actual, row));
        }
    }

    private static object Value(Column column, int row) => column switch
    {
        FixedColumn<bool> c => c.Values[row],
        FixedColumn<sbyte> c => c.Values[row],
        FixedColumn<short> c => c.Values[row],
        FixedColumn<int> c => c.Values[row],
        FixedColumn<long> c => c.Values[row],
        FixedColumn<float> c => c.Values[row],
        FixedColumn<double> c => c.Values[row],
        BinaryColumn c => c[row].ToArray(),
        VectorColumn c => c[row].ToArray(),
        ArrayColumn c => Enumerable.Range(0, c.Length(row)).Select(i => Value(c.Row(row), i)).ToArray(),
        _ => throw new InvalidOperationException(column.GetType().Name),
    };

    private static void Append(ColumnBuilder builder, Random random)
    {
        switch (builder)
        {
            case FixedColumnBuilder<bool> b: b.Append(random.Next(2) == 0); break;
            case FixedColumnBuilder<sbyte> b: b.Append((sbyte)random.Next(-128, 128)); break;
            case FixedColumnBuilder<short> b: b.Append((short)random.Next(short.MinValue, short.MaxValue + 1)); break;
            case FixedColumnBuilder<int> b: b.Append(random.Next(int.MinValue, int.MaxValue)); break;
            // Within the years that a timestamp can name.
            case FixedColumnBuilder<long> b: b.Append(random.NextInt64(-2_000_000_000_000_000, 4_000_000_000_000_000)); break;
            case FixedColumnBuilder<float> b: b.Append(random.NextSingle() * 1000 - 500); break;
            case FixedColumnBuilder<double> b: b.Append(random.NextDouble() * 1e9); break;
            case BinaryColumnBuilder { Type: DataType.SparseFloatVector } b: b.Append(SparseRow(random)); break;
            case BinaryColumnBuilder { Type: DataType.Geometry } b: b.Append(GeometryCodec.ToWkb($"POINT ({random.Next(-180, 181)} {random.NextDouble()})")); break;
            case BinaryColumnBuilder b: b.Append(Text(random)); break;
            case VectorColumnBuilder b: b.Append(Bytes(random, b.Type.VectorBytes(b.Dimension), b.Type)); break;
            case ArrayColumnBuilder b:
                for (var i = random.Next(5); i > 0; i--) Append(b.Elements, random);
                b.EndRow();
                break;
            default: throw new InvalidOperationException(builder.GetType().Name);
        }
    }

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => "aZ0 \"πß漢😀"[..7][random.Next(7)]));

    private static byte[] SparseRow(Random random)
    {
        var row = new List<byte>();
        var index = 0u;
        for (var i = random.Next(6); i > 0; i--)
        {
            index += (uint)random.Next(1, 100_000);
            row.AddRange(BitConverter.GetBytes(index));
            row.AddRange(BitConverter.GetBytes(random.NextSingle()));
        }
        return row.ToArray();
    }

    private static byte[] Bytes(Random random, int count, DataType type)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        // Any bytes are floats, but not every NaN survives being read as one.
        if (type == DataType.FloatVector)
            for (var i = 3; i < count; i += 4) bytes[i] = 62;
        return bytes;
    }
}
