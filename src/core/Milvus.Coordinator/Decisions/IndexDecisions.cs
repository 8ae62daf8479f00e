using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Indexes;
using Milvus.Coordinator.Names;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class IndexDecisions
{
    private static readonly ImmutableArray<string> Alterable = ["mmap.enabled", "indexoffsetcache.enabled", "warmup"];

    public static Decision Decide(Catalog catalog, CreateIndex command, DecisionContext context)
    {
        var collection = catalog.GetAnyCollection(command.Database, command.Collection);
        var (planned, existing) = Plan(collection, command);
        if (existing is not null) return new Decision.Unchanged(existing.Id);
        var index = planned with { Id = context.Ids.NextId(), CreatedAt = context.Now };
        return Change(collection with { Indexes = collection.Indexes.Add(index) }, CollectionAspect.Indexes, index.Id);
    }

    /// <summary>The collection with one more index, or as it is when it has it.</summary>
    public static CollectionInfo Add(CollectionInfo collection, CreateIndex command, DecisionContext context)
    {
        var (planned, existing) = Plan(collection, command);
        return existing is not null ? collection : collection with { Indexes = collection.Indexes.Add(planned with { Id = context.Ids.NextId(), CreatedAt = context.Now }) };
    }

    /// <summary>Throws what creating these indexes one after the other would throw.</summary>
    public static void Check(CollectionInfo collection, ImmutableArray<CreateIndex> commands)
    {
        foreach (var command in commands)
        {
            var (planned, existing) = Plan(collection, command);
            if (existing is null) collection = collection with { Indexes = collection.Indexes.Add(planned) };
        }
    }

    // The index without its id and time, and the one that is it already.
    private static (IndexInfo Planned, IndexInfo? Existing) Plan(CollectionInfo collection, CreateIndex command)
    {
        var field = FindField(collection, command.Field);
        if (command.IndexName.Length > 0) NameRules.CheckIndex(command.IndexName);
        var draft = IndexRules.Check(field, command.Field, command.IndexName, command.Params);
        var path = PathOf(field, draft);
        var name = command.IndexName.Length > 0 ? command.IndexName : DefaultName(collection, field, path, command.Field);
        foreach (var existing in collection.Indexes)
        {
            var sameTarget = existing.FieldId == field.Id && PathOf(field, existing) == path;
            if (existing.Name == name)
            {
                return sameTarget && AsksForTheSame(existing, draft)
                    ? (draft, existing)
                    : throw MilvusException.InvalidParameter("CreateIndex failed: at most one distinct index is allowed per field");
            }
            if (sameTarget) throw MilvusException.InvalidParameter("CreateIndex failed: creating multiple indexes on same field is not supported");
        }
        return (draft with { Name = name }, null);
    }

    // A name that is no field may be a key of the dynamic field.
    private static FieldSchema FindField(CollectionInfo collection, string name)
    {
        if (collection.Schema.Find(name) is { } field) return field;
        var bracket = name.IndexOf('[', StringComparison.Ordinal);
        if (bracket > 0 && collection.Schema.Find(name[..bracket]) is { Type: DataType.Json } json) return json;
        return collection.Schema.DynamicField is { } dynamic && name.Length > 0
            ? dynamic
            : throw MilvusException.InvalidParameter($"cannot create index on non-exist field: {name}");
    }

    private static string PathOf(FieldSchema field, IndexInfo index) =>
        field.Type == DataType.Json ? JsonPaths.Normalize(field, index.BuildParams["json_path"]) : "";

    private static string DefaultName(CollectionInfo collection, FieldSchema field, string path, string requested)
    {
        if (collection.Indexes.FirstOrDefault(i => i.FieldId == field.Id && PathOf(field, i) == path) is { } existing) return existing.Name;
        if (field.Type != DataType.Json || path.Length == 0) return requested;
        return field.Name + path;
    }

    private static bool AsksForTheSame(IndexInfo a, IndexInfo b) =>
        a.IndexType == b.IndexType && a.Metric == b.Metric && Significant(a).SequenceEqual(Significant(b));

    // Parameters that AlterIndex may change make no other index.
    private static IEnumerable<KeyValuePair<string, string>> Significant(IndexInfo index) => index.BuildParams.Where(p => !Alterable.Contains(p.Key));

    public static Decision Decide(Catalog catalog, DropIndex command)
    {
        var collection = catalog.GetAnyCollection(command.Database, command.Collection);
        var dropped = collection.Indexes.Where(i => command.IndexName.Length > 0 ? i.Name == command.IndexName : command.Field.Length == 0 || i.FieldName == command.Field).ToImmutableArray();
        if (dropped.IsEmpty) return Unchanged;
        if (command.IndexName.Length == 0 && command.Field.Length > 0 && dropped.Length > 1)
            throw new MilvusException(ErrorCode.IndexDuplicate, $"there are multiple indexes on field {command.Field}, please specify the index_name: index duplicates[collection={collection.Name}]");
        if (collection.Load is not null && dropped.Any(i => collection.Schema.Find(i.FieldId)?.Type.IsVector() == true))
            throw MilvusException.InvalidParameter($"vector index cannot be dropped on loaded collection: {collection.Id}");
        return Change(collection with { Indexes = collection.Indexes.RemoveRange(dropped) }, CollectionAspect.Indexes, dropped[0].Id);
    }

    public static Decision Decide(Catalog catalog, AlterIndex command)
    {
        var collection = catalog.GetAnyCollection(command.Database, command.Collection);
        CheckOneOfBoth(!command.SetParams.IsEmpty, !command.DeleteKeys.IsEmpty, "ExtraParams");
        if (command.IndexName.Length == 0) throw MilvusException.InvalidParameter("index name should not be empty");
        foreach (var key in command.SetParams.Select(p => p.Key).Concat(command.DeleteKeys))
            if (!Alterable.Contains(key)) throw MilvusException.InvalidParameter($"{key} is not a configable index property");
        IndexRules.CheckCommon(command.SetParams.Select(p => KeyValuePair.Create(p.Key, p.Value)));
        if (collection.Load is not null)
            throw RuleErrors.CollectionLoaded(collection.Name, "can't alter index on loaded collection, please release the collection first");
        var index = IndexRules.Select(collection, command.IndexName)[0];
        var altered = index with
        {
            Params = index.Params.Edit(command.SetParams, command.DeleteKeys),
            BuildParams = index.BuildParams.SetItems(command.SetParams.Select(p => KeyValuePair.Create(p.Key, p.Value))).RemoveRange(command.DeleteKeys),
            Version = index.Version + 1,
        };
        return altered.Params.SequenceEqual(index.Params)
            ? new Decision.Unchanged(index.Id)
            : Change(collection with { Indexes = collection.Indexes.Replace(index, altered) }, CollectionAspect.Indexes, index.Id);
    }
}
