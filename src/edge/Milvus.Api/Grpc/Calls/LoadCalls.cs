using System.Collections.Immutable;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Proxy;
using ErrorCode = Milvus.Model.ErrorCode;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Loading answers when the request is accepted; clients poll for progress.</summary>
internal static class LoadCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("LoadCollection", LoadCollectionRequest.Parser, (request, call) =>
                new LoadCollection(call.Database(request.DbName), request.CollectionName)
                {
                    Replicas = request.ReplicaNumber,
                    Fields = [.. request.LoadFields],
                    SkipDynamicField = request.SkipLoadDynamicField,
                    ResourceGroups = [.. request.ResourceGroups],
                    Refresh = request.Refresh,
                })
            .Command("ReleaseCollection", ReleaseCollectionRequest.Parser, (request, call) =>
                new ReleaseCollection(call.Database(request.DbName), request.CollectionName))
            .Command("LoadPartitions", LoadPartitionsRequest.Parser, (request, call) =>
                new LoadPartitions(call.Database(request.DbName), request.CollectionName, [.. request.PartitionNames])
                {
                    Replicas = request.ReplicaNumber,
                    Fields = [.. request.LoadFields],
                    SkipDynamicField = request.SkipLoadDynamicField,
                    ResourceGroups = [.. request.ResourceGroups],
                    Refresh = request.Refresh,
                })
            .Command("ReleasePartitions", ReleasePartitionsRequest.Parser, (request, call) =>
                new ReleasePartitions(call.Database(request.DbName), request.CollectionName, [.. request.PartitionNames]))
            .Add("GetLoadingProgress", GetLoadingProgressRequest.Parser, (_, status) => new GetLoadingProgressResponse { Status = status },
                async (request, call) =>
                {
                    var collection = proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                    var progress = await ProgressAsync(proxy, call, collection, request.PartitionNames);
                    if (progress.Failure is { } failure) throw failure;
                    if (progress.Phase == LoadPhase.NotLoaded) throw NotLoaded(request);
                    return new GetLoadingProgressResponse { Status = StatusMapping.Ok(), Progress = progress.Percent, RefreshProgress = 100 };
                })
            .Add("GetLoadState", GetLoadStateRequest.Parser, (_, status) => new GetLoadStateResponse { Status = status }, async (request, call) =>
            {
                var catalog = proxy.Catalog;
                var database = call.Database(request.DbName);
                if (!catalog.TryResolveCollection(database, request.CollectionName, out var collection))
                {
                    catalog.GetDatabase(database);
                    return new GetLoadStateResponse { Status = StatusMapping.Ok(), State = LoadState.NotExist };
                }

                var progress = await ProgressAsync(proxy, call, collection, request.PartitionNames);
                // The reason why loading does not go on is what the caller asks for; it is told like any failure.
                var status = progress.Failure is { } failure ? StatusMapping.ToStatus(failure) : StatusMapping.Ok();
                return new GetLoadStateResponse { Status = status, State = State(progress.Phase) };
            })
            .Add("GetReplicas", GetReplicasRequest.Parser, (_, status) => new GetReplicasResponse { Status = status }, async (request, call) =>
            {
                var collection = request.CollectionName.Length == 0 && request.CollectionID != 0
                    ? proxy.Catalog.GetCollection(request.CollectionID)
                    : proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                var load = collection.Load
                    ?? throw new MilvusException(ErrorCode.ReplicaNotFound, $"replica not found[collection={collection.Id}]");
                var answer = new GetReplicasResponse { Status = StatusMapping.Ok() };
                var nodes = await proxy.Maintenance.GetReplicaNodesAsync(collection, call.Cancellation);
                var known = proxy.Maintenance.QueryNodes;
                var groups = NodeGroups.Assign(proxy.Catalog.ResourceGroups, known.Select(n => n.Name));
                var nodeOf = known.DistinctBy(n => n.Id).ToDictionary(n => n.Id, n => (groups[n.Name], n.Address));
                for (var replica = 0; replica < load.Replicas; replica++) answer.Replicas.Add(Describe(collection, load, replica, nodes[replica], nodeOf));
                return answer;
            });
    }

    private static async ValueTask<LoadProgress> ProgressAsync(IMilvusProxy proxy, Call call, CollectionInfo collection, IReadOnlyList<string> partitions)
    {
        ImmutableArray<long> ids = [.. partitions.Select(name => collection.GetPartition(name).Id)];
        if (collection.Load is null) return new LoadProgress(LoadPhase.NotLoaded, 0);
        return await proxy.Maintenance.GetLoadProgressAsync(collection, ids, call.Cancellation);
    }

    private static MilvusException NotLoaded(GetLoadingProgressRequest request) => request.PartitionNames.Count == 0
        ? new MilvusException(ErrorCode.CollectionNotLoaded, $"collection not loaded[collection={request.CollectionName}]")
        : new MilvusException(ErrorCode.PartitionNotLoaded, $"partition not loaded[partition={string.Join(',', request.PartitionNames)}]");

    private static LoadState State(LoadPhase phase) => phase switch
    {
        LoadPhase.Loaded => LoadState.Loaded,
        LoadPhase.Loading => LoadState.Loading,
        _ => LoadState.NotLoad,
    };

    private static ReplicaInfo Describe(CollectionInfo collection, LoadSpec load, int replica, ImmutableArray<long> nodes, Dictionary<long, (string Group, string Address)> known)
    {
        var group = ResourceGroupInfo.Of(load, replica);
        var info = new ReplicaInfo
        {
            ReplicaID = collection.Id + replica,
            CollectionID = collection.Id,
            ResourceGroupName = group,
        };
        info.PartitionIds.AddRange(load.PartitionIds.IsEmpty ? collection.Partitions.Select(p => p.Id) : load.PartitionIds);
        info.NodeIds.AddRange(nodes);
        foreach (var elsewhere in nodes.Where(n => known.TryGetValue(n, out var of) && of.Group != group).GroupBy(n => known[n].Group))
            info.NumOutboundNode.Add(elsewhere.Key, elsewhere.Count());
        for (var shard = 0; shard < collection.ShardCount; shard++)
        {
            var leader = nodes.IsEmpty ? ServerIdentity.NodeId : nodes[0];
            info.ShardReplicas.Add(new ShardReplica
            {
                LeaderID = leader,
                // Empty for one that has just gone.
                LeaderAddr = known.GetValueOrDefault(leader).Address ?? "",
                DmChannelName = new ShardId(collection.Id, shard).ToString(),
                NodeIds = { nodes },
            });
        }
        return info;
    }
}
