using Milvus.Coordinator.External;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using WireCollection = Milvus.Protocol.Schema.CollectionSchema;
using WireField = Milvus.Protocol.Schema.FieldSchema;
using WireFunction = Milvus.Protocol.Schema.FunctionSchema;
using WireStruct = Milvus.Protocol.Schema.StructArrayFieldSchema;

namespace Milvus.Api.Mapping;

/// <summary>Writes schemas as DescribeCollection shows them: without system fields and without the dynamic field.</summary>
public static class SchemaWriter
{
    /// <param name="zone">In which default values that are timestamps are written.</param>
    public static WireCollection Write(CollectionInfo collection, TimeZoneInfo zone)
    {
        var schema = collection.Schema;
        var wire = new WireCollection
        {
            Name = collection.Name,
            Description = schema.Description,
            EnableDynamicField = schema.EnableDynamicField,
            EnableNamespace = NamespaceRules.AreEnabled(collection),
            DbName = collection.DatabaseName,
            Version = schema.Version,
            ExternalSource = schema.ExternalSource,
            ExternalSpec = ExternalSpec.Shown(schema.ExternalSpec),
        };
        foreach (var field in schema.Fields)
            if (field.Id >= FieldIds.FirstUser && !field.IsDynamic && field.Name != FieldIds.NamespaceName && schema.ParentOf(field) is null) wire.Fields.Add(Write(field, zone));
        foreach (var function in schema.Functions) wire.Functions.Add(Write(function, schema));
        foreach (var parent in schema.StructFields) wire.StructArrayFields.Add(Write(schema, parent, zone));
        return wire;
    }

    private static WireField Write(FieldSchema field, TimeZoneInfo zone)
    {
        var wire = new WireField
        {
            FieldID = field.Id,
            Name = field.Name,
            Description = field.Description,
            DataType = (Protocol.Schema.DataType)(int)field.Type,
            ElementType = (Protocol.Schema.DataType)(int)field.ElementType,
            IsPrimaryKey = field.IsPrimaryKey,
            AutoID = field.AutoId,
            IsPartitionKey = field.IsPartitionKey,
            IsClusteringKey = field.IsClusteringKey,
            Nullable = field.Nullable,
            IsFunctionOutput = field.IsFunctionOutput,
            ExternalField = field.ExternalField,
        };
        wire.TypeParams.AddProperties(field.TypeParams);
        if (field.Default is { } value) wire.DefaultValue = WriteDefault(value, field.Type, zone);
        return wire;
    }

    /// <summary>Clients read the default of a timestamp as text.</summary>
    private static Protocol.Schema.ValueField WriteDefault(Literal value, DataType type, TimeZoneInfo zone) =>
        type == DataType.Timestamptz && value is Literal.Int instant
            ? new Protocol.Schema.ValueField { StringData = TimestampText.Format(instant.Value, zone) }
            : LiteralMapping.ToValueField(value, type);

    private static WireFunction Write(FunctionSchema function, CollectionSchema schema)
    {
        var wire = new WireFunction
        {
            Id = function.Id,
            Name = function.Name,
            Description = function.Description,
            Type = (Protocol.Schema.FunctionType)(int)function.Type,
        };
        wire.InputFieldNames.AddRange(function.InputFields);
        wire.OutputFieldNames.AddRange(function.OutputFields);
        foreach (var name in function.InputFields)
            if (schema.Find(name) is { } field) wire.InputFieldIds.Add(field.Id);
        foreach (var name in function.OutputFields)
            if (schema.Find(name) is { } field) wire.OutputFieldIds.Add(field.Id);
        wire.Params.AddProperties(function.Params);
        return wire;
    }

    private static WireStruct Write(CollectionSchema schema, StructFieldSchema parent, TimeZoneInfo zone)
    {
        var wire = new WireStruct { FieldID = parent.Id, Name = parent.Name, Description = parent.Description, Nullable = parent.Nullable };
        foreach (var field in schema.FieldsOf(parent))
        {
            var sub = Write(field, zone);
            // Clients know a sub-field by its short name, and write flags for its rows where it is nullable with its struct.
            sub.Name = parent.ShortName(field);
            wire.Fields.Add(sub);
        }
        wire.TypeParams.AddProperties(parent.TypeParams);
        return wire;
    }
}
