using Milvus.Coordinator;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using Milvus.Protocol;

namespace Milvus.Api.Tests.Calls;

public sealed class ResourceGroupCallTests
{
    [Fact]
    public async Task The_one_node_is_shown_in_the_group_that_asks_for_it()
    {
        await using var server = await MilvusTestServer.StartAsync(
            new ResourceGroupStored(new(ResourceGroupInfo.DefaultName, new Coordinator.Resources.ResourceGroupConfig())),
            new ResourceGroupStored(new("a", new Coordinator.Resources.ResourceGroupConfig { RequestedNodes = 3, NodeLimit = 4 })),
            new ResourceGroupStored(new("b", new Coordinator.Resources.ResourceGroupConfig { NodeLimit = 4 })));
        var a = await DescribeAsync(server, "a");
        Assert.Equal((3, 1, 4), (a.Capacity, a.NumAvailableNode, a.Config.Limits.NodeNum));
        var node = Assert.Single(a.Nodes);
        Assert.True(node is { NodeId: > 0, Address.Length: > 0, Hostname.Length: > 0 });
        Assert.Equal((0, 0), ((await DescribeAsync(server, "b")).Capacity, (await DescribeAsync(server, "b")).Nodes.Count));
        var rest = await DescribeAsync(server, ResourceGroupInfo.DefaultName);
        Assert.Equal((ResourceGroupInfo.DefaultCapacity, 0), (rest.Capacity, rest.Nodes.Count));
    }

    [Fact]
    public async Task Nodes_of_a_cluster_are_shown_in_their_groups_and_with_the_replicas_they_hold()
    {
        await using var server = await MilvusTestServer.StartAsync(
            new ResourceGroupStored(new(ResourceGroupInfo.DefaultName, new Coordinator.Resources.ResourceGroupConfig { NodeLimit = ResourceGroupInfo.DefaultCapacity })),
            new ResourceGroupStored(new("a", new Coordinator.Resources.ResourceGroupConfig { RequestedNodes = 2, NodeLimit = 2 })));
        server.Proxy.Maintenance.QueryNodes = [.. Enumerable.Range(1, 3).Select(i => new QueryNodeInfo($"akka.tcp://milvus@host{i}:4053", 100 + i, $"host{i}:4053", $"host{i}"))];
        var (a, rest) = (await DescribeAsync(server, "a"), await DescribeAsync(server, ResourceGroupInfo.DefaultName));
        Assert.Equal((2, 1), (a.NumAvailableNode, rest.NumAvailableNode));
        Assert.Equal([101L, 102, 103], a.Nodes.Concat(rest.Nodes).Select(n => n.NodeId).Order());
        Assert.All(a.Nodes, n => Assert.Equal(($"host{n.NodeId - 100}:4053", $"host{n.NodeId - 100}"), (n.Address, n.Hostname)));
    }

    [Fact]
    public async Task Replicas_of_collections_of_one_name_in_several_databases_are_counted_together()
    {
        var books = MilvusTestServer.Books with { Load = new LoadSpec { Replicas = 2, ResourceGroups = [ResourceGroupInfo.DefaultName, ResourceGroupInfo.DefaultName] } };
        await using var server = await MilvusTestServer.StartAsync(
            new ResourceGroupStored(new(ResourceGroupInfo.DefaultName, new Coordinator.Resources.ResourceGroupConfig())),
            new CollectionAltered(books, CollectionAspect.Load),
            new DatabaseCreated(new DatabaseInfo { Id = 900, Name = "other", CreatedAt = new Timestamp(1) }),
            new CollectionCreated(books with { Id = 901, DatabaseName = "other" }));
        Assert.Equal(4, Assert.Single((await DescribeAsync(server, ResourceGroupInfo.DefaultName)).NumLoadedReplica, r => r.Key == "books").Value);
    }

    [Fact]
    public async Task Replicas_are_shown_with_their_nodes_and_how_many_of_those_are_in_other_groups()
    {
        await using var server = await MilvusTestServer.StartAsync(
            new ResourceGroupStored(new(ResourceGroupInfo.DefaultName, new Coordinator.Resources.ResourceGroupConfig { NodeLimit = ResourceGroupInfo.DefaultCapacity })),
            new ResourceGroupStored(new("a", new Coordinator.Resources.ResourceGroupConfig { RequestedNodes = 1, NodeLimit = 1 })),
            new CollectionAltered(MilvusTestServer.Books with { Load = new LoadSpec { Replicas = 2, ResourceGroups = ["a", ResourceGroupInfo.DefaultName] } }, CollectionAspect.Load));
        server.Proxy.Maintenance.QueryNodes = [.. Enumerable.Range(1, 3).Select(i => new QueryNodeInfo($"node{i}", i, $"host{i}:4053", $"host{i}"))];
        server.Proxy.Maintenance.ReplicaNodes = _ => [[1, 2, 3], [4]];
        var answer = await server.CallAsync("GetReplicas", new GetReplicasRequest { CollectionName = "books" }, GetReplicasResponse.Parser);
        Assert.Equal(("a", 2), (answer.Replicas[0].ResourceGroupName, answer.Replicas[0].NumOutboundNode[ResourceGroupInfo.DefaultName]));
        Assert.Equal([1L, 2, 3], answer.Replicas[0].NodeIds);
        Assert.All(answer.Replicas[0].ShardReplicas, s => Assert.Equal((1L, "host1:4053"), (s.LeaderID, s.LeaderAddr)));
        // Nobody knows the group of a node that has just gone.
        Assert.Equal((ResourceGroupInfo.DefaultName, 0), (answer.Replicas[1].ResourceGroupName, answer.Replicas[1].NumOutboundNode.Count));
        Assert.All(answer.Replicas[1].ShardReplicas, s => Assert.Equal([4L], s.NodeIds));
        Assert.All(answer.Replicas[1].ShardReplicas, s => Assert.Equal("", s.LeaderAddr));
    }

    private static async Task<ResourceGroup> DescribeAsync(MilvusTestServer server, string name)
    {
        var answer = await server.CallAsync("DescribeResourceGroup", new DescribeResourceGroupRequest { ResourceGroup = name }, DescribeResourceGroupResponse.Parser);
        Assert.Equal(0, answer.Status.Code);
        return answer.ResourceGroup;
    }
}
