using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Protocol;

namespace Milvus.Api.Grpc.Calls;

internal static class PartitionCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreatePartition", CreatePartitionRequest.Parser, (request, call) =>
                new CreatePartition(call.Database(request.DbName), request.CollectionName, request.PartitionName))
            .Command("DropPartition", DropPartitionRequest.Parser, (request, call) =>
                new DropPartition(call.Database(request.DbName), request.CollectionName, request.PartitionName))
            .Add("HasPartition", HasPartitionRequest.Parser, (_, status) => new BoolResponse { Status = status }, (request, call) =>
            {
                // Names that cannot be are told before a collection that is not there.
                NameRules.CheckCollection(request.CollectionName);
                NameRules.CheckPartition(request.PartitionName);
                var collection = proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                return new BoolResponse { Status = StatusMapping.Ok(), Value = collection.FindPartition(request.PartitionName) is not null };
            })
            .Add("ShowPartitions", ShowPartitionsRequest.Parser, (_, status) => new ShowPartitionsResponse { Status = status }, async (request, call) =>
            {
                var collection = request.CollectionName.Length == 0 && request.CollectionID != 0
                    ? proxy.Catalog.GetCollection(request.CollectionID)
                    : proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                var partitions = request.PartitionNames.Count > 0
                    ? request.PartitionNames.Select(collection.GetPartition)
                    : collection.Partitions;

                var answer = new ShowPartitionsResponse { Status = StatusMapping.Ok() };
                foreach (var partition in partitions)
                {
                    var loaded = collection.Load is { } load && load.Includes(partition.Id);
                    if (request.Type == ShowType.InMemory && !loaded) continue;
                    answer.PartitionNames.Add(partition.Name);
                    answer.PartitionIDs.Add(partition.Id);
                    answer.CreatedTimestamps.Add(partition.CreatedAt.Value);
                    answer.CreatedUtcTimestamps.Add((ulong)partition.CreatedAt.PhysicalMs);
                    answer.InMemoryPercentages.Add(loaded ? (await proxy.Maintenance.GetLoadProgressAsync(collection, [partition.Id], call.Cancellation)).Percent : 0);
                }
                return answer;
            })
            .Add("GetPartitionStatistics", GetPartitionStatisticsRequest.Parser, (_, status) => new GetPartitionStatisticsResponse { Status = status },
                async (request, call) =>
                {
                    var collection = proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                    var answer = new GetPartitionStatisticsResponse { Status = StatusMapping.Ok() };
                    CollectionCalls.AddRowCount(
                        answer.Stats, await proxy.Maintenance.CountRowsAsync(collection, collection.GetPartition(request.PartitionName).Id, call.Cancellation));
                    return answer;
                });
    }

    /// <exception cref="MilvusException">200: there is no such partition.</exception>
    internal static PartitionInfo GetPartition(this CollectionInfo collection, string name) =>
        collection.FindPartition(name) ?? throw new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={name}]");
}
