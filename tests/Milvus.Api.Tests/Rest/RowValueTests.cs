using System.Buffers;
using System.Text.Json;
using Milvus.Api.Rest.Values;
using Milvus.Api.Tests.Calls;
using Milvus.Model;

namespace Milvus.Api.Tests.Rest;

/// <summary>Whatever can be written as JSON reads back as the same bytes.</summary>
public sealed class RowValueTests
{
    private static readonly TimeZoneInfo Tokyo = TimestampText.Zone("Asia/Tokyo");

    public static TheoryData<DataType, DataType> Types()
    {
        var types = new TheoryData<DataType, DataType>();
        DataType[] scalars = [DataType.Bool, DataType.Int8, DataType.Int16, DataType.Int32, DataType.Int64, DataType.Float, DataType.Double, DataType.VarChar];
        foreach (var type in (DataType[])[.. scalars, DataType.Timestamptz, DataType.Geometry]) types.Add(type, DataType.None);
        foreach (var type in new[] { DataType.FloatVector, DataType.BinaryVector, DataType.Float16Vector, DataType.BFloat16Vector, DataType.Int8Vector, DataType.SparseFloatVector })
            types.Add(type, DataType.None);
        return types;
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Random_columns_survive(DataType type, DataType element)
    {
        var random = new Random((int)type);
        var field = new FieldSchema { Id = 101, Name = "x", Type = type, ElementType = element, Nullable = true, TypeParams = [new("dim", "16"), new("max_length", "99"), new("max_capacity", "99")] };
        var schema = new CollectionSchema([new FieldSchema { Id = 100, Name = "id", Type = DataType.Int64, IsPrimaryKey = true, AutoId = true }, field]);
        foreach (var asNumbers in new[] { true, false })
        {
            var column = RandomColumn(random, field, 200);
            var buffer = new ArrayBufferWriter<byte>();
            using (var w = new Utf8JsonWriter(buffer))
            {
                var rows = new RowWriter(schema, [new NamedColumn("x", column)], asNumbers, Tokyo);
                w.WriteStartArray();
                for (var row = 0; row < column.Count; row++)
                {
                    w.WriteStartObject();
                    rows.WriteMembers(w, row);
                    w.WriteEndObject();
                }
                w.WriteEndArray();
            }
            using var document = JsonDocument.Parse(buffer.WrittenMemory);
            var read = Assert.Single(RowReader.Read(document.RootElement, MilvusTestServer.Books with { Schema = schema }, Tokyo, partial: false, allowAutoId: false));
            Assert.Equal(Rows(column), Rows(read.Column));
        }
    }

    [Fact]
    public void What_a_function_computes_is_given_only_where_a_property_lets_it()
    {
        var collection = MilvusTestServer.Books with
        {
            Schema = new CollectionSchema(
                [
                    new FieldSchema { Id = 100, Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
                    new FieldSchema { Id = 101, Name = "text", Type = DataType.VarChar, TypeParams = [new("max_length", "64"), new("enable_analyzer", "true")] },
                    new FieldSchema { Id = 102, Name = "dense", Type = DataType.FloatVector, IsFunctionOutput = true, TypeParams = [new("dim", "2")] },
                    new FieldSchema { Id = 103, Name = "terms", Type = DataType.SparseFloatVector, IsFunctionOutput = true },
                ],
                [
                    new FunctionSchema { Id = 1, Name = "embed", Type = FunctionType.TextEmbedding, InputFields = ["text"], OutputFields = ["dense"] },
                    new FunctionSchema { Id = 2, Name = "bm25", Type = FunctionType.BM25, InputFields = ["text"], OutputFields = ["terms"] },
                ]),
        };
        const string Dense = """[{"id":1,"text":"a","dense":[1,2]}]""";
        Assert.Contains("function output field: dense", Assert.ThrowsAny<Exception>(() => Names(collection, Dense)).Message, StringComparison.Ordinal);
        collection = collection with { Properties = [new("collection.function.allowInsertNonBM25FunctionOutputs", "true")] };
        Assert.Equal(["id", "text", "dense"], Names(collection, Dense));
        Assert.Contains("function output field: terms", Assert.ThrowsAny<Exception>(() => Names(collection, """[{"id":1,"text":"a","terms":{"1":2}}]""")).Message, StringComparison.Ordinal);

        static IEnumerable<string> Names(CollectionInfo collection, string rows)
        {
            using var document = JsonDocument.Parse(rows);
            return RowReader.Read(document.RootElement, collection, Tokyo, partial: false, allowAutoId: false).Select(c => c.Name);
        }
    }

    private static Column RandomColumn(Random random, FieldSchema field, int rows)
    {
        var builder = ColumnBuilder.For(field);
        for (var row = 0; row < rows; row++)
        {
            if (random.Next(5) == 0)
            {
                builder.AppendNull();
                continue;
            }
            switch (builder)
            {
                case FixedColumnBuilder<bool> b: b.Append(random.Next(2) == 0); break;
                case FixedColumnBuilder<sbyte> b: b.Append((sbyte)random.Next(-128, 128)); break;
                case FixedColumnBuilder<short> b: b.Append((short)random.Next(-32768, 32768)); break;
                case FixedColumnBuilder<int> b: b.Append(random.Next(int.MinValue, int.MaxValue)); break;
                case FixedColumnBuilder<long> b when field.Type == DataType.Timestamptz: b.Append(random.NextInt64(-2_000_000_000_000_000, 4_000_000_000_000_000)); break;
                case FixedColumnBuilder<long> b: b.Append(random.NextInt64(long.MinValue, long.MaxValue)); break;
                case FixedColumnBuilder<float> b: b.Append(FiniteSingle(random)); break;
                case FixedColumnBuilder<double> b: b.Append(FiniteSingle(random) * 1e200); break;
                case VectorColumnBuilder b: b.Append(RandomVector(random, field)); break;
                case BinaryColumnBuilder b when field.Type == DataType.SparseFloatVector: b.Append(RandomSparse(random)); break;
                case BinaryColumnBuilder b when field.Type == DataType.Geometry: b.Append(GeometryCodec.ToWkb($"LINESTRING ({random.Next(-180, 181)} {random.Next(-90, 91)}, 0.5 {random.Next(9)})")); break;
                case BinaryColumnBuilder b: b.Append(new string([.. Enumerable.Range(0, random.Next(9)).Select(_ => "aé\"\\\n\u0001漢/<"[random.Next(9)])])); break;
            }
        }
        return builder.Build();
    }

    private static byte[] RandomVector(Random random, FieldSchema field)
    {
        var bytes = new byte[field.Type.VectorBytes(field.Dimension)];
        random.NextBytes(bytes);
        if (field.Type == DataType.FloatVector)
            for (var i = 0; i < field.Dimension; i++) BitConverter.TryWriteBytes(bytes.AsSpan(i * 4), FiniteSingle(random));
        return bytes;
    }

    private static byte[] RandomSparse(Random random)
    {
        var indices = Enumerable.Range(0, random.Next(6)).Select(_ => (uint)random.NextInt64(uint.MaxValue)).Distinct().Order();
        return [.. indices.SelectMany(i => BitConverter.GetBytes(i).Concat(BitConverter.GetBytes(MathF.Abs(FiniteSingle(random)))))];
    }

    private static float FiniteSingle(Random random)
    {
        while (true)
        {
            var value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (float.IsFinite(value)) return value;
        }
    }

    private static List<string> Rows(Column column) =>
        [.. Enumerable.Range(0, column.Count).Select(row => column.IsNull(row) ? "null" : column switch
        {
            FixedColumn<bool> c => $"{c.Values[row]}",
            FixedColumn<sbyte> c => $"{c.Values[row]}",
            FixedColumn<short> c => $"{c.Values[row]}",
            FixedColumn<int> c => $"{c.Values[row]}",
            FixedColumn<long> c => $"{c.Values[row]}",
            FixedColumn<float> c => $"{BitConverter.SingleToInt32Bits(c.Values[row])}",
            FixedColumn<double> c => $"{BitConverter.DoubleToInt64Bits(c.Values[row])}",
            VectorColumn c => Convert.ToHexString(c[row]),
            BinaryColumn c => Convert.ToHexString(c[row]),
            _ => throw new InvalidOperationException(),
        })];
}
