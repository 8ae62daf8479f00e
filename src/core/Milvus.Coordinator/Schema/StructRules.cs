using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Coordinator.Schema;

/// <summary>What arrays of structs may be, and the fields of the collection that they stand for.</summary>
internal static class StructRules
{
    private const string MaxCapacity = "max_capacity";

    /// <summary>The sub-fields of a draft as fields of the collection: named <c>struct[sub]</c>, nullable with the struct, without ids.</summary>
    /// <exception cref="MilvusException">1100 or 1701: a rule is broken.</exception>
    public static ImmutableArray<FieldSchema> Flatten(string collection, StructFieldSchema parent)
    {
        NameRules.CheckField(parent.Name);
        NameRules.CheckDescription(parent.Description, "field");
        if (parent.Fields.IsEmpty) throw MilvusException.InvalidParameter($"struct array field {parent.Name} has no sub-fields");
        var fields = ImmutableArray.CreateBuilder<FieldSchema>(parent.Fields.Length);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var given in parent.Fields)
        {
            var field = Inherit(parent, given);
            if (!names.Add(field.Name)) throw MilvusException.InvalidParameter($"duplicated field name {field.Name} found");
            NameRules.CheckField(field.Name);
            if (field.Nullable && !parent.Nullable)
            {
                throw MilvusException.InvalidParameter(
                    $"sub-field in non-nullable struct cannot be nullable individually, set nullable on the struct instead: structName={parent.Name}, subFieldName={field.Name}");
            }
            CheckSub(collection, field);
            if (field.MaxCapacity != Inherit(parent, parent.Fields[0]).MaxCapacity)
                throw MilvusException.InvalidParameter($"inconsistent max_capacity of the sub-fields of struct array field {parent.Name}: {field.MaxCapacity} of {field.Name}");
            fields.Add(field with { Name = parent.FullName(field.Name), Nullable = parent.Nullable });
        }
        return fields.MoveToImmutable();
    }

    /// <summary>Everything about a sub-field but its name and nullability.</summary>
    public static void CheckSub(string collection, FieldSchema field)
    {
        NameRules.CheckDescription(field.Description, "field");
        if (!field.Type.IsList())
            throw MilvusException.InvalidParameter($"Fields in StructArrayField can only be array or array of vector, but field {field.Name} is {field.Type.Spelled()}");
        if (field.ElementType.IsList() || field.ElementType is DataType.ArrayOfStruct or DataType.Struct)
            throw MilvusException.InvalidParameter($"Nested array is not supported {field.Name}");
        if (field.IsPrimaryKey || field.AutoId || field.IsPartitionKey || field.IsClusteringKey || field.IsDynamic)
            throw MilvusException.InvalidParameter($"fields in struct array can not be primary key, partition key, clustering key or dynamic, fieldName = {field.Name}");
        if (field.Default is not null) throw MilvusException.InvalidParameter($"default value is not supported for fields in struct array, fieldName = {field.Name}");
        if (field.Type == DataType.ArrayOfVector) CheckVectors(field);
        else CheckScalars(field);
        FieldRules.CheckTypeParams(collection, field);
        if (field.EnableAnalyzer || field.EnableMatch) throw MilvusException.InvalidParameter($"enable_analyzer and enable_match are not supported for fields in struct array, fieldName = {field.Name}");
    }

    private static void CheckScalars(FieldSchema field)
    {
        if (field.ElementType.IsVector()) throw MilvusException.InvalidParameter($"Inconsistent schema: element type of array field {field.Name} is a vector type");
        FieldRules.CheckType(field);
    }

    private static void CheckVectors(FieldSchema field)
    {
        if (!field.ElementType.IsVector()) throw MilvusException.InvalidParameter($"Inconsistent schema: element type of array field {field.Name} is not a vector type");
        if (!field.ElementType.IsDenseVector())
            throw MilvusException.InvalidParameter($"Unsupported element type {field.ElementType.Spelled()} of ArrayOfVector field {field.Name}, only fixed dimension vector types are supported");
    }

    // The capacity may be given once for the whole struct.
    private static FieldSchema Inherit(StructFieldSchema parent, FieldSchema field)
    {
        if (field.Param(MaxCapacity) is not null) return field;
        foreach (var p in parent.TypeParams)
            if (p.Key == MaxCapacity) return field with { TypeParams = field.TypeParams.Add(p) };
        return field;
    }
}
