using FsCheck;
using FsCheck.Fluent;
using Milvus.Coordinator.Resources;

namespace Milvus.Coordinator.Tests.Decisions;

/// <summary>Which nodes belong to which groups.</summary>
public sealed class NodeGroupsTests
{
    private static readonly Gen<World> s_worlds =
        from nodes in Gen.Choose(0, 12)
        from groups in Gen.ListOf(from requests in Gen.Choose(0, 3) from more in Gen.Choose(0, 2) select (requests, requests + more))
        from limit in Gen.Elements(0, 1, 3, ResourceGroupInfo.DefaultCapacity)
        select new World(nodes, [.. groups.Take(5)], limit);

    [Fact]
    public void Every_node_is_in_one_group_and_every_group_has_its_share() => Prop.ForAll(s_worlds.ToArbitrary(), world =>
    {
        var assigned = NodeGroups.Assign(world.Groups, world.Nodes);
        Assert.Equal(world.Nodes.Order(), assigned.Keys.Order());
        foreach (var (group, share) in NodeShares.Of(world.Groups, world.Nodes.Count)) Assert.Equal(share, assigned.Values.Count(g => g == group));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Whoever_looks_sees_the_same() => Prop.ForAll(s_worlds.ToArbitrary(), world =>
        Assert.Equal(NodeGroups.Assign(world.Groups, world.Nodes).OrderBy(a => a.Key), NodeGroups.Assign(world.Groups.Reverse(), world.Nodes.AsEnumerable().Reverse()).OrderBy(a => a.Key)))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_node_that_goes_and_comes_back_finds_its_group() => Prop.ForAll(s_worlds.ToArbitrary(), world =>
    {
        if (world.Nodes.Count == 0) return;
        var before = NodeGroups.Assign(world.Groups, world.Nodes);
        var without = NodeGroups.Assign(world.Groups, world.Nodes.Skip(1));
        // Nobody is moved about who has nothing to do with the gap: one node at most for every group.
        Assert.True(without.Count(a => before[a.Key] != a.Value) <= world.Groups.Count, "more nodes changed their groups than there are groups");
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void With_requests_that_can_be_met_a_lost_node_is_replaced_by_one_of_the_default_group()
    {
        ResourceGroupInfo[] groups = [Default(), Group("a", 2), Group("b", 1)];
        string[] nodes = [.. Enumerable.Range(1, 8).Select(n => $"akka.tcp://milvus@10.0.0.{n}:4053")];
        var before = NodeGroups.Assign(groups, nodes);
        Assert.Equal([2, 1, 5], new[] { "a", "b", ResourceGroupInfo.DefaultName }.Select(g => before.Values.Count(v => v == g)));
        foreach (var lost in nodes)
        {
            var after = NodeGroups.Assign(groups, nodes.Where(n => n != lost));
            Assert.Equal((2, 1), (after.Values.Count(g => g == "a"), after.Values.Count(g => g == "b")));
            if (before[lost] == ResourceGroupInfo.DefaultName) Assert.All(after, a => Assert.Equal(before[a.Key], a.Value));
        }
    }

    [Fact]
    public void A_group_that_gains_or_loses_a_node_keeps_the_others()
    {
        string[] nodes = [.. Enumerable.Range(1, 9).Select(n => $"node{n}")];
        HashSet<string> held = [];
        for (var requests = 1; requests <= 9; requests++)
        {
            var now = NodeGroups.Assign([Default(), Group("a", requests)], nodes).Where(a => a.Value == "a").Select(a => a.Key).ToHashSet();
            Assert.Equal(requests, now.Count);
            Assert.Superset(held, now);
            held = now;
        }
    }

    [Fact]
    public void Limits_draw_only_what_the_default_group_may_not_have()
    {
        Assert.Equal(0, NodeShares.Of([Default(), Group("a", 0, 5)], 4)["a"]);
        Assert.Equal(3, NodeShares.Of([Default(limit: 1), Group("a", 0, 5)], 4)["a"]);
        Assert.Equal(3, NodeShares.Of([Default(limit: 0), Group("a", 0, 1)], 4)[ResourceGroupInfo.DefaultName]);
    }

    [Fact]
    public void A_group_that_wants_labels_gets_no_node()
    {
        var group = Group("a", 2);
        Assert.Equal(0, NodeShares.Of([Default(), group with { Config = group.Config with { NodeLabels = [new("zone", "1")] } }], 4)["a"]);
    }

    [Fact]
    public void Numbers_of_groups_are_frozen() =>
        Assert.Equal([0, 5126340, 5231275], new[] { ResourceGroupInfo.DefaultName, "a", "b" }.Select(ResourceGroupInfo.NumberOf));

    private static ResourceGroupInfo Default(int limit = ResourceGroupInfo.DefaultCapacity) => new(ResourceGroupInfo.DefaultName, new ResourceGroupConfig { NodeLimit = limit });

    private static ResourceGroupInfo Group(string name, int requests, int? limit = null) => new(name, new ResourceGroupConfig { RequestedNodes = requests, NodeLimit = limit ?? requests });

    private sealed class World(int nodes, IReadOnlyList<(int Requests, int Limit)> groups, int defaultLimit)
    {
        public IReadOnlyList<string> Nodes { get; } = [.. Enumerable.Range(0, nodes).Select(n => $"akka.tcp://milvus@127.0.0.1:{4053 + n}")];

        public IReadOnlyList<ResourceGroupInfo> Groups { get; } = [Default(defaultLimit), .. groups.Select((g, i) => Group($"group{i}", g.Requests, g.Limit))];

        public override string ToString() => $"{Nodes.Count} nodes, default up to {Groups[0].Config.NodeLimit}, {string.Join(' ', Groups.Skip(1).Select(g => $"{g.Config.RequestedNodes}-{g.Config.NodeLimit}"))}";
    }
}
