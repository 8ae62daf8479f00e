using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Api.Rest.Endpoints;

internal static class PartitionEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["partitions/list"] = call => new(RestReply.Names(call.DescribedCollection().Partitions.Select(p => p.Name)));
        table["partitions/has"] = call =>
        {
            var name = call.Required("partitionName", "PartitionReq");
            var has = call.DescribedCollection().FindPartition(name) is not null;
            return new(RestReply.Object(w => w.WriteBoolean("has", has)));
        };
        table["partitions/get_stats"] = async call =>
        {
            var name = call.Required("partitionName", "PartitionReq");
            var collection = call.DescribedCollection();
            var partition = collection.FindPartition(name) ?? throw new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={name}]");
            var rows = await call.Proxy.Maintenance.CountRowsAsync(collection, partition.Id, call.Cancellation);
            return RestReply.Object(w => w.WriteNumber("rowCount", rows));
        };
        table["partitions/create"] = async call =>
        {
            await call.ExecuteAsync(new CreatePartition(call.Database, call.Collection, call.Required("partitionName", "PartitionReq")));
            return RestReply.Empty;
        };
        table["partitions/drop"] = async call =>
        {
            await call.ExecuteAsync(new DropPartition(call.Database, call.Collection, call.Required("partitionName", "PartitionReq")));
            return RestReply.Empty;
        };
        table["partitions/load"] = async call =>
        {
            await call.ExecuteAsync(new LoadPartitions(call.Database, call.Collection, call.RequiredTexts("partitionNames", "PartitionsReq")));
            return RestReply.Empty;
        };
        table["partitions/release"] = async call =>
        {
            await call.ExecuteAsync(new ReleasePartitions(call.Database, call.Collection, call.RequiredTexts("partitionNames", "PartitionsReq")));
            return RestReply.Empty;
        };
    }
}
