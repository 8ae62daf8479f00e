using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Decisions;

public class ResourceGroupDecisionsTests
{
    private static ResourceGroupConfig Config(int requests, int limits) => new() { RequestedNodes = requests, NodeLimit = limits };

    private static AlterResourceGroups Alter(string name, ResourceGroupConfig config) =>
        new(ImmutableSortedDictionary<string, ResourceGroupConfig>.Empty.Add(name, config));

    [Fact]
    public void Groups_are_created_altered_and_dropped()
    {
        var world = new World();
        Assert.Equal([ResourceGroupInfo.DefaultName], world.Catalog.ResourceGroups.Select(g => g.Name));
        world.Refuses(new CreateResourceGroup(ResourceGroupInfo.DefaultName), ErrorCode.ResourceGroupExists, "resource group already exist, but create with different config");
        world.Do(new CreateResourceGroup("rg", Config(1, 2)));
        world.DoesNothing(new CreateResourceGroup("rg", Config(1, 2)));
        world.Refuses(new CreateResourceGroup("rg"), ErrorCode.ResourceGroupExists, "resource group already exist, but create with different config[rg=rg]");
        world.Refuses(new CreateResourceGroup("1"), "Invalid resource group name 1. the first character of a resource group name must be an underscore or letter");
        world.Refuses(new CreateResourceGroup("x", Config(2, 1)), ErrorCode.IllegalResourceGroupConfig, "limits node num should not less than requests node num: resource group illegal config[rg=x]");
        world.Refuses(new CreateResourceGroup("x", Config(0, 0) with { TransferTo = ["none"] }), ErrorCode.IllegalResourceGroupConfig, "resource group in `TransferTo` none not exist");
        world.Refuses(new CreateResourceGroup("x", Config(0, 0) with { TransferFrom = ["x"] }), ErrorCode.IllegalResourceGroupConfig, "resource group in `TransferFrom` x should not be itself");
        world.Refuses(new CreateResourceGroup("x", Config(-1, 0)), ErrorCode.IllegalResourceGroupConfig, "node num in `requests` or `limits` should not less than 0");
        world.Refuses(new DropResourceGroup("rg"), "resource group's limits node num is not 0");
        world.Refuses(new DropResourceGroup(ResourceGroupInfo.DefaultName), "default resource group is not deletable");
        world.Refuses(Alter("none", Config(0, 0)), ErrorCode.ResourceGroupNotFound, "resource group not found[rg=none]");
        world.Do(Alter("rg", Config(0, 0)));
        world.DoesNothing(Alter("rg", Config(0, 0)));
        world.Do(new DropResourceGroup("rg"));
        world.DoesNothing(new DropResourceGroup("rg"));
    }

    [Fact]
    public void Nodes_and_replicas_move_between_groups()
    {
        var world = new World();
        world.CreateLoaded("c");
        world.Do(new CreateResourceGroup("a", Config(2, 2)));
        world.Do(new CreateResourceGroup("b"));
        world.Do(new TransferNodes("a", "b", 1));
        Assert.Equal((Config(1, 1), Config(1, 1)), (world.Catalog.GetResourceGroup("a").Config, world.Catalog.GetResourceGroup("b").Config));
        world.Refuses(new TransferNodes("a", "b", 2), ErrorCode.ResourceGroupNodeNotEnough, "resource group node not enough[rg=a][currentNodeNum=1][expectedNodeNum=2]");
        world.Refuses(new TransferNodes("a", "a", 1), "should not be the same, resource group: a");
        world.Refuses(new TransferNodes("a", "b", 0), "invalid parameter[expected=NumNode > 0][actual=invalid NumNode 0]");
        world.Refuses(new TransferReplicas("", "c", "a", "b", 0), "invalid parameter[expected=NumReplica > 0][actual=invalid NumReplica 0]");
        world.Refuses(new TransferReplicas("", "c", "a", "b", 1), "only found [0] replicas");
        world.Do(new TransferReplicas("", "c", ResourceGroupInfo.DefaultName, "b", 1));
        Same(["b"], world.Collection("c").Load!.ResourceGroups);
        world.Do(Alter("b", Config(0, 0)));
        world.Refuses(new DropResourceGroup("b"), "some replicas still loaded in resource group [b], release it first");
        world.Do(new ReleaseCollection("", "c"));
        world.Refuses(new TransferReplicas("", "c", "b", "a", 1), ErrorCode.CollectionNotLoaded, "collection not loaded[collection=c]");
        world.Do(new DropResourceGroup("b"));
    }

    [Fact]
    public void Names_that_would_share_a_number_do_not_exist_together()
    {
        var world = new World();
        var names = new Dictionary<int, string>();
        for (var i = 0; ; i++)
        {
            if (names.TryAdd(ResourceGroupInfo.NumberOf($"g{i}"), $"g{i}")) continue;
            var first = names[ResourceGroupInfo.NumberOf($"g{i}")];
            world.Do(new CreateResourceGroup(first));
            world.Refuses(new CreateResourceGroup($"g{i}"), $"resource group g{i} cannot exist beside {first}, choose another name");
            return;
        }
    }

    [Fact]
    public void Replicas_are_loaded_where_groups_have_a_node_for_each()
    {
        var world = new World { QueryNodes = 3 };
        world.Create("c");
        world.Do(new CreateIndex("", "c", "v") { Params = [new Property("index_type", "FLAT"), new Property("metric_type", "L2")] });
        world.Do(new CreateResourceGroup("a", Config(2, 2)));
        world.Do(new CreateResourceGroup("empty"));
        world.Refuses(
            new LoadCollection("", "c") { Replicas = 1, ResourceGroups = ["empty"] }, ErrorCode.ResourceGroupNodeNotEnough,
            "resource group node not enough[rg=empty][currentNodeNum=0][expectedNodeNum=1]");
        world.Refuses(new LoadCollection("", "c") { Replicas = 3, ResourceGroups = ["a"] }, ErrorCode.ResourceGroupNodeNotEnough, "[rg=a][currentNodeNum=2][expectedNodeNum=3]");
        world.Refuses(new LoadCollection("", "c") { Replicas = 2 }, ErrorCode.ResourceGroupNodeNotEnough, $"[rg={ResourceGroupInfo.DefaultName}][currentNodeNum=1][expectedNodeNum=2]");
        world.Do(new LoadCollection("", "c") { Replicas = 3, ResourceGroups = ["a", ResourceGroupInfo.DefaultName, "a"] });
        // What is loaded stays so, whatever becomes of the groups.
        world.Do(Alter("a", Config(0, 0)));
        world.DoesNothing(new LoadCollection("", "c"));
    }

    [Fact]
    public void Nodes_go_where_they_are_asked_for_and_the_rest_to_the_default_group()
    {
        ResourceGroupInfo Default(int requests = 0) => new(ResourceGroupInfo.DefaultName, Config(requests, 0));
        string Shares(int nodes, params ResourceGroupInfo[] groups) => string.Join(" ", NodeShares.Of(groups, nodes).OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => s.Value));
        Assert.Equal("4", Shares(4, Default()));
        Assert.Equal("1 3", Shares(4, Default(), new("a", Config(2, 3))));
        Assert.Equal("0 3 1", Shares(4, Default(), new("b", Config(1, 4)), new("a", Config(3, 3))));
        Assert.Equal("0 1 0", Shares(1, Default(), new("a", Config(3, 4)), new("b", Config(3, 4))));
        Assert.Equal("1 1", Shares(2, Default(1), new("a", Config(0, 5))));
        Assert.Equal((ResourceGroupInfo.DefaultCapacity, 3), (Default().Capacity, new ResourceGroupInfo("a", Config(3, 4)).Capacity));
    }
}
