using System.Text.Json;
using Milvus.Model;

namespace Milvus.Coordinator.Persistence;

/// <summary>Schemas as stored. Names and numbers here are frozen.</summary>
internal static class SchemaCodec
{
    public static void Write(Utf8JsonWriter json, CollectionSchema schema)
    {
        json.WriteOptional("description", schema.Description);
        json.WriteOptional("dynamic", schema.EnableDynamicField);
        json.WriteOptional("version", schema.Version);
        json.WriteOptional("externalSource", schema.ExternalSource);
        json.WriteOptional("externalSpec", schema.ExternalSpec);
        json.WriteObjects("fields", schema.Fields, WriteField);
        json.WriteObjects("functions", schema.Functions, WriteFunction);
        json.WriteObjects("structs", schema.StructFields, WriteStruct);
    }

    public static CollectionSchema Read(RecordReader r) => new(
        r.Objects("fields", ReadField), r.Objects("functions", ReadFunction), r.Objects("structs", ReadStruct),
        r.OptionalText("description"), r.Flag("dynamic"), r.OptionalInt("version"),
        r.OptionalText("externalSource"), r.OptionalText("externalSpec"));

    private static void WriteField(Utf8JsonWriter json, FieldSchema field)
    {
        json.WriteNumber("id", field.Id);
        json.WriteString("name", field.Name);
        json.WriteOptional("description", field.Description);
        json.WriteNumber("type", (int)field.Type);
        json.WriteOptional("element", (int)field.ElementType);
        json.WriteOptional("pk", field.IsPrimaryKey);
        json.WriteOptional("autoId", field.AutoId);
        json.WriteOptional("partitionKey", field.IsPartitionKey);
        json.WriteOptional("clusteringKey", field.IsClusteringKey);
        json.WriteOptional("isDynamic", field.IsDynamic);
        json.WriteOptional("nullable", field.Nullable);
        json.WriteOptional("functionOutput", field.IsFunctionOutput);
        json.WriteOptional("external", field.ExternalField);
        json.WriteLiteral("default", field.Default);
        json.WriteProperties("params", field.TypeParams);
    }

    private static FieldSchema ReadField(RecordReader r) => new()
    {
        Id = r.Number("id"),
        Name = r.Text("name"),
        Description = r.OptionalText("description"),
        Type = (DataType)r.Int("type"),
        ElementType = (DataType)r.OptionalInt("element"),
        IsPrimaryKey = r.Flag("pk"),
        AutoId = r.Flag("autoId"),
        IsPartitionKey = r.Flag("partitionKey"),
        IsClusteringKey = r.Flag("clusteringKey"),
        IsDynamic = r.Flag("isDynamic"),
        Nullable = r.Flag("nullable"),
        IsFunctionOutput = r.Flag("functionOutput"),
        ExternalField = r.OptionalText("external"),
        Default = r.OptionalLiteral("default"),
        TypeParams = r.Properties("params"),
    };

    private static void WriteFunction(Utf8JsonWriter json, FunctionSchema function)
    {
        json.WriteNumber("id", function.Id);
        json.WriteString("name", function.Name);
        json.WriteOptional("description", function.Description);
        json.WriteNumber("type", (int)function.Type);
        json.WriteStrings("inputs", function.InputFields);
        json.WriteStrings("outputs", function.OutputFields);
        json.WriteProperties("params", function.Params);
    }

    private static FunctionSchema ReadFunction(RecordReader r) => new()
    {
        Id = r.Number("id"),
        Name = r.Text("name"),
        Description = r.OptionalText("description"),
        Type = (FunctionType)r.Int("type"),
        InputFields = r.Strings("inputs"),
        OutputFields = r.Strings("outputs"),
        Params = r.Properties("params"),
    };

    private static void WriteStruct(Utf8JsonWriter json, StructFieldSchema field)
    {
        json.WriteNumber("id", field.Id);
        json.WriteString("name", field.Name);
        json.WriteOptional("description", field.Description);
        json.WriteOptional("nullable", field.Nullable);
        json.WriteObjects("fields", field.Fields, WriteField);
        json.WriteProperties("params", field.TypeParams);
    }

    private static StructFieldSchema ReadStruct(RecordReader r) => new()
    {
        Id = r.Number("id"),
        Name = r.Text("name"),
        Description = r.OptionalText("description"),
        Nullable = r.Flag("nullable"),
        Fields = r.Objects("fields", ReadField),
        TypeParams = r.Properties("params"),
    };
}
