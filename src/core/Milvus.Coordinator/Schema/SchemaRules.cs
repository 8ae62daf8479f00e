using System.Collections.Immutable;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Coordinator.Schema;

/// <summary>Checks draft schemas and completes them: ids, the dynamic field, marks on function outputs. Pure.</summary>
public static class SchemaRules
{
    public const long FirstFunctionId = 100;

    /// <summary>The stored schema that a client's draft stands for.</summary>
    /// <param name="collection">The collection's name, for messages.</param>
    /// <param name="draft">Fields without ids, without the dynamic field.</param>
    /// <exception cref="MilvusException">A rule is broken: 1100, 1701, 105 or 107.</exception>
    public static CollectionSchema Complete(string collection, CollectionSchema draft)
    {
        NameRules.CheckDescription(draft.Description, "collection");
        if (draft.IsExternal) draft = ExternalRules.Normalize(collection, draft);
        var structs = draft.StructFields.Select(s => (Parent: s, Fields: StructRules.Flatten(collection, s))).ToImmutableArray();
        ImmutableArray<FieldSchema> stored = [.. draft.Fields, .. structs.SelectMany(s => s.Fields)];
        CheckCounts(stored);
        // In Milvus' order: of several mistakes the one is told that clients expect.
        if (!stored.Any(f => f.Type.IsVector())) throw MilvusException.InvalidParameter("schema does not contain vector field");
        foreach (var field in stored) NameRules.CheckReserved(field.Name);
        if (!draft.IsExternal) CheckPrimaryKey(draft.Fields);
        CheckAutoIds(draft.Fields);
        foreach (var field in draft.Fields) FieldRules.CheckKind(field);
        CheckPartitionKey(draft.Fields);
        CheckClusteringKey(collection, draft.Fields);
        foreach (var field in draft.Fields) FieldRules.Check(collection, field);
        CheckDuplicates(draft.Fields, draft.StructFields);
        CheckMultiAnalyzers(draft);
        if (stored.Where(f => f.Type.IsVector()).All(SkipsLoad))
            throw MilvusException.InvalidParameter("at least one vector field must be loaded: field.skipLoad is set on all of them");
        var fields = MarkFunctionOutputs(draft);
        FunctionRules.Check(draft.With(fields: fields));
        if (draft.IsExternal) fields = fields.Insert(0, ExternalRules.Key);
        var (numbered, parents) = Number(fields, structs, draft.EnableDynamicField);
        return new CollectionSchema(
            numbered, Number(draft.Functions), parents, draft.Description, draft.EnableDynamicField, externalSource: draft.ExternalSource, externalSpec: draft.ExternalSpec);
    }

    /// <summary>The schema with one more field, a version higher.</summary>
    /// <param name="maxFieldId">The highest id that a dropped field had, 0 when there is none.</param>
    public static CollectionSchema Add(string collection, CollectionSchema schema, FieldSchema field, long maxFieldId = 0)
    {
        NameRules.CheckAdded(field.Name);
        if (field.IsPrimaryKey) throw MilvusException.InvalidParameter($"not support to add pk field, field name = {field.Name}");
        if (field.AutoId) throw MilvusException.InvalidParameter($"only primary field can speficy AutoID with true, field name = {field.Name}");
        if (field.IsPartitionKey) throw MilvusException.InvalidParameter($"not support to add partition key field, field name  = {field.Name}");
        if (field.IsDynamic) throw MilvusException.InvalidParameter($"not support to add dynamic field, field name = {field.Name}");
        if (schema.IsExternal) ExternalRules.CheckAdded(collection, schema, field);
        else if (field.ExternalField.Length > 0) throw MilvusException.InvalidParameter($"external field mapping is only for external collections, which {collection} is not, field name = {field.Name}");
        if (!field.Nullable) throw MilvusException.InvalidParameter($"added field must be nullable, please check it, field name = {field.Name}");
        if (schema.Fields.Count(f => !f.IsDynamic) >= Limits.Fields)
            throw MilvusException.InvalidParameter($"The number of fields has reached the maximum value {Limits.Fields}");
        if (field.IsClusteringKey && schema.Fields.Any(f => f.IsClusteringKey))
            throw MilvusException.InvalidParameter($"already has another clustering key field, field name: {field.Name}");
        var fields = schema.Fields.Add(field);
        CheckDuplicates(fields, schema.StructFields, ending: "");
        CheckCounts(fields.RemoveAll(f => f.IsDynamic));
        FieldRules.Check(collection, field);
        CheckClusteringKey(collection, fields);
        return schema.With(fields: schema.Fields.Add(field with { Id = NextFieldId(schema, maxFieldId), IsFunctionOutput = false }), version: schema.Version + 1);
    }

    /// <summary>The schema with one more array of structs, a version higher.</summary>
    public static CollectionSchema Add(string collection, CollectionSchema schema, StructFieldSchema parent, long maxFieldId = 0)
    {
        if (!parent.Nullable) throw MilvusException.InvalidParameter($"added struct field must be nullable, please check it, struct field name = {parent.Name}");
        NameRules.CheckAdded(parent.Name);
        foreach (var sub in parent.Fields) NameRules.CheckAdded(sub.Name);
        var fields = StructRules.Flatten(collection, parent);
        CheckDuplicates(schema.Fields, schema.StructFields.Add(parent), ending: "");
        CheckCounts([.. schema.Fields.RemoveAll(f => f.IsDynamic), .. fields]);
        var next = NextFieldId(schema, maxFieldId);
        return schema.With(
            fields: [.. schema.Fields, .. fields.Select((f, i) => f with { Id = next + 1 + i })],
            structFields: schema.StructFields.Add(parent with { Id = next, Fields = [] }),
            version: schema.Version + 1);
    }

    /// <summary>The schema with one more function, with output fields that it may not have yet, a version higher.</summary>
    public static CollectionSchema Add(string collection, CollectionSchema schema, FunctionSchema function, ImmutableArray<FieldSchema> outputs, long maxFieldId = 0)
    {
        var fields = schema.Fields;
        var next = NextFieldId(schema, maxFieldId);
        foreach (var output in outputs)
        {
            FieldRules.Check(collection, output);
            fields = fields.Add(output with { Id = next++ });
        }
        CheckDuplicates(fields, schema.StructFields);
        CheckCounts(fields.RemoveAll(f => f.IsDynamic));
        fields = [.. fields.Select(f => function.OutputFields.Contains(f.Name) ? f with { IsFunctionOutput = true } : f)];
        var id = schema.Functions.IsEmpty ? FirstFunctionId : schema.Functions.Max(f => f.Id) + 1;
        var added = schema.With(fields: fields, functions: schema.Functions.Add(function with { Id = id }), version: schema.Version + 1);
        FunctionRules.Check(added);
        return added;
    }

    /// <summary>Checks a field of a stored schema after a change.</summary>
    public static void CheckChanged(string collection, CollectionSchema schema, FieldSchema field)
    {
        if (schema.ParentOf(field) is null) FieldRules.Check(collection, field);
        else StructRules.CheckSub(collection, field);
    }

    /// <summary>The schema with the dynamic field switched on, a version higher.</summary>
    public static CollectionSchema AddDynamicField(CollectionSchema schema, long maxFieldId = 0) =>
        schema.With(fields: schema.Fields.Add(DynamicField(NextFieldId(schema, maxFieldId))), enableDynamicField: true, version: schema.Version + 1);

    /// <summary>True for fields that clients want left on disk: <c>field.skipLoad</c>.</summary>
    public static bool SkipsLoad(FieldSchema field) => string.Equals(field.Param("field.skipLoad"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>True when two schemas are the same to a client, whatever their versions.</summary>
    public static bool AreEqual(CollectionSchema a, CollectionSchema b) =>
        a.Description == b.Description && a.ExternalSource == b.ExternalSource && a.ExternalSpec == b.ExternalSpec && a.EnableDynamicField == b.EnableDynamicField && a.Fields.SequenceEqual(b.Fields)
        && a.StructFields.SequenceEqual(b.StructFields) && a.Functions.Length == b.Functions.Length && a.Functions.Zip(b.Functions).All(p => AreEqual(p.First, p.Second));

    private static bool AreEqual(FunctionSchema a, FunctionSchema b) =>
        a.Name == b.Name && a.Description == b.Description && a.Type == b.Type && a.InputFields.SequenceEqual(b.InputFields)
        && a.OutputFields.SequenceEqual(b.OutputFields) && a.Params.SequenceEqual(b.Params);

    private static void CheckCounts(ImmutableArray<FieldSchema> fields)
    {
        if (fields.Length > Limits.Fields)
            throw MilvusException.InvalidParameter($"maximum field's number should be limited to {Limits.Fields}");
        if (fields.Count(f => f.Type.IsVector()) > Limits.VectorFields)
            throw MilvusException.InvalidParameter($"maximum vector field's number should be limited to {Limits.VectorFields}");
    }

    private static void CheckDuplicates(ImmutableArray<FieldSchema> fields, ImmutableArray<StructFieldSchema> structs, string ending = " found")
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in fields.Select(f => f.Name).Concat(structs.Select(s => s.Name)))
            if (!seen.Add(name)) throw MilvusException.InvalidParameter($"duplicated field name {name}{ending}");
    }

    private static void CheckPrimaryKey(ImmutableArray<FieldSchema> fields)
    {
        FieldSchema? key = null;
        foreach (var field in fields)
        {
            if (!field.IsPrimaryKey) continue;
            if (key is not null) throw MilvusException.InvalidParameter($"there are more than one primary key, field name = {key.Name}, {field.Name}");
            if (field.Type is not (DataType.Int64 or DataType.VarChar))
                throw MilvusException.InvalidParameter("the data type of primary key should be Int64 or VarChar");
            key = field;
        }
        if (key is null) throw MilvusException.InvalidParameter("primary key is not specified");
    }

    private static void CheckAutoIds(ImmutableArray<FieldSchema> fields)
    {
        FieldSchema? first = null;
        foreach (var field in fields.Where(f => f.AutoId))
        {
            if (first is not null) throw MilvusException.InvalidParameter($"only one field can speficy AutoID with true, field name = {first.Name}, {field.Name}");
            if (!field.IsPrimaryKey) throw MilvusException.InvalidParameter($"only primary field can speficy AutoID with true, field name = {field.Name}");
            first = field;
        }
    }

    private static void CheckPartitionKey(ImmutableArray<FieldSchema> fields)
    {
        FieldSchema? key = null;
        foreach (var field in fields.Where(f => f.IsPartitionKey))
        {
            if (key is not null) throw MilvusException.InvalidParameter($"there are more than one partition key, field name = {key.Name}, {field.Name}");
            if (field.IsPrimaryKey) throw MilvusException.InvalidParameter($"the partition key field must not be primary field, field name = {field.Name}");
            if (field.Type is not (DataType.Int64 or DataType.VarChar))
                throw MilvusException.InvalidParameter("the data type of partition key should be Int64 or VarChar");
            key = field;
        }
    }

    private static void CheckClusteringKey(string collection, ImmutableArray<FieldSchema> fields)
    {
        FieldSchema? key = null;
        foreach (var field in fields.Where(f => f.IsClusteringKey))
        {
            if (key is not null) throw RuleErrors.IllegalSchema(collection, $"there are more than one clustering key, field name = {key.Name}, {field.Name}");
            if (field.Type.IsVector())
                throw new MilvusException(ErrorCode.VectorClusteringKeyNotAllowed, $"vector clustering key not allowed[collection={collection}]") { IsInputError = true };
            if (!field.Type.IsNumeric() && field.Type != DataType.VarChar)
                throw RuleErrors.IllegalSchema(collection, $"the data type of clustering key should be Int8, Int16, Int32, Int64, Float, Double or VarChar, field name = {field.Name}");
            key = field;
        }
    }

    // The field that chooses the analyzer of each row.
    private static void CheckMultiAnalyzers(CollectionSchema draft)
    {
        foreach (var field in draft.Fields)
        {
            if (field.Param("multi_analyzer_params") is not { } text) continue;
            var chooser = MultiAnalyzer.Parse(text).ByField;
            if (draft.Find(chooser) is not { Type: DataType.VarChar })
                throw MilvusException.InvalidParameter($"multi analyzer of field {field.Name} depends on field {chooser}, which is not a VarChar field of the schema");
        }
    }

    private static ImmutableArray<FieldSchema> MarkFunctionOutputs(CollectionSchema draft)
    {
        var outputs = draft.Functions.SelectMany(f => f.OutputFields).ToHashSet(StringComparer.Ordinal);
        return [.. draft.Fields.Select(f => f with { IsFunctionOutput = outputs.Contains(f.Name) })];
    }

    // Structs take ids too, each before its sub-fields.
    private static (ImmutableArray<FieldSchema> Fields, ImmutableArray<StructFieldSchema> Parents) Number(
        ImmutableArray<FieldSchema> fields, ImmutableArray<(StructFieldSchema Parent, ImmutableArray<FieldSchema> Fields)> structs, bool dynamic)
    {
        var numbered = ImmutableArray.CreateBuilder<FieldSchema>();
        var parents = ImmutableArray.CreateBuilder<StructFieldSchema>(structs.Length);
        var next = FieldIds.FirstUser;
        foreach (var field in fields) numbered.Add(field with { Id = next++ });
        foreach (var (parent, subs) in structs)
        {
            parents.Add(parent with { Id = next++, Fields = [] });
            foreach (var sub in subs) numbered.Add(sub with { Id = next++ });
        }
        if (dynamic) numbered.Add(DynamicField(next));
        return (numbered.ToImmutable(), parents.MoveToImmutable());
    }

    private static ImmutableArray<FunctionSchema> Number(ImmutableArray<FunctionSchema> functions) =>
        [.. functions.Select((f, i) => f with { Id = FirstFunctionId + i })];

    private static FieldSchema DynamicField(long id) => new()
    {
        Id = id,
        Name = FieldIds.DynamicName,
        Description = "dynamic schema",
        Type = DataType.Json,
        IsDynamic = true,
        Nullable = true,
        Default = new Literal.Text("{}"),
    };

    /// <summary>The id that the next field gets.</summary>
    public static long NextFieldId(CollectionSchema schema, long maxFieldId = 0) =>
        1 + Math.Max(maxFieldId, Math.Max(schema.Fields.Max(f => f.Id), schema.StructFields.Select(s => s.Id).DefaultIfEmpty(0).Max()));
}
