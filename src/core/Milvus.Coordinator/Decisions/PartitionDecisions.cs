using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Names;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class PartitionDecisions
{
    public static Decision Decide(Catalog catalog, CreatePartition command, DecisionContext context)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        NameRules.CheckPartition(command.Partition);
        ExternalRules.Refuse(collection, "create partition");
        CheckNoPartitionKey(collection, "create partition");
        if (collection.FindPartition(command.Partition) is { } existing) return new Decision.Unchanged(existing.Id);
        if (collection.Partitions.Length >= Limits.Partitions)
            throw MilvusException.InvalidParameter($"partition number ({collection.Partitions.Length}) exceeds max configuration ({Limits.Partitions}), collection: {collection.Name}");
        CollectionDecisions.CheckGeneralCapacity(catalog, collection.ShardCount);
        var partition = new PartitionInfo(context.Ids.NextId(), command.Partition, context.Now);
        return Change(collection with { Partitions = collection.Partitions.Add(partition) }, CollectionAspect.Partitions, partition.Id);
    }

    public static Decision Decide(Catalog catalog, DropPartition command)
    {
        var collection = catalog.GetCollection(command.Database, command.Collection);
        NameRules.CheckPartition(command.Partition);
        ExternalRules.Refuse(collection, "drop partition");
        CheckNoPartitionKey(collection, "drop partition");
        if (command.Partition == Limits.DefaultPartition) throw MilvusException.InvalidParameter("default partition cannot be deleted");
        if (collection.FindPartition(command.Partition) is not { } partition) return Unchanged;
        if (collection.Load is { } load && load.Includes(partition.Id))
            throw MilvusException.InvalidParameter("partition cannot be dropped, partition is loaded, please release it first");
        return Change(collection with { Partitions = collection.Partitions.Remove(partition) }, CollectionAspect.Partitions, partition.Id);
    }

    public static void CheckNoPartitionKey(CollectionInfo collection, string what)
    {
        if (collection.Schema.PartitionKey is not null) throw MilvusException.InvalidParameter($"disable {what} if partition key mode is used");
    }
}
