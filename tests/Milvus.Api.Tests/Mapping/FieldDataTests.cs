using Google.Protobuf;
using Google.Protobuf.Collections;
using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Protocol.Schema;
using CollectionSchema = Milvus.Model.CollectionSchema;
using DataType = Milvus.Model.DataType;
using FieldSchema = Milvus.Model.FieldSchema;

namespace Milvus.Api.Tests.Mapping;

public sealed class FieldDataTests
{
    public static TheoryData<DataType, DataType> Types => new()
    {
        { DataType.Bool, DataType.None }, { DataType.Int8, DataType.None }, { DataType.Int16, DataType.None }, { DataType.Int32, DataType.None },
        { DataType.Int64, DataType.None }, { DataType.Float, DataType.None }, { DataType.Double, DataType.None }, { DataType.VarChar, DataType.None },
        { DataType.Json, DataType.None }, { DataType.Geometry, DataType.None }, { DataType.Timestamptz, DataType.None },
        { DataType.Array, DataType.Bool }, { DataType.Array, DataType.Int8 }, { DataType.Array, DataType.Int16 }, { DataType.Array, DataType.Int32 },
        { DataType.Array, DataType.Int64 }, { DataType.Array, DataType.Float }, { DataType.Array, DataType.Double }, { DataType.Array, DataType.VarChar },
        { DataType.FloatVector, DataType.None }, { DataType.BinaryVector, DataType.None }, { DataType.Float16Vector, DataType.None },
        { DataType.BFloat16Vector, DataType.None }, { DataType.Int8Vector, DataType.None }, { DataType.SparseFloatVector, DataType.None },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Columns_survive_the_wire(DataType type, DataType element)
    {
        var random = new Random((int)type * 1000 + (int)element);
        foreach (var nulls in new[] { 0.0, 0.3, 1.0 })
        {
            foreach (var rows in new[] { 0, 1, 70 })
            {
                var field = Field(type, element, nullable: nulls > 0);
                var column = RandomColumns.Make(field, rows, nulls, random);
                var wire = FieldDataWriter.Write(new NamedColumn("f", column), field, TimeZoneInfo.Utc);
                wire = FieldData.Parser.ParseFrom(wire.ToByteArray());

                var read = Assert.Single(Reader(rows, field).Read(new RepeatedField<FieldData> { wire }));
                Assert.Equal("f", read.Name);
                RandomColumns.AssertEqual(column, read.Column);
            }
        }
    }

    [Fact]
    public void Scalars_may_be_packed_or_full()
    {
        var field = Field(DataType.Int32, DataType.None, nullable: true);
        foreach (var values in new[] { new[] { 7, 9 }, [7, -1, 9] })
        {
            var wire = new FieldData
            {
                FieldName = "f",
                Type = Protocol.Schema.DataType.Int32,
                ValidData = { true, false, true },
                Scalars = new ScalarField { IntData = new IntArray { Data = { values } } },
            };
            var column = (FixedColumn<int>)Reader(3, field).Read(new RepeatedField<FieldData> { wire })[0].Column;
            Assert.Equal((7, 9), (column.Values[0], column.Values[2]));
            Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(column.IsNull));
        }
    }

    [Fact]
    public void Vectors_that_are_all_null_may_come_without_any()
    {
        foreach (var type in new[] { DataType.FloatVector, DataType.BinaryVector, DataType.SparseFloatVector, DataType.Int8Vector })
        {
            var field = Field(type, DataType.None, nullable: true);
            var wire = new FieldData { FieldName = "f", Type = (Protocol.Schema.DataType)(int)type, ValidData = { false, false }, Vectors = new VectorField { Dim = 16 } };
            var column = Reader(2, field).Read(new RepeatedField<FieldData> { wire })[0].Column;
            Assert.Equal((type, 2, true, true), (column.Type, column.Count, column.IsNull(0), column.IsNull(1)));
            wire.ValidData[1] = true;
            Assert.Throws<MilvusException>(() => Reader(2, field).Read(new RepeatedField<FieldData> { wire }));
        }
    }

    [Fact]
    public void What_contradicts_itself_is_refused()
    {
        Refused("the num_rows (2) of field (f) is not equal to passed num_rows (3): invalid parameter[expected=3][actual=2]", Ints([1, 2]));
        Refused("the num_rows (2) of field (f) is not equal to passed num_rows (3)", Ints([1, 2], true, false, false));
        Refused("the length of valid_data (2) of field (f) is not equal to passed num_rows (3)", Ints([1, 2, 3], true, true));
        Refused("the 1th element (128) out of range: [-128, 127]: invalid parameter[expected=integer doesn't overflow][actual=out of range]",
            Scalar(Protocol.Schema.DataType.Int8, new ScalarField { IntData = new IntArray { Data = { 1, 128, 3 } } }));
        Refused("insert data of field f does not match its type Int64, it is StringData",
            Scalar(Protocol.Schema.DataType.Int64, new ScalarField { StringData = new StringArray { Data = { "a", "b", "c" } } }));
        Refused("field f carries no data", new FieldData { FieldName = "f", Type = Protocol.Schema.DataType.Int64 });
        Refused("the length(7) of float data should divide the dim(2)", Vector(new VectorField { Dim = 2, FloatVector = new FloatArray { Data = { new float[7] } } }));
        Refused("dim(0) should be greater than 0", Vector(new VectorField { FloatVector = new FloatArray { Data = { new float[6] } } }));
        Refused("the num_rows (4) of field (f) is not equal to passed num_rows (3)",
            Vector(new VectorField { Dim = 2, FloatVector = new FloatArray { Data = { new float[8] } } }));
        Refused("float vector field 'f' is illegal, array type mismatch: invalid parameter[expected=need float vector][actual=got nil]",
            Vector(new VectorField { Dim = 8, BinaryVector = ByteString.CopyFrom(1, 2, 3) }));
        Refused("got invalid timestamptz string 'yesterday': invalid timezone name",
            Scalar(Protocol.Schema.DataType.Timestamptz, new ScalarField { StringData = new StringArray { Data = { "yesterday", "", "" } } }));
    }

    [Fact]
    public void The_schema_says_what_a_request_leaves_out()
    {
        var array = Field(DataType.Array, DataType.Int8, nullable: false);
        var row = new ScalarField { IntData = new IntArray { Data = { 1, -2 } } };
        var wire = new FieldData { FieldName = "f", Scalars = new ScalarField { ArrayData = new ArrayArray { Data = { row } } } };
        var column = (ArrayColumn)Reader(1, array).Read(new RepeatedField<FieldData> { wire })[0].Column;
        Assert.Equal(DataType.Int8, column.ElementType);
        Assert.Equal([1, -2], ((FixedColumn<sbyte>)column.Elements).Values.ToArray());
    }

    [Fact]
    public void The_dynamic_column_has_a_name_even_when_the_client_gives_none()
    {
        var wire = new FieldData
        {
            Type = Protocol.Schema.DataType.Json,
            IsDynamic = true,
            Scalars = new ScalarField { JsonData = new JSONArray { Data = { ByteString.CopyFromUtf8("{\"a\":1}") } } },
        };
        var read = new FieldDataReader(1, null, TimeZoneInfo.Utc).Read(new RepeatedField<FieldData> { wire })[0];
        Assert.Equal(("$meta", true), (read.Name, read.IsDynamic));
        Assert.Equal("{\"a\":1}", ((BinaryColumn)read.Column).GetString(0));
    }

    [Fact]
    public void Null_vectors_are_left_out_of_answers_and_marked()
    {
        var field = Field(DataType.FloatVector, DataType.None, nullable: true);
        var builder = (VectorColumnBuilder)ColumnBuilder.For(field);
        builder.AppendNull();
        builder.Append(new byte[field.Type.VectorBytes(field.Dimension)]);
        var wire = FieldDataWriter.Write(new NamedColumn("f", builder.Build()), field, TimeZoneInfo.Utc);
        Assert.Equal([false, true], wire.ValidData);
        Assert.Equal(field.Dimension, wire.Vectors.FloatVector.Data.Count);
        Assert.Equal(field.Id, wire.FieldId);
    }

    [Fact]
    public void Sparse_answers_name_their_width()
    {
        byte[] row = [5, 0, 0, 0, 0, 0, 128, 63, 9, 0, 0, 0, 0, 0, 0, 64];
        var column = new BinaryColumn(DataType.SparseFloatVector, new[] { 0, 16, 16 }, row);
        var wire = FieldDataWriter.Write(new NamedColumn("f", column), null, TimeZoneInfo.Utc);
        Assert.Equal(10, wire.Vectors.SparseFloatVector.Dim);
        Assert.Equal([16, 0], wire.Vectors.SparseFloatVector.Contents.Select(c => c.Length));
    }

    [Theory]
    [InlineData("2025-01-02T16:00:00Z", "2025-01-02T16:00:00Z")]
    [InlineData("2025-01-02 16:00:00.120000+08:00", "2025-01-02T08:00:00.12Z")]
    [InlineData("2025-01-02T16:00:00-05", "2025-01-02T21:00:00Z")]
    [InlineData("2025-01-02T16:00:00", "2025-01-02T15:00:00Z")]
    [InlineData("2025-07-02 16:00:00", "2025-07-02T14:00:00Z")]
    [InlineData("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z")]
    [InlineData("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z")]
    [InlineData("0000-02-29 12:00:00.5+01:00", "0000-02-29T11:00:00.5Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.123456789Z", "9999-12-31T23:59:59.123456Z")]
    [InlineData("2024-10-27T02:30:00", "2024-10-27T01:30:00Z")]
    [InlineData("2024-03-31T02:30:00", "2024-03-31T01:30:00Z")]
    public void Timestamps_are_read_with_offsets_and_zones(string text, string utc)
    {
        Assert.True(TimestampText.TryParse(text, TimestampText.Zone("Europe/Berlin"), out var microseconds));
        Assert.Equal(utc, TimestampText.Format(microseconds, TimeZoneInfo.Utc));
    }

    [Fact]
    public void Timestamps_are_written_in_the_zone_asked_for()
    {
        Assert.Equal("1970-01-01T01:00:00+01:00", TimestampText.Format(0, TimestampText.Zone("Europe/Berlin")));
        Assert.True(TimestampText.TryParse("9999-12-31T23:46:05Z", TimeZoneInfo.Utc, out var last));
        Assert.Equal(("9999-12-31T23:46:05Z", "10000-01-01T07:46:05+08:00"), (TimestampText.Format(last, TimeZoneInfo.Utc), TimestampText.Format(last, TimestampText.Zone("Asia/Shanghai"))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2025-01-02T16:00:00+15:00")]
    [InlineData("2025-01-02T16:00:00-13")]
    [InlineData("2025-13-02T16:00:00Z")]
    [InlineData("2025-01-02T16:00:00+1")]
    [InlineData("now")]
    public void Malformed_timestamps_are_refused(string text) => Assert.False(TimestampText.TryParse(text, TimeZoneInfo.Utc, out _));

    private static FieldSchema Field(DataType type, DataType element, bool nullable) => new()
    {
        Id = 101,
        Name = "f",
        Type = type,
        ElementType = element,
        Nullable = nullable,
        TypeParams = [new("dim", "16")],
    };

    private static FieldDataReader Reader(int rows, FieldSchema field) =>
        new(rows, new CollectionSchema([field]), TimeZoneInfo.Utc);

    private static FieldData Ints(int[] values, params bool[] valid) => new()
    {
        FieldName = "f",
        Type = Protocol.Schema.DataType.Int32,
        ValidData = { valid },
        Scalars = new ScalarField { IntData = new IntArray { Data = { values } } },
    };

    private static FieldData Scalar(Protocol.Schema.DataType type, ScalarField scalars) => new() { FieldName = "f", Type = type, Scalars = scalars };

    private static FieldData Vector(VectorField vectors) =>
        new() { FieldName = "f", Type = Protocol.Schema.DataType.FloatVector, Vectors = vectors };

    private static void Refused(string message, FieldData wire)
    {
        var error = Assert.Throws<MilvusException>(
            () => new FieldDataReader(3, null, TimeZoneInfo.Utc).Read(new RepeatedField<FieldData> { wire }));
        Assert.StartsWith(message, error.Message);
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
    }
}
