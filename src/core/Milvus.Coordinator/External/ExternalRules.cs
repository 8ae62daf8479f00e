using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Coordinator.External;

/// <summary>What external collections may look like and what may be done to them. Pure; every method throws 1100 when a rule is broken.</summary>
public static class ExternalRules
{
    /// <summary>Properties of other programs for what only a refresh may change.</summary>
    public const string SourceProperty = "collection.external_source";

    public const string SpecProperty = "collection.external_spec";

    /// <summary>The primary key that the server makes.</summary>
    public static FieldSchema Key { get; } = new() { Name = FieldIds.VirtualKeyName, Description = "virtual primary key", Type = DataType.Int64, IsPrimaryKey = true, AutoId = true };

    /// <summary>The draft as it is to be checked further: fields are nullable. The primary key is <see cref="Key"/>.</summary>
    public static CollectionSchema Normalize(string collection, CollectionSchema draft)
    {
        if (draft.ExternalSource.Length == 0 != (draft.ExternalSpec.Length == 0)) throw MilvusException.InvalidParameter("external_source and external_spec must be both set or both empty");
        // Without them the first refresh says where the files are.
        if (draft.ExternalSource.Length > 0) ExternalSpec.Check(draft.ExternalSource, draft.ExternalSpec);
        if (draft.EnableDynamicField) throw Refused(collection, "dynamic field");
        if (!draft.StructFields.IsEmpty) throw Refused(collection, "struct fields");
        var outputs = draft.Functions.SelectMany(f => f.OutputFields).ToHashSet(StringComparer.Ordinal);
        foreach (var field in draft.Fields)
        {
            if (field.IsPrimaryKey) throw Refused(collection, $"primary key field {field.Name}");
            if (field.IsPartitionKey) throw Refused(collection, $"partition key field {field.Name}");
            if (field.IsClusteringKey) throw Refused(collection, $"clustering key field {field.Name}");
            if (field.AutoId) throw Refused(collection, $"auto id on field {field.Name}");
            if (outputs.Contains(field.Name))
            {
                if (field.ExternalField.Length > 0)
                    throw MilvusException.InvalidParameter($"function output field '{field.Name}' in external collection {collection} must not have external_field mapping");
                continue;
            }
            if (field.ExternalField.Length == 0) throw MilvusException.InvalidParameter($"field '{field.Name}' in external collection {collection} must have external_field mapping");
            CheckType(collection, field);
        }
        CheckColumns(draft.Fields);
        return draft.With(fields: [.. draft.Fields.Select(f => outputs.Contains(f.Name) ? f : f with { Nullable = true })]);
    }

    /// <summary>Checks a field that is to be added.</summary>
    public static void CheckAdded(string collection, CollectionSchema schema, FieldSchema field)
    {
        if (field.ExternalField.Length == 0) throw MilvusException.InvalidParameter($"add field operation on external collection requires external_field mapping, field name = {field.Name}");
        CheckType(collection, field);
        CheckColumns(schema.Fields.Add(field));
    }

    /// <exception cref="MilvusException">1100: the collection is external.</exception>
    public static void Refuse(CollectionInfo collection, string operation)
    {
        if (collection.Schema.IsExternal) throw MilvusException.InvalidParameter($"{operation} operation is not supported for external collection {collection.Name}");
    }

    /// <exception cref="MilvusException">1100: the collection is not external.</exception>
    public static void Require(CollectionInfo collection)
    {
        if (!collection.Schema.IsExternal) throw MilvusException.InvalidParameter("not an external collection", "external collection", collection.Name);
    }

    private static void CheckType(string collection, FieldSchema field)
    {
        var isSupported = field.Type is DataType.Bool or DataType.Json or DataType.VarChar or DataType.Text or DataType.Geometry or DataType.Timestamptz or DataType.Array
            || field.Type.IsNumeric() || field.Type.IsDenseVector();
        if (!isSupported) throw MilvusException.InvalidParameter($"external collection {collection} does not support field type {field.Type.Spelled()} on field {field.Name}");
    }

    private static void CheckColumns(ImmutableArray<FieldSchema> fields)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            if (field.ExternalField.Length == 0 || owners.TryAdd(field.ExternalField, field.Name)) continue;
            throw MilvusException.InvalidParameter($"external_field '{field.ExternalField}' is mapped by multiple fields: '{owners[field.ExternalField]}' and '{field.Name}'");
        }
    }

    private static MilvusException Refused(string collection, string what) => MilvusException.InvalidParameter($"external collection {collection} does not support {what}");
}
