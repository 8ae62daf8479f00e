using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

/// <summary>Functions and fields that come and go with a collection in use.</summary>
internal static class SchemaDecisions
{
    public static Decision Decide(Catalog catalog, AddFunction command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        ExternalRules.Refuse(collection, "alter collection schema");
        var function = command.Function;
        foreach (var output in command.Outputs)
            if (!function.OutputFields.Contains(output.Name))
                throw MilvusException.InvalidParameter($"field {output.Name} is no output field of function {function.Name}");
        foreach (var name in function.OutputFields)
            if (collection.Schema.Find(name) is { } stored && collection.Load is not null)
                throw MilvusException.InvalidParameter($"function output field {stored.Name} exists already, release the collection before adding function {function.Name} to it");
        var schema = SchemaRules.Add(collection.Name, collection.Schema, function, command.Outputs, MaxFieldId(collection));
        var altered = collection with { Schema = schema, SchemaUpdatedAt = context.Now };
        foreach (var index in command.Indexes) altered = IndexDecisions.Add(altered, index, context);
        return Change(altered, CollectionAspect.Schema, schema.Functions[^1].Id);
    }

    public static Decision Decide(Catalog catalog, AlterFunction command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        ExternalRules.Refuse(collection, "alter collection schema");
        var function = Find(collection, command.Name, $"function {command.Name} not found");
        var wanted = command.Function;
        if (wanted.Name.Length > 0 && wanted.Name != function.Name) throw MilvusException.InvalidParameter("invalid function config, name not match");
        if (wanted.Type != FunctionType.Unknown && wanted.Type != function.Type) throw MilvusException.InvalidParameter($"the type of function {function.Name} cannot be changed");
        var sameFields = (wanted.InputFields.IsEmpty || wanted.InputFields.SequenceEqual(function.InputFields))
            && (wanted.OutputFields.IsEmpty || wanted.OutputFields.SequenceEqual(function.OutputFields));
        if (!sameFields) throw MilvusException.InvalidParameter($"the input and output fields of function {function.Name} cannot be changed");
        var altered = function with { Params = wanted.Params, Description = wanted.Description.Length > 0 ? wanted.Description : function.Description };
        var schema = collection.Schema.With(functions: collection.Schema.Functions.Replace(function, altered), version: collection.Schema.Version + 1);
        FunctionRules.Check(schema);
        return Change(collection with { Schema = schema, SchemaUpdatedAt = context.Now }, CollectionAspect.Schema, function.Id);
    }

    public static Decision Decide(Catalog catalog, DropFunction command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        ExternalRules.Refuse(collection, "alter collection schema");
        var function = Find(collection, command.Name, $"function not found: {command.Name}");
        var without = collection.Schema.With(
            fields: [.. collection.Schema.Fields.Select(f => function.OutputFields.Contains(f.Name) ? f with { IsFunctionOutput = false } : f)],
            functions: collection.Schema.Functions.Remove(function),
            version: collection.Schema.Version + 1);
        var altered = collection with { Schema = without, SchemaUpdatedAt = context.Now };
        if (command.WithOutputs)
        {
            foreach (var name in function.OutputFields) altered = Without(altered, [without.Find(name)!]);
            return Change(altered, CollectionAspect.Schema, function.Id);
        }
        if (function.OutputFields.Any(o => collection.Indexes.Any(i => i.FieldName == o && i.Metric == MetricType.BM25)))
            throw MilvusException.InvalidParameter($"the output field of function {function.Name} has an index by BM25, drop the index or drop the function with its output field");
        return Change(altered, CollectionAspect.Schema, function.Id);
    }

    public static Decision Decide(Catalog catalog, DropField command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        ExternalRules.Refuse(collection, "alter collection schema");
        var schema = collection.Schema;
        ImmutableArray<FieldSchema> dropped;
        if (schema.FindStruct(command.Field) is { } parent)
        {
            dropped = schema.FieldsOf(parent);
            schema = schema.With(structFields: schema.StructFields.Remove(parent));
        }
        else
        {
            dropped = [GetField(collection, command.Field)];
            if (schema.ParentOf(dropped[0]) is { } owner) throw MilvusException.InvalidParameter($"sub-field of struct {owner.Name} cannot be dropped alone, field name = {command.Field}");
        }
        foreach (var field in dropped) CheckDroppable(schema, field);
        if (dropped.Any(f => f.Name == collection.Property(PropertyRules.TtlField))) throw MilvusException.InvalidParameter($"rows expire by field {command.Field}, which cannot be dropped");
        var altered = Without(collection with { Schema = schema.With(version: schema.Version + 1), SchemaUpdatedAt = context.Now }, dropped);
        return Change(altered, CollectionAspect.Schema);
    }

    /// <summary>Ids of fields that were dropped stay behind in stored segments, where no new field may meet them.</summary>
    public static long MaxFieldId(CollectionInfo collection) =>
        long.TryParse(collection.Property(PropertyRules.MaxFieldId), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    private static void CheckDroppable(CollectionSchema schema, FieldSchema field)
    {
        if (field.IsPrimaryKey) throw MilvusException.InvalidParameter($"primary key field cannot be dropped, field name = {field.Name}");
        if (field.IsPartitionKey) throw MilvusException.InvalidParameter($"partition key field cannot be dropped, field name = {field.Name}");
        if (field.IsClusteringKey) throw MilvusException.InvalidParameter($"clustering key field cannot be dropped, field name = {field.Name}");
        if (field.IsDynamic) throw MilvusException.InvalidParameter("dynamic schema cannot supported to be disabled");
        foreach (var function in schema.Functions)
            if (function.InputFields.Contains(field.Name) || function.OutputFields.Contains(field.Name))
                throw MilvusException.InvalidParameter($"field {field.Name} belongs to function {function.Name}, drop the function first");
    }

    private static CollectionInfo Without(CollectionInfo collection, ImmutableArray<FieldSchema> dropped)
    {
        var ids = dropped.Select(f => f.Id).ToHashSet();
        var schema = collection.Schema;
        var left = schema.Fields.RemoveAll(f => ids.Contains(f.Id));
        if (!left.Any(f => f.Type.IsVector())) throw MilvusException.InvalidParameter("the last vector field of a collection cannot be dropped");
        var highest = Math.Max(MaxFieldId(collection), SchemaRules.NextFieldId(schema) - 1);
        return collection with
        {
            Schema = schema.With(fields: left),
            Indexes = collection.Indexes.RemoveAll(i => ids.Contains(i.FieldId)),
            Load = collection.Load is { } load ? load with { FieldIds = load.FieldIds.RemoveAll(ids.Contains) } : null,
            Properties = collection.Properties.Set(PropertyRules.MaxFieldId, highest.ToString(CultureInfo.InvariantCulture)),
        };
    }

    private static FunctionSchema Find(CollectionInfo collection, string name, string otherwise) =>
        collection.Schema.Functions.FirstOrDefault(f => f.Name == name) ?? throw MilvusException.InvalidParameter(otherwise);
}
