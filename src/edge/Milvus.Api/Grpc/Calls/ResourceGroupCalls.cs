using System.Collections.Immutable;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Resources;
using Milvus.Protocol;
using Milvus.Protocol.ResourceGroups;
using WireConfig = Milvus.Protocol.ResourceGroups.ResourceGroupConfig;
using WireGroup = Milvus.Protocol.ResourceGroup;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Resource groups: how they are configured, and which query nodes belong to them by that.</summary>
internal static class ResourceGroupCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Command("CreateResourceGroup", CreateResourceGroupRequest.Parser, (request, _) =>
                new CreateResourceGroup(request.ResourceGroup, request.Config is null ? null : Read(request.Config)))
            .Command("DropResourceGroup", DropResourceGroupRequest.Parser, (request, _) => new DropResourceGroup(request.ResourceGroup))
            .Command("UpdateResourceGroups", UpdateResourceGroupsRequest.Parser, (request, _) =>
                new AlterResourceGroups(request.ResourceGroups.ToImmutableSortedDictionary(g => g.Key, g => Read(g.Value))))
            .Command("TransferNode", TransferNodeRequest.Parser, (request, _) =>
                new TransferNodes(request.SourceResourceGroup, request.TargetResourceGroup, request.NumNode))
            .Command("TransferReplica", TransferReplicaRequest.Parser, (request, call) => new TransferReplicas(
                call.Database(request.DbName), request.CollectionName, request.SourceResourceGroup, request.TargetResourceGroup, request.NumReplica))
            .Add("ListResourceGroups", ListResourceGroupsRequest.Parser, (_, status) => new ListResourceGroupsResponse { Status = status }, (_, _) =>
            {
                var answer = new ListResourceGroupsResponse { Status = StatusMapping.Ok() };
                answer.ResourceGroups.AddRange(proxy.Catalog.ResourceGroups.Select(g => g.Name));
                return answer;
            })
            .Add("DescribeResourceGroup", DescribeResourceGroupRequest.Parser, (_, status) => new DescribeResourceGroupResponse { Status = status },
                (request, _) =>
                {
                    var catalog = proxy.Catalog;
                    var group = catalog.GetResourceGroup(request.ResourceGroup);
                    var wire = new WireGroup { Name = group.Name, Capacity = group.Capacity, Config = Write(group.Config) };
                    var nodes = proxy.Maintenance.QueryNodes;
                    var assigned = NodeGroups.Assign(catalog.ResourceGroups, nodes.Select(n => n.Name));
                    foreach (var node in nodes)
                        if (assigned[node.Name] == group.Name) wire.Nodes.Add(new Protocol.Common.NodeInfo { NodeId = node.Id, Address = node.Address, Hostname = node.Hostname });
                    wire.NumAvailableNode = wire.Nodes.Count;
                    // Collections of one name in several databases are one entry.
                    foreach (var collection in catalog.Collections)
                        if (collection.Load?.ResourceGroups.Count(g => g == group.Name) is > 0 and var replicas)
                            wire.NumLoadedReplica[collection.Name] = wire.NumLoadedReplica.GetValueOrDefault(collection.Name) + replicas;
                    return new DescribeResourceGroupResponse { Status = StatusMapping.Ok(), ResourceGroup = wire };
                });
    }

    private static Coordinator.Resources.ResourceGroupConfig Read(WireConfig wire) => new()
    {
        RequestedNodes = wire.Requests?.NodeNum ?? 0,
        NodeLimit = wire.Limits?.NodeNum ?? 0,
        TransferFrom = [.. wire.TransferFrom.Select(t => t.ResourceGroup)],
        TransferTo = [.. wire.TransferTo.Select(t => t.ResourceGroup)],
        NodeLabels = wire.NodeFilter?.NodeLabels.ToProperties() ?? [],
    };

    private static WireConfig Write(Coordinator.Resources.ResourceGroupConfig config)
    {
        var wire = new WireConfig
        {
            Requests = new ResourceGroupLimit { NodeNum = config.RequestedNodes },
            Limits = new ResourceGroupLimit { NodeNum = config.NodeLimit },
            NodeFilter = new ResourceGroupNodeFilter(),
        };
        wire.TransferFrom.AddRange(config.TransferFrom.Select(g => new ResourceGroupTransfer { ResourceGroup = g }));
        wire.TransferTo.AddRange(config.TransferTo.Select(g => new ResourceGroupTransfer { ResourceGroup = g }));
        wire.NodeFilter.NodeLabels.AddProperties(config.NodeLabels);
        return wire;
    }
}
