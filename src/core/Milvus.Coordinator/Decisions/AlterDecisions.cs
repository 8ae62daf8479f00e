using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

/// <summary>Changes to the properties and the schema of a collection.</summary>
internal static class AlterDecisions
{
    public static Decision Decide(Catalog catalog, AlterCollection command, DecisionContext context)
    {
        var collection = catalog.GetAnyCollection(command.Database, command.Collection);
        CheckOneOfBoth(!command.SetProperties.IsEmpty, !command.DeleteKeys.IsEmpty, "ExtraProperties");
        PropertyRules.CheckCollection(command.SetProperties);
        var keys = command.SetProperties.Select(p => p.Key).Concat(command.DeleteKeys).ToHashSet(StringComparer.Ordinal);
        if (keys.Overlaps([ExternalRules.SourceProperty, ExternalRules.SpecProperty]))
            throw MilvusException.InvalidParameter("external_source and external_spec cannot be altered, use RefreshExternalCollection to change them");
        if (collection.Schema.IsExternal && keys.Contains(PropertyRules.DynamicField)) ExternalRules.Refuse(collection, "alter dynamic field");
        if (keys.FirstOrDefault(k => k is PropertyRules.NamespaceSharding or NamespaceRules.Enabled or NamespaceRules.Mode) is { } fixedKey)
            throw MilvusException.InvalidParameter($"cannot {(command.SetProperties.IsEmpty ? "delete" : "alter")} {fixedKey} after collection creation");
        if (collection.Load is not null && keys.Overlaps([PropertyRules.MmapEnabled]))
            throw RuleErrors.CollectionLoaded(collection.Name, $"can not {(command.SetProperties.IsEmpty ? "delete" : "alter")} mmap properties if collection loaded");
        if (collection.Load is not null && keys.Any(PropertyRules.IsWarmup) && !command.SetProperties.IsEmpty)
            throw RuleErrors.CollectionLoaded(collection.Name, "can not alter warmup properties if collection loaded");
        if (keys.Contains(PropertyRules.QueryMode) && collection.Indexes.Any(i => i.Metric != MetricType.None))
            throw MilvusException.InvalidParameter("can not alter query_mode if the collection already has a vector index. Please drop the index first");
        CheckIsolationChange(collection, command, keys);
        CheckExpiryChange(collection, command.SetProperties);

        var altered = collection;
        var aspect = CollectionAspect.Properties;
        var remaining = command.SetProperties;
        foreach (var (key, value) in command.SetProperties)
        {
            switch (key)
            {
                case PropertyRules.Description:
                    altered = altered with { Schema = altered.Schema.With(description: value) };
                    break;
                case PropertyRules.ConsistencyLevelKey:
                    altered = altered with { ConsistencyLevel = PropertyRules.ParseConsistencyLevel(value) };
                    break;
                case PropertyRules.DynamicField:
                    if (PropertyRules.IsTrue(value) == altered.Schema.EnableDynamicField) break;
                    if (!PropertyRules.IsTrue(value)) throw MilvusException.InvalidParameter("dynamic schema cannot supported to be disabled");
                    altered = altered with { Schema = SchemaRules.AddDynamicField(altered.Schema, SchemaDecisions.MaxFieldId(collection)), SchemaUpdatedAt = context.Now };
                    aspect = CollectionAspect.Schema;
                    break;
                default:
                    continue;
            }
            remaining = remaining.RemoveAll(p => p.Key == key);
        }
        if (keys.Contains(PropertyRules.DynamicField) && command.SetProperties.IsEmpty)
            throw MilvusException.InvalidParameter($"cannot delete key {PropertyRules.DynamicField}, dynamic field schema could support set to true/false");
        altered = altered with { Properties = altered.Properties.Edit(remaining, command.DeleteKeys) };
        CollectionDecisions.CheckIsolation(altered.Schema, altered.Properties);
        PropertyRules.CheckExpiry(altered.Schema, altered.Properties);
        var same = ReferenceEquals(altered.Schema, collection.Schema) && altered.ConsistencyLevel == collection.ConsistencyLevel && altered.Properties.SequenceEqual(collection.Properties);
        return same ? new Decision.Unchanged(collection.Id) : Change(altered, aspect);
    }

    private static void CheckExpiryChange(CollectionInfo collection, ImmutableArray<Property> changes)
    {
        if (changes.Get(PropertyRules.TtlField) is not null && changes.Get(PropertyRules.Ttl) is null && collection.TtlSeconds > 0)
            throw MilvusException.InvalidParameter("collection TTL is already set, cannot be set ttl field");
        if (changes.Get(PropertyRules.Ttl) is not null && changes.Get(PropertyRules.TtlField) is null && collection.Property(PropertyRules.TtlField) is not null)
            throw MilvusException.InvalidParameter("ttl field is already exists, cannot be set collection TTL");
    }

    private static void CheckIsolationChange(CollectionInfo collection, AlterCollection command, HashSet<string> keys)
    {
        if (!keys.Contains(PropertyRules.PartitionKeyIsolation)) return;
        var now = PropertyRules.IsTrue(collection.Property(PropertyRules.PartitionKeyIsolation));
        var wanted = PropertyRules.IsTrue(command.SetProperties.Get(PropertyRules.PartitionKeyIsolation));
        if (now != wanted && collection.Indexes.Any(i => i.Metric != MetricType.None))
            throw MilvusException.InvalidParameter("can not alter partition key isolation mode if the collection already has a vector index. Please drop the index first");
    }

    public static Decision Decide(Catalog catalog, AlterField command, DecisionContext context)
    {
        var collection = catalog.GetAnyCollection(command.Database, command.Collection);
        ExternalRules.Refuse(collection, "alter field");
        CheckOneOfBoth(!command.SetParams.IsEmpty, !command.DeleteKeys.IsEmpty, "field params");
        // Clients know the setting by another name, which some do not translate.
        command = command with
        {
            SetParams = [.. command.SetParams.Select(p => p with { Key = Translated(p.Key) })],
            DeleteKeys = [.. command.DeleteKeys.Select(Translated)],
        };
        if (collection.Schema.StructFields.FirstOrDefault(s => s.Name == command.Field) is { } parent) return DecideStruct(collection, parent, command, context);
        if (collection.Schema.Find(command.Field) is not { IsDynamic: false } field)
            throw MilvusException.InvalidParameter($"field {command.Field} does not exist in collection");
        var description = field.Description;
        foreach (var (key, value) in command.SetParams)
        {
            CheckAlterable(collection, field, key);
            if (key == "field.description") description = value;
        }
        foreach (var key in command.DeleteKeys)
        {
            if (!IsPlacement(key)) throw MilvusException.InvalidParameter($"{key} is not allowed to delete from collection field params");
            CheckAlterable(collection, field, key);
        }
        var altered = field with
        {
            Description = description,
            TypeParams = field.TypeParams.Edit(command.SetParams.RemoveAll(p => p.Key == "field.description"), command.DeleteKeys),
        };
        NameRules.CheckDescription(altered.Description, "field");
        SchemaRules.CheckChanged(collection.Name, collection.Schema, altered);
        if (altered == field) return new Decision.Unchanged(collection.Id);
        var schema = collection.Schema.With(fields: collection.Schema.Fields.Replace(field, altered), version: collection.Schema.Version + 1);
        return Change(collection with { Schema = schema, SchemaUpdatedAt = context.Now }, CollectionAspect.Schema);
    }

    private static string Translated(string key) => key == "mmap_enabled" ? PropertyRules.MmapEnabled : key;

    // Where a struct's data are kept is said for all of its sub-fields at once.
    private static Decision DecideStruct(CollectionInfo collection, StructFieldSchema parent, AlterField command, DecisionContext context)
    {
        var owned = collection.Schema.FieldsOf(parent).ToArray();
        foreach (var key in command.SetParams.Select(p => p.Key).Concat(command.DeleteKeys))
        {
            if (!IsPlacement(key)) throw MilvusException.InvalidParameter($"{key} does not allow update in collection field param");
            CheckAlterable(collection, owned[0], key);
        }
        var altered = parent with { TypeParams = parent.TypeParams.Edit(command.SetParams, command.DeleteKeys) };
        ImmutableArray<FieldSchema> fields =
            [.. collection.Schema.Fields.Select(f => owned.Contains(f) ? f with { TypeParams = f.TypeParams.Edit(command.SetParams, command.DeleteKeys) } : f)];
        foreach (var field in fields)
            if (parent.Owns(field)) SchemaRules.CheckChanged(collection.Name, collection.Schema, field);
        if (altered == parent && fields.SequenceEqual(collection.Schema.Fields)) return new Decision.Unchanged(collection.Id);
        var schema = collection.Schema.With(fields: fields, structFields: collection.Schema.StructFields.Replace(parent, altered), version: collection.Schema.Version + 1);
        return Change(collection with { Schema = schema, SchemaUpdatedAt = context.Now }, CollectionAspect.Schema);
    }

    private static bool IsPlacement(string key) => key == PropertyRules.MmapEnabled || key.StartsWith("warmup", StringComparison.Ordinal);

    private static void CheckAlterable(CollectionInfo collection, FieldSchema field, string key)
    {
        switch (key)
        {
            case "max_length":
                if (field.Type != DataType.VarChar && !(field.Type == DataType.Array && field.ElementType == DataType.VarChar))
                    throw MilvusException.InvalidParameter($"{field.Name} can not modify the maxlength for non-string types");
                break;
            case "max_capacity":
                if (!field.Type.IsList()) throw MilvusException.InvalidParameter($"{field.Name} can not modify the maxcapacity for non-array types");
                break;
            case PropertyRules.MmapEnabled:
                if (collection.Load is not null) throw RuleErrors.CollectionLoaded(collection.Name, "can not alter collection field properties if collection loaded");
                break;
            case "field.description" or "enable_analyzer" or "analyzer_params":
                break;
            case PropertyRules.Warmup when collection.Load is not null:
                throw RuleErrors.CollectionLoaded(collection.Name, "can not alter warmup if collection loaded");
            case var k when k.StartsWith("warmup", StringComparison.Ordinal):
                break;
            default:
                throw MilvusException.InvalidParameter($"{key} does not allow update in collection field param");
        }
    }

    public static Decision Decide(Catalog catalog, AddStructField command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        ExternalRules.Refuse(collection, "add struct field");
        var schema = SchemaRules.Add(collection.Name, collection.Schema, command.Field, SchemaDecisions.MaxFieldId(collection));
        return Change(collection with { Schema = schema, SchemaUpdatedAt = context.Now }, CollectionAspect.Schema, schema.StructFields[^1].Id);
    }

    public static Decision Decide(Catalog catalog, AddField command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        var schema = SchemaRules.Add(collection.Name, collection.Schema, TimeDefaults.Resolve(command.Field, collection.Property(PropertyRules.TimeZone)), SchemaDecisions.MaxFieldId(collection));
        return Change(collection with { Schema = schema, SchemaUpdatedAt = context.Now }, CollectionAspect.Schema, schema.Fields[^1].Id);
    }
}
