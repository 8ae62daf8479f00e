using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Resources;
using Milvus.Coordinator.Schema;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class LoadDecisions
{
    // What LoadCollection and LoadPartitions have in common.
    private sealed record Request(int Replicas, ImmutableArray<string> Fields, bool SkipDynamicField, ImmutableArray<string> ResourceGroups, string What);

    public static Decision Decide(Catalog catalog, LoadCollection command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        if (command.Refresh) return Refresh(collection);
        var spec = MakeSpec(catalog, collection, new(command.Replicas, command.Fields, command.SkipDynamicField, command.ResourceGroups, "collection"), context);
        if (collection.Load is { PartitionIds.IsEmpty: true }) return new Decision.Unchanged(collection.Id);
        return Change(collection with { Load = spec with { PartitionIds = [] } }, CollectionAspect.Load);
    }

    public static Decision Decide(Catalog catalog, LoadPartitions command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        PartitionDecisions.CheckNoPartitionKey(collection, "load partitions");
        if (collection.Indexes.IsEmpty) throw RuleErrors.NoIndex(collection.Name);
        if (command.Partitions.IsEmpty) throw MilvusException.InvalidParameter("failed to load partition, due to no partition specified");
        var ids = command.Partitions.Select(p => GetPartition(collection, p).Id).ToArray();
        if (command.Refresh) return Refresh(collection);
        var spec = MakeSpec(catalog, collection, new(command.Replicas, command.Fields, command.SkipDynamicField, command.ResourceGroups, "partitions"), context);
        if (collection.Load is { } load && ids.All(load.Includes)) return new Decision.Unchanged(collection.Id);
        var before = collection.Load?.PartitionIds ?? [];
        return Change(collection with { Load = spec with { PartitionIds = [.. before.Union(ids).Order()] } }, CollectionAspect.Load);
    }

    private static Decision Refresh(CollectionInfo collection) =>
        collection.Load is null ? throw RuleErrors.CollectionNotLoaded(collection.Name) : new Decision.Unchanged(collection.Id);

    private static LoadSpec MakeSpec(Catalog catalog, CollectionInfo collection, Request request, DecisionContext context)
    {
        var fields = ChooseFields(collection, request);
        CheckIndexes(collection, fields);
        var groups = ChooseGroups(catalog, collection, request);
        var replicas = ChooseReplicas(catalog, collection, request, groups);
        if (collection.Load is { } load)
        {
            if (request.Replicas > 0 && load.Replicas != request.Replicas)
                throw MilvusException.InvalidParameter($"can't change the replica number for loaded {request.What}", load.Replicas, request.Replicas);
            // Which fields to load is a hint.
            return load;
        }
        if (context.QueryNodes is { } nodes && replicas > nodes)
            throw new MilvusException(ErrorCode.ResourceInsufficient, $"when load {replicas} replica count: service resource insufficient[currentQueryNode={nodes}][expectedQueryNode={replicas}]");
        ImmutableArray<string> places = groups.Length == 1 ? [.. Enumerable.Repeat(groups[0], replicas)] : groups;
        CheckNodes(catalog, places, context);
        return new LoadSpec { Replicas = replicas, FieldIds = fields, ResourceGroups = places };
    }

    // Two replicas on one node would be one.
    private static void CheckNodes(Catalog catalog, ImmutableArray<string> groups, DecisionContext context)
    {
        if (context.QueryNodes is not { } nodes) return;
        var shares = NodeShares.Of(catalog.ResourceGroups, nodes);
        foreach (var group in groups.GroupBy(g => g, StringComparer.Ordinal))
        {
            var (held, expected) = (shares[group.Key], group.Count());
            if (held < expected)
                throw new MilvusException(ErrorCode.ResourceGroupNodeNotEnough, $"resource group node not enough[rg={group.Key}][currentNodeNum={held}][expectedNodeNum={expected}]");
        }
    }

    private static void CheckIndexes(CollectionInfo collection, ImmutableArray<long> fields)
    {
        if (collection.Indexes.IsEmpty) throw RuleErrors.NoIndex(collection.Name);
        var missing = collection.Schema.VectorFields
            .Where(f => (fields.IsEmpty || fields.Contains(f.Id)) && collection.FindIndexOnField(f.Id) is null)
            .Select(f => f.Name).ToArray();
        if (missing.Length > 0)
            throw MilvusException.InvalidParameter($"there is no vector index on field: [{string.Join(" ", missing)}], please create index firstly");
    }

    // Empty means all: the usual case, and it includes fields added later.
    private static ImmutableArray<long> ChooseFields(CollectionInfo collection, Request request)
    {
        var schema = collection.Schema;
        if (request.Fields.IsEmpty)
        {
            var loaded = schema.Fields.Where(f => !SchemaRules.SkipsLoad(f) && !(f.IsDynamic && request.SkipDynamicField)).Select(f => f.Id).ToImmutableArray();
            return loaded.Length == schema.Fields.Length ? [] : loaded;
        }
        var asked = request.Fields.Select(name => GetField(collection, name)).ToHashSet();
        var list = string.Join(" ", request.Fields);
        if (!asked.Contains(schema.PrimaryKey)) throw MilvusException.InvalidParameter($"load field list [{list}] does not contain primary key field {schema.PrimaryKey.Name}");
        if (schema.PartitionKey is { } partitionKey && !asked.Contains(partitionKey))
            throw MilvusException.InvalidParameter($"load field list [{list}] does not contain partition key field {partitionKey.Name}");
        if (schema.Fields.FirstOrDefault(f => f.IsClusteringKey) is { } clusteringKey && !asked.Contains(clusteringKey))
            throw MilvusException.InvalidParameter($"load field list [{list}] does not contain clustering key field {clusteringKey.Name}");
        if (!asked.Any(f => f.Type.IsVector())) throw MilvusException.InvalidParameter($"load field list [{list}] does not contain vector field");
        if (schema.DynamicField is { } dynamic)
        {
            if (asked.Contains(dynamic) && request.SkipDynamicField) throw MilvusException.InvalidParameter("load field list contains dynamic field while skip_load_dynamic_field is set");
            if (!request.SkipDynamicField) asked.Add(dynamic);
        }
        return asked.Count == schema.Fields.Length ? [] : [.. asked.Select(f => f.Id).Order()];
    }

    private static ImmutableArray<string> ChooseGroups(Catalog catalog, CollectionInfo collection, Request request)
    {
        var groups = request.ResourceGroups;
        if (groups.IsEmpty) groups = Split(collection.Property(PropertyRules.CollectionResourceGroups));
        if (groups.IsEmpty) groups = Split(catalog.FindDatabase(collection.DatabaseId)?.Properties.Get(PropertyRules.DatabaseResourceGroups));
        if (groups.IsEmpty) return [ResourceGroupInfo.DefaultName];
        foreach (var group in groups) catalog.GetResourceGroup(group);
        return groups;
    }

    private static ImmutableArray<string> Split(string? list) => list is null ? [] : [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static int ChooseReplicas(Catalog catalog, CollectionInfo collection, Request request, ImmutableArray<string> groups)
    {
        var replicas = request.Replicas > 0 ? request.Replicas
            : PropertyRules.Count(collection.Properties, PropertyRules.CollectionReplicas)
            ?? PropertyRules.Count(catalog.FindDatabase(collection.DatabaseId)?.Properties ?? [], PropertyRules.DatabaseReplicas)
            ?? collection.Load?.Replicas ?? 1;
        if (replicas > LoadSpec.MaxReplicas)
            throw MilvusException.InvalidParameter("replica number is too large", $"at most {LoadSpec.MaxReplicas}", replicas);
        if (groups.Length > 1 && groups.Length != replicas)
            throw MilvusException.InvalidParameter("resource group num can only be 0, 1 or same as replica number", replicas, groups.Length);
        return replicas;
    }

    public static Decision Decide(Catalog catalog, ReleaseCollection command)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        return collection.Load is null ? new Decision.Unchanged(collection.Id) : Change(collection with { Load = null }, CollectionAspect.Load);
    }

    public static Decision Decide(Catalog catalog, ReleasePartitions command)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        PartitionDecisions.CheckNoPartitionKey(collection, "release partitions");
        if (command.Partitions.IsEmpty)
            throw new MilvusException(ErrorCode.InvalidParameter, "invalid parameter[expected=any partition][actual=empty partition list]") { IsInputError = true };
        var released = command.Partitions.Select(p => GetPartition(collection, p).Id).ToArray();
        if (collection.Load is not { } load || !released.Any(load.Includes)) return new Decision.Unchanged(collection.Id);
        var before = load.PartitionIds.IsEmpty ? collection.Partitions.Select(p => p.Id) : load.PartitionIds;
        ImmutableArray<long> remaining = [.. before.Except(released).Order()];
        return Change(collection with { Load = remaining.IsEmpty ? null : load with { PartitionIds = remaining } }, CollectionAspect.Load);
    }
}
