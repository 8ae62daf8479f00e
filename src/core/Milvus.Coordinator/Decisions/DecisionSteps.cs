using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Coordinator.Decisions;

/// <summary>Steps that several decisions share. They throw <see cref="MilvusException"/>, which rejects the command.</summary>
internal static class DecisionSteps
{
    public static readonly Decision Unchanged = new Decision.Unchanged();

    public static Decision Accept(long id, params ImmutableArray<CatalogEvent> events) => new Decision.Accepted(events, id);

    public static Decision Change(CollectionInfo collection, CollectionAspect aspect, long id = 0) =>
        new Decision.Accepted([new CollectionAltered(collection, aspect)], id == 0 ? collection.Id : id);

    /// <summary>Finds a collection by its own name; an alias gives <paramref name="aliasError"/>.</summary>
    public static CollectionInfo GetByOwnName(Catalog catalog, string database, string name, Func<string> aliasError)
    {
        var collection = catalog.GetAnyCollection(database, name);
        return collection.Name == name ? collection : throw MilvusException.InvalidParameter(aliasError());
    }

    public static PartitionInfo GetPartition(CollectionInfo collection, string name) =>
        collection.FindPartition(name) ?? throw RuleErrors.PartitionNotFound(name);

    public static FieldSchema GetField(CollectionInfo collection, string name) =>
        collection.Schema.Find(name) ?? throw RuleErrors.FieldNotFound(name);

    public static void CheckOneOfBoth(bool sets, bool deletes, string what)
    {
        if (sets && deletes) throw MilvusException.InvalidParameter($"cannot provide both DeleteKeys and {what}");
        if (!sets && !deletes) throw MilvusException.InvalidParameter(what == "ExtraProperties" ? "no properties or delete keys provided" : $"no {what} or DeleteKeys provided");
    }
}
