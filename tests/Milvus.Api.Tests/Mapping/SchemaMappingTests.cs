using Google.Protobuf;
using Milvus.Api.Mapping;
using Milvus.Model;
using WireCollection = Milvus.Protocol.Schema.CollectionSchema;
using WireField = Milvus.Protocol.Schema.FieldSchema;
using WireType = Milvus.Protocol.Schema.DataType;
using WireValue = Milvus.Protocol.Schema.ValueField;

namespace Milvus.Api.Tests.Mapping;

public sealed class SchemaMappingTests
{
    [Fact]
    public void A_schema_keeps_everything_a_client_may_say()
    {
        var wire = new WireCollection
        {
            Name = "c",
            Description = "books",
            EnableDynamicField = true,
            Fields =
            {
                new WireField { Name = "id", DataType = WireType.Int64, IsPrimaryKey = true, AutoID = true },
                new WireField
                {
                    Name = "title", DataType = WireType.VarChar, Nullable = true, IsPartitionKey = true, Description = "d",
                    TypeParams = { new Protocol.Common.KeyValuePair { Key = "max_length", Value = "99" } },
                    DefaultValue = new WireValue { StringData = "none" },
                },
                new WireField { Name = "tags", DataType = WireType.Array, ElementType = WireType.Int16 },
                new WireField { Name = "v", DataType = WireType.FloatVector },
            },
            Functions =
            {
                new Protocol.Schema.FunctionSchema
                {
                    Name = "bm", Type = Protocol.Schema.FunctionType.Bm25, InputFieldNames = { "title" }, OutputFieldNames = { "s" },
                },
            },
        };
        var schema = SchemaReader.ReadCollection(wire.ToByteString());
        Assert.Equal(["id", "title", "tags", "v"], schema.Fields.Select(f => f.Name));
        Assert.True(schema.EnableDynamicField && schema.PrimaryKey.AutoId && schema.PartitionKey!.Nullable);
        Assert.Equal((99, new Literal.Text("none")), (schema.PartitionKey!.MaxLength, schema.PartitionKey.Default));
        Assert.Equal(DataType.Int16, schema.Find("tags")!.ElementType);
        Assert.Equal((FunctionType.BM25, "title"), (schema.Functions[0].Type, schema.Functions[0].InputFields[0]));

        var back = SchemaWriter.Write(Collection(schema), TimeZoneInfo.Utc);
        foreach (var (before, after) in wire.Fields.Zip(back.Fields))
        {
            after.FieldID = 0;
            Assert.Equal(before, after);
        }
        Assert.Equal("books", back.Description);
    }

    [Fact]
    public void Clients_see_neither_system_fields_nor_the_dynamic_one()
    {
        var schema = new CollectionSchema(
            [
                new FieldSchema { Id = 100, Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
                new FieldSchema { Id = 101, Name = "$meta", Type = DataType.Json, IsDynamic = true },
                new FieldSchema { Id = FieldIds.Timestamp, Name = "Timestamp", Type = DataType.Int64 },
            ],
            enableDynamicField: true);
        Assert.Equal("id", Assert.Single(SchemaWriter.Write(Collection(schema), TimeZoneInfo.Utc).Fields).Name);
    }

    [Theory]
    [InlineData(DataType.Int64, "type (Int64) of field (f) is not equal to the type(DataType_VarChar) of default_value")]
    [InlineData(DataType.Array, "type not support default_value, type:Array, name:f")]
    [InlineData(DataType.FloatVector, "type not support default_value, type:FloatVector, name:f")]
    public void A_default_has_the_type_of_its_field(DataType type, string message)
    {
        var field = new WireField { Name = "f", DefaultValue = new WireValue { StringData = "x" } };
        var error = Assert.Throws<MilvusException>(() => LiteralMapping.ToDefault(field, type));
        Assert.StartsWith(message, error.Message);
    }

    [Fact]
    public void The_default_of_a_timestamp_is_text_on_the_wire()
    {
        var field = new WireField { Name = "f", DefaultValue = new WireValue { StringData = "1970-01-01T01:00:01+01:00" } };
        Assert.Equal(new Literal.Text("1970-01-01T01:00:01+01:00"), LiteralMapping.ToDefault(field, DataType.Timestamptz));
        var schema = new CollectionSchema(
        [
            new FieldSchema { Id = 100, Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Id = 101, Name = "t", Type = DataType.Timestamptz, Default = new Literal.Int(1_000_000) },
        ]);
        var wire = SchemaWriter.Write(Collection(schema), TimestampText.Zone("Asia/Tokyo"));
        Assert.Equal("1970-01-01T09:00:01+09:00", wire.Fields[1].DefaultValue.StringData);
    }

    [Fact]
    public void Bytes_that_are_no_schema_are_the_callers_mistake()
    {
        var error = Assert.Throws<MilvusException>(() => SchemaReader.ReadCollection(ByteString.CopyFrom(0xff, 0xff)));
        Assert.StartsWith("failed to unmarshal collection schema", error.Message);
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);

        var odd = new WireCollection { Fields = { new WireField { Name = "f", DataType = (WireType)31 } } };
        Assert.Equal(ErrorCode.InvalidParameter, Assert.Throws<MilvusException>(() => SchemaReader.ReadCollection(odd.ToByteString())).Code);
    }

    private static CollectionInfo Collection(CollectionSchema schema) => new()
    {
        Id = 1,
        DatabaseId = 1,
        DatabaseName = "default",
        Name = "c",
        Schema = schema,
        ShardCount = 1,
        CreatedAt = Timestamp.FromMs(1),
        SchemaUpdatedAt = Timestamp.FromMs(2),
    };
}
