using System.Globalization;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Model;

/// <summary>
/// Rows whose every value follows from one number, the stamp: a reader that gets a row with values of another one notices. Fields come in
/// most types; some values are null by rule.
/// </summary>
internal static class StampedRows
{
    public const long Key = 100;
    public const long Stamp = 101;
    public const long Number = 102;
    public const long Name = 103;
    public const long Tags = 104;
    public const long Meta = 105;
    public const long Vector = 106;
    public const long MaybeVector = 107;
    public const long Sparse = 108;
    public const long Flag = 109;
    public const long Ratio = 110;
    public const int Dimension = 4;

    public static CollectionSchema Schema(DataType keyType) => new(
    [
        new FieldSchema { Id = Key, Name = "key", Type = keyType, IsPrimaryKey = true },
        new FieldSchema { Id = Stamp, Name = "stamp", Type = DataType.Int64 },
        new FieldSchema { Id = Number, Name = "number", Type = DataType.Int32, Nullable = true },
        new FieldSchema { Id = Name, Name = "name", Type = DataType.VarChar, Nullable = true },
        new FieldSchema { Id = Tags, Name = "tags", Type = DataType.Array, ElementType = DataType.Int16, Nullable = true },
        new FieldSchema { Id = Meta, Name = FieldIds.DynamicName, Type = DataType.Json, IsDynamic = true },
        new FieldSchema { Id = Vector, Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "4")] },
        new FieldSchema { Id = MaybeVector, Name = "maybe_vector", Type = DataType.Int8Vector, Nullable = true, TypeParams = [new Property("dim", "4")] },
        new FieldSchema { Id = Sparse, Name = "sparse", Type = DataType.SparseFloatVector, Nullable = true },
        new FieldSchema { Id = Flag, Name = "flag", Type = DataType.Bool },
        new FieldSchema { Id = Ratio, Name = "ratio", Type = DataType.Double },
    ]);

    public static PrimaryKeys Keys(DataType type, IEnumerable<long> keys) =>
        type == DataType.Int64 ? PrimaryKeys.Of([.. keys]) : PrimaryKeys.Of([.. keys.Select(TextKey)]);

    /// <summary>Long enough to differ in the middle, and in another order than the numbers.</summary>
    public static string TextKey(long key) => $"key-{key % 10}-{key.ToString(CultureInfo.InvariantCulture)}-suffix";

    public static ColumnBatch Batch(CollectionSchema schema, IReadOnlyList<(long Key, long Stamp)> rows)
    {
        var columns = schema.Fields.Select(f => new FieldColumn(f.Id, f.Id == Key
            ? Keys(f.Type, rows.Select(r => r.Key)).Column
            : ColumnOf(f, rows.Select(r => r.Stamp))));
        return new ColumnBatch(rows.Count, [.. columns]);
    }

    public static Column ColumnOf(FieldSchema field, IEnumerable<long> stamps)
    {
        var builder = ColumnBuilder.For(field);
        foreach (var stamp in stamps) Append(builder, field.Id, stamp);
        return builder.Build();
    }

    /// <summary>Checks every value of the given rows but the key, by the stamps the segment gives for them.</summary>
    public static void AssertWhole(Segment segment, int[] rows)
    {
        var stamps = ((FixedColumn<long>)segment.Fetch(Stamp, rows)).Values.ToArray();
        foreach (var field in segment.Schema.Fields)
        {
            if (field.Id == Key) continue;
            AssertSame(ColumnOf(field, stamps), segment.Fetch(field.Id, rows), field.Name);
        }
    }

    public static void AssertSame(Column expected, Column actual, string name)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(expected.Type, actual.Type);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.True(expected.IsNull(i) == actual.IsNull(i), $"{name}[{i}] null");
            if (!expected.IsNull(i)) Assert.True(Bytes(expected, i).SequenceEqual(Bytes(actual, i)), $"{name}[{i}] value");
        }
    }

    private static byte[] Bytes(Column column, int row) => column switch
    {
        FixedColumn<bool> c => [c.Values[row] ? (byte)1 : (byte)0],
        FixedColumn<short> c => BitConverter.GetBytes(c.Values[row]),
        FixedColumn<int> c => BitConverter.GetBytes(c.Values[row]),
        FixedColumn<long> c => BitConverter.GetBytes(c.Values[row]),
        FixedColumn<double> c => BitConverter.GetBytes(c.Values[row]),
        BinaryColumn c => c[row].ToArray(),
        VectorColumn c => c[row].ToArray(),
        ArrayColumn c => [.. Enumerable.Range(0, c.Length(row)).SelectMany(i => Bytes(c.Row(row), i))],
        _ => throw new ArgumentException(column.GetType().Name),
    };

    private static void Append(ColumnBuilder builder, long fieldId, long stamp)
    {
        switch (fieldId)
        {
            case Stamp: ((FixedColumnBuilder<long>)builder).Append(stamp); break;
            case Flag: ((FixedColumnBuilder<bool>)builder).Append(stamp % 3 == 0); break;
            case Ratio: ((FixedColumnBuilder<double>)builder).Append(stamp / 8.0); break;
            case Meta: ((BinaryColumnBuilder)builder).Append($"{{\"stamp\":{stamp}}}"); break;
            case Vector: ((VectorColumnBuilder)builder).Append(MemoryMarshal.AsBytes<float>([stamp, stamp + 1, -stamp, stamp % 5])); break;
            case Number when stamp % 4 != 0: ((FixedColumnBuilder<int>)builder).Append((int)(stamp % 100)); break;
            case Name when stamp % 5 != 0: ((BinaryColumnBuilder)builder).Append(new string('n', (int)(stamp % 7)) + stamp); break;
            case MaybeVector when stamp % 3 != 0: ((VectorColumnBuilder)builder).Append([(byte)stamp, (byte)(stamp >> 8), 1, 2]); break;
            case Sparse when stamp % 6 != 0:
                ((BinaryColumnBuilder)builder).Append(SparseRow.Encode(new SparseElement((uint)(stamp % 50), 1 + (stamp % 9)), new SparseElement((uint)(100 + (stamp % 7)), 2)));
                break;
            case Tags when stamp % 4 != 1:
                var tags = (ArrayColumnBuilder)builder;
                for (var i = 0; i < stamp % 4; i++) ((FixedColumnBuilder<short>)tags.Elements).Append((short)(stamp + i));
                tags.EndRow();
                break;
            default: builder.AppendNull(); break;
        }
    }
}
