using System.Collections.Immutable;
using Google.Protobuf;
using Milvus.Model;
using WireCollection = Milvus.Protocol.Schema.CollectionSchema;
using WireField = Milvus.Protocol.Schema.FieldSchema;
using WireFunction = Milvus.Protocol.Schema.FunctionSchema;
using WireStruct = Milvus.Protocol.Schema.StructArrayFieldSchema;

namespace Milvus.Api.Mapping;

/// <summary>Reads the schemas that clients send inside requests, as drafts: without ids and without the dynamic field.</summary>
public static class SchemaReader
{
    /// <exception cref="MilvusException">1100: not a schema, or one with types this server does not know.</exception>
    public static CollectionSchema ReadCollection(ByteString bytes)
    {
        var wire = Parse(bytes, WireCollection.Parser, "collection schema");
        return new CollectionSchema(
            [.. wire.Fields.Select(ReadField)],
            [.. wire.Functions.Select(ReadFunction)],
            [.. wire.StructArrayFields.Select(ReadStruct)],
            wire.Description,
            wire.EnableDynamicField,
            externalSource: wire.ExternalSource,
            externalSpec: wire.ExternalSpec);
    }

    /// <summary>True when the schema says that rows belong to namespaces.</summary>
    public static bool HasNamespaces(ByteString bytes) => Parse(bytes, WireCollection.Parser, "collection schema").EnableNamespace;

    /// <exception cref="MilvusException">1100: not a field schema, or one with a type this server does not know.</exception>
    public static FieldSchema ReadField(ByteString bytes) => ReadField(Parse(bytes, WireField.Parser, "field schema"));

    public static FunctionSchema ReadFunction(WireFunction wire) => new()
    {
        Name = wire.Name,
        Description = wire.Description,
        Type = (FunctionType)(int)wire.Type,
        InputFields = [.. wire.InputFieldNames],
        OutputFields = [.. wire.OutputFieldNames],
        Params = wire.Params.ToProperties(),
    };

    public static FieldSchema ReadField(WireField wire)
    {
        var type = ReadType(wire.DataType, wire.Name);
        return new FieldSchema
        {
            Name = wire.Name,
            Description = wire.Description,
            Type = type,
            ElementType = ReadElementType(wire.ElementType),
            IsPrimaryKey = wire.IsPrimaryKey,
            AutoId = wire.AutoID,
            IsPartitionKey = wire.IsPartitionKey,
            IsClusteringKey = wire.IsClusteringKey,
            IsDynamic = wire.IsDynamic,
            Nullable = wire.Nullable,
            IsFunctionOutput = wire.IsFunctionOutput,
            ExternalField = wire.ExternalField,
            Default = LiteralMapping.ToDefault(wire, type),
            TypeParams = wire.TypeParams.ToProperties(),
        };
    }

    public static StructFieldSchema ReadStruct(WireStruct wire) => new()
    {
        Name = wire.Name,
        Description = wire.Description,
        Nullable = wire.Nullable,
        Fields = [.. wire.Fields.Select(ReadField)],
        TypeParams = wire.TypeParams.ToProperties(),
    };

    private static DataType ReadType(Protocol.Schema.DataType wire, string field)
    {
        var type = (DataType)(int)wire;
        return Enum.IsDefined(type)
            ? type
            : throw MilvusException.InvalidParameter($"data type {wire} of field {field} is not supported");
    }

    private static DataType ReadElementType(Protocol.Schema.DataType wire)
    {
        var type = (DataType)(int)wire;
        return Enum.IsDefined(type) ? type : throw MilvusException.InvalidParameter($"element type {wire} is not supported");
    }

    private static T Parse<T>(ByteString bytes, MessageParser<T> parser, string what)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw MilvusException.InvalidParameter($"failed to unmarshal {what}: {e.Message}");
        }
    }
}
