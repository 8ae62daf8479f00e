using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class CollectionDecisions
{
    public static Decision Decide(Catalog catalog, CreateCollection command, DecisionContext context)
    {
        NameRules.CheckCollection(command.Collection);
        var database = catalog.GetDatabase(command.Database);
        var collection = Build(database, command, context);
        if (catalog.FindCollectionByName(database.Id, command.Collection) is { } existing)
        {
            return IsSame(existing, collection, command.Partitions)
                ? new Decision.Unchanged(existing.Id)
                : throw MilvusException.InvalidParameter($"create duplicate collection with different parameters, collection: {command.Collection}");
        }
        if (catalog.FindCollectionByAlias(database.Id, command.Collection) is not null)
            throw AliasDecisions.Conflict(database, command.Collection, $"collection name [{command.Collection}] conflicts with an existing alias, please choose a unique name");
        CheckCapacity(catalog, database, collection);
        IndexDecisions.Check(collection, command.FollowedBy);
        collection = collection with { Id = context.Ids.NextId(), Partitions = MakePartitions(collection.Schema, command.Partitions, context) };
        return Accept(collection.Id, new CollectionCreated(collection));
    }

    // Without id and partitions: these are made only when the collection is.
    private static CollectionInfo Build(DatabaseInfo database, CreateCollection command, DecisionContext context)
    {
        if (command.Shards > Limits.Shards) throw MilvusException.InvalidParameter($"maximum shards's number should be limited to {Limits.Shards}");
        if (!Enum.IsDefined(command.ConsistencyLevel)) throw MilvusException.InvalidParameter($"invalid consistency level: {(int)command.ConsistencyLevel}");
        PropertyRules.CheckCollection(command.Properties);
        var properties = command.Properties.Distinct();
        var level = command.ConsistencyLevel;
        var draft = command.Schema;
        if (properties.Get(PropertyRules.ConsistencyLevelKey) is { } named) level = PropertyRules.ParseConsistencyLevel(named);
        if (properties.Get(PropertyRules.Description) is { } description) draft = draft.With(description: description);
        if (PropertyRules.IsTrue(properties.Get(PropertyRules.DynamicField))) draft = draft.With(enableDynamicField: true);
        properties = properties.RemoveAll(p => p.Key is PropertyRules.ConsistencyLevelKey or PropertyRules.Description or PropertyRules.DynamicField);
        if (properties.Get(PropertyRules.TimeZone) is null)
            properties = properties.Set(PropertyRules.TimeZone, database.Properties.Get(PropertyRules.TimeZone) ?? "UTC");
        var schema = SchemaRules.Complete(command.Collection, TimeDefaults.Resolve(draft, properties.Get(PropertyRules.TimeZone)));
        schema = NamespaceRules.Complete(command.Collection, schema, properties);
        if (schema.IsExternal && command.Shards > 1) throw MilvusException.InvalidParameter($"external collection does not support multiple shards, got ShardsNum={command.Shards}");
        CheckPartitionCount(schema, command.Partitions);
        CheckIsolation(schema, properties);
        PropertyRules.CheckExpiry(schema, properties);
        return new CollectionInfo
        {
            Id = 0,
            DatabaseId = database.Id,
            DatabaseName = database.Name,
            Name = command.Collection,
            Schema = schema,
            ShardCount = Math.Max(1, command.Shards),
            ConsistencyLevel = level,
            Properties = properties,
            CreatedAt = context.Now,
            SchemaUpdatedAt = context.Now,
        };
    }

    private static void CheckPartitionCount(CollectionSchema schema, long partitions)
    {
        if (partitions < 0) throw MilvusException.InvalidParameter("the specified partitions should be greater than 0 if partition key is used");
        // Clients send 1 for "no partition key" as well as 0.
        if (schema.PartitionKey is null && partitions > 1)
            throw MilvusException.InvalidParameter("num_partitions should only be specified with partition key field enabled");
        if (partitions > Limits.Partitions)
            throw MilvusException.InvalidParameter($"partition number ({partitions}) exceeds max configuration ({Limits.Partitions})");
    }

    public static void CheckIsolation(CollectionSchema schema, ImmutableArray<Property> properties)
    {
        if (PropertyRules.IsTrue(properties.Get(PropertyRules.PartitionKeyIsolation)) && schema.PartitionKey is null)
            throw MilvusException.InvalidParameter("partition key isolation mode is enabled but no partition key field is set. Please set the partition key first");
    }

    private static bool IsSame(CollectionInfo existing, CollectionInfo wanted, long partitions)
    {
        var count = wanted.Schema.PartitionKey is null ? 1 : EffectivePartitions(partitions);
        return SchemaRules.AreEqual(existing.Schema, wanted.Schema) && existing.ShardCount == wanted.ShardCount
            && existing.ConsistencyLevel == wanted.ConsistencyLevel
            && existing.Properties.ToHashSet().SetEquals(wanted.Properties)
            && (wanted.Schema.PartitionKey is null || existing.Partitions.Length == count);
    }

    private static int EffectivePartitions(long asked) => asked == 0 ? Limits.DefaultPartitionKeyPartitions : (int)asked;

    internal static void CheckCapacity(Catalog catalog, DatabaseInfo database, CollectionInfo collection)
    {
        var limit = PropertyRules.Count(database.Properties, PropertyRules.DatabaseMaxCollections) ?? Limits.Collections;
        var inDatabase = catalog.AllCollections.Count(c => c.DatabaseId == database.Id);
        if (catalog.CollectionCount >= Limits.Collections || inDatabase >= limit)
            throw new MilvusException(ErrorCode.CollectionLimitExceeded, $"exceeded the limit number of collections[dbName={database.Name}][limit={Math.Min(limit, Limits.Collections)}]");
        CheckGeneralCapacity(catalog, collection.ShardCount);
    }

    /// <summary>The sum of shards × partitions over all collections is limited.</summary>
    public static void CheckGeneralCapacity(Catalog catalog, long more)
    {
        var used = catalog.AllCollections.Sum(c => (long)c.ShardCount * c.Partitions.Length);
        if (used + more > Limits.GeneralCapacity)
            throw new MilvusException(ErrorCode.GeneralCapacityExceeded, $"exceeded the max general capacity: general capacity exceeded[generalMetaNum={used + more}][limit={Limits.GeneralCapacity}]");
    }

    private static ImmutableArray<PartitionInfo> MakePartitions(CollectionSchema schema, long asked, DecisionContext context)
    {
        if (schema.PartitionKey is null) return [new(context.Ids.NextId(), Limits.DefaultPartition, context.Now)];
        return [.. Enumerable.Range(0, EffectivePartitions(asked)).Select(i => new PartitionInfo(context.Ids.NextId(), $"{Limits.DefaultPartition}_{i}", context.Now))];
    }

    public static Decision Decide(Catalog catalog, DropCollection command)
    {
        if (!catalog.TryResolveCollection(command.Database, command.Collection, out var collection)) return Unchanged;
        if (collection.Name != command.Collection) throw MilvusException.InvalidParameter($"cannot drop the collection via alias = {command.Collection}");
        if (!collection.Aliases.IsEmpty)
        {
            throw MilvusException.InvalidParameter(
                $"unable to drop the collection {collection.Name} because it has associated aliases [{string.Join(" ", collection.Aliases)}]. Please remove all associated aliases before attempting to drop the collection");
        }
        return Accept(collection.Id, new CollectionDropped(collection));
    }

    public static Decision Decide(Catalog catalog, RenameCollection command)
    {
        var collection = GetByOwnName(catalog, command.Database, command.Collection, () => $"unsupported use an alias to rename collection, alias:{command.Collection}");
        NameRules.CheckCollection(command.NewName);
        var target = command.NewDatabase.Length == 0 ? catalog.GetDatabase(command.Database) : catalog.GetDatabase(command.NewDatabase);
        if (target.Id == collection.DatabaseId && command.NewName == collection.Name)
            throw MilvusException.InvalidParameter("collection name or database name should be different");
        if (target.Id != collection.DatabaseId && !collection.Aliases.IsEmpty)
            throw MilvusException.InvalidParameter("fail to rename db name, must drop all aliases of this collection before rename");
        if (catalog.FindCollectionByAlias(target.Id, command.NewName) is not null)
            throw AliasDecisions.Conflict(target, command.NewName, $"cannot rename collection to an existing alias: {command.NewName}");
        if (catalog.TryResolveCollection(target.Name, command.NewName, out _))
            throw MilvusException.InvalidParameter($"duplicated new collection name {target.Name}:{command.NewName} with other collection name or alias");
        return Change(collection with { Name = command.NewName, DatabaseId = target.Id, DatabaseName = target.Name }, CollectionAspect.Name);
    }

    public static Decision Decide(Catalog catalog, TruncateCollection command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        if (collection.Schema.IsExternal)
            throw MilvusException.InvalidParameter("truncate is not supported on external collections; use RefreshExternalCollection to refresh the data view, or DropCollection to remove it");
        return Change(collection with { TruncatedAt = context.Now }, CollectionAspect.Content);
    }
}
