using System.Collections.Immutable;
using Milvus.Actors.Node;
using Milvus.Actors.Query;
using Milvus.Coordinator.Resources;

namespace Milvus.Actors.Tests.Query;

/// <summary>Where shards of segments go, and which of them move.</summary>
public sealed class ReplicaPlacementTests
{
    private const long Limit = 1L << 30;

    [Fact]
    public void The_emptiest_node_gets_the_shard() =>
        Assert.Equal("b", ReplicaPlacement.Choose("9-0", [Node("a", 500), Node("b", 300), Node("c", 400)]));

    [Fact]
    public void Emptiness_is_in_terms_of_the_nodes_own_size() =>
        Assert.Equal("big", ReplicaPlacement.Choose("9-0", [Node("small", 300) with { Load = Load("small", 300 << 20, limit: 512L << 20) }, Node("big", 500)]));

    [Fact]
    public void What_was_placed_a_moment_ago_counts() =>
        Assert.Equal("b", ReplicaPlacement.Choose("9-0", [Node("a", 100) with { ExpectedBytes = 300 << 20 }, Node("b", 200)]));

    [Fact]
    public void Replicas_of_a_bucket_part_even_if_memory_speaks_against_it() =>
        Assert.Equal("full", ReplicaPlacement.Choose("9-1", [Node("empty", 0, ("9-0", 0)), Node("full", 900)]));

    [Fact]
    public void With_one_node_everything_is_there() => Assert.Equal("a", ReplicaPlacement.Choose("9-1", [Node("a", 900, ("9-0", 10))]));

    [Fact]
    public void Nothing_moves_before_everybody_has_spoken_nor_during_loads_or_moves()
    {
        PlacementNode[] uneven = [Node("a", 800, ("1-0", 400), ("2-0", 400)), Node("b", 0)];
        Assert.NotEmpty(ReplicaPlacement.Moves(uneven, isEvening: true, isMoving: false));
        Assert.Empty(ReplicaPlacement.Moves(uneven, isEvening: true, isMoving: true));
        Assert.Empty(ReplicaPlacement.Moves(uneven, isEvening: false, isMoving: false));
        Assert.Empty(ReplicaPlacement.Moves([uneven[0], uneven[1] with { Load = null }], isEvening: true, isMoving: false));
        Assert.Empty(ReplicaPlacement.Moves([uneven[0] with { Load = uneven[0].Load! with { Loading = 1 } }, uneven[1]], isEvening: true, isMoving: false));
    }

    [Fact]
    public void A_tolerable_difference_stays() =>
        Assert.Empty(ReplicaPlacement.Moves([Node("a", 400, ("1-0", 200), ("2-0", 200)), Node("b", 330, ("3-0", 330))], isEvening: true, isMoving: false));

    [Fact]
    public void Replicas_that_came_together_part_when_they_can() =>
        Assert.Equal("9-1", Assert.Single(ReplicaPlacement.Moves([Node("a", 20, ("9-0", 10), ("9-1", 10)), Node("b", 20, ("8-0", 20))], isEvening: false, isMoving: false)));

    [Fact]
    public void A_shard_goes_to_a_node_of_its_group_however_full_it_is()
    {
        PlacementNode[] nodes = [Node("empty", 0), InGroup("a", Node("full", 900, (Shard("9", 0, "a"), 900))), InGroup("b", Node("other", 0))];
        Assert.Equal("full", ReplicaPlacement.Choose(Shard("8", 0, "a"), nodes));
        Assert.Equal("other", ReplicaPlacement.Choose(Shard("8", 1, "b"), nodes));
        Assert.Equal("empty", ReplicaPlacement.Choose("8-0", nodes));
    }

    [Fact]
    public void While_a_group_has_no_node_the_default_group_serves_it_and_without_that_anybody()
    {
        Assert.Equal("rest", ReplicaPlacement.Choose(Shard("8", 0, "a"), [InGroup("b", Node("b", 0)), Node("rest", 500)]));
        Assert.Equal("b", ReplicaPlacement.Choose("8-0", [InGroup("b", Node("b", 0))]));
        Assert.Empty(ReplicaPlacement.Moves([InGroup("b", Node("b", 5, (Shard("8", 0, "a"), 5))), Node("rest", 0)], isEvening: false, isMoving: false));
    }

    [Fact]
    public void What_is_on_nodes_of_other_groups_moves_once_the_groups_are_settled()
    {
        var (mine, empty) = (Shard("1", 0, "a"), Shard("2", 0, "a"));
        PlacementNode[] nodes = [InGroup("a", Node("a", 0)), Node("rest", 7, (mine, 4), (empty, 0), ("3-0", 3))];
        Assert.Equal([mine, empty], ReplicaPlacement.Moves(nodes, isEvening: false, isMoving: false).Order());
        Assert.Empty(ReplicaPlacement.Moves(nodes, isEvening: false, isMoving: false, isSettled: false));
        Assert.Empty(ReplicaPlacement.Moves(nodes, isEvening: false, isMoving: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_groups_become_moves_end_with_every_shard_in_its_group(int seed)
    {
        for (var round = 0; round < 12; round++)
        {
            var random = new Random((seed * 1000) + round);
            string[] groups = [ResourceGroupInfo.DefaultName, "a", "b"];
            var cluster = new Cluster(random.Next(2, 7));
            foreach (var shard in cluster.AllShards(random, random.Next(1, 60), random.Next(1, 3), () => groups[random.Next(groups.Length)])) cluster.Place(shard);
            for (var change = 0; change < 3; change++)
            {
                foreach (var node in cluster.Nodes.Keys) cluster.GroupOf[node] = ResourceGroupInfo.NumberOf(groups[random.Next(groups.Length)]);
                var looks = 0;
                while (cluster.Rebalance())
                {
                    Assert.True(++looks < 1000, $"moves without end: {cluster}");
                    cluster.AssertWholeness();
                }
                cluster.AssertAtHome();
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Placing_keeps_replicas_apart_and_memory_even(int seed)
    {
        for (var round = 0; round < 12; round++)
        {
            var random = new Random((seed * 1000) + round);
            var cluster = new Cluster(random.Next(1, 6));
            var replicas = random.Next(1, 4);
            foreach (var shard in cluster.AllShards(random, random.Next(1, 60), replicas)) cluster.Place(shard);
            cluster.AssertApart();
            if (replicas == 1 && cluster.Nodes.Count > 1) Assert.True(cluster.Most - cluster.Least <= cluster.Largest + 1, cluster.ToString());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void After_a_node_joined_moves_even_out_and_end(int seed)
    {
        for (var round = 0; round < 12; round++)
        {
            var random = new Random((seed * 1000) + round);
            var cluster = new Cluster(random.Next(1, 5));
            foreach (var shard in cluster.AllShards(random, random.Next(1, 80), random.Next(1, 4))) cluster.Place(shard);
            cluster.Join();
            var before = cluster.Most - cluster.Least;
            var looks = 0;
            while (cluster.Rebalance())
            {
                Assert.True(++looks < 500, $"moves without end: {cluster}");
                cluster.AssertWholeness();
            }
            cluster.AssertApart();
            Assert.True(cluster.Most - cluster.Least <= before, cluster.ToString());
        }
    }

    [Fact]
    public void After_a_node_left_its_shards_find_room()
    {
        var random = new Random(9);
        var cluster = new Cluster(4);
        foreach (var shard in cluster.AllShards(random, 64, 2)) cluster.Place(shard);
        cluster.Leave();
        cluster.AssertApart();
        cluster.AssertWholeness();
    }

    private static PlacementNode Node(string name, long megabytes, params (string Shard, long Megabytes)[] shards) =>
        new(name, [.. shards.Select(s => s.Shard)], Load(name, megabytes << 20, shards: [.. shards.Select(s => (s.Shard, s.Megabytes << 20))]));

    private static PlacementNode InGroup(string group, PlacementNode node) => node with { Group = ResourceGroupInfo.NumberOf(group) };

    private static string Shard(string bucket, int position, string group) => $"{bucket}-{ReplicaNumbers.Of(position, group)}";

    private static NodeLoad Load(string name, long bytes, long limit = Limit, params (string Shard, long Bytes)[] shards) =>
        new(name, bytes, limit, 0, 0, shards.ToImmutableDictionary(s => s.Shard, s => s.Bytes));

    /// <summary>Nodes that report at once what they have.</summary>
    private sealed class Cluster
    {
        private readonly Dictionary<string, long> _bytes = [];

        public Cluster(int nodes)
        {
            for (var i = 0; i < nodes; i++) Join();
        }

        public Dictionary<string, List<string>> Nodes { get; } = [];

        public Dictionary<string, int> GroupOf { get; } = [];

        public long Most => Nodes.Values.Max(s => s.Sum(x => _bytes[x]));

        public long Least => Nodes.Values.Min(s => s.Sum(x => _bytes[x]));

        public long Largest => _bytes.Values.Max();

        public void Join() => Nodes.Add($"node{Nodes.Count}", []);

        public void Leave()
        {
            var (name, orphans) = Nodes.First();
            Nodes.Remove(name);
            foreach (var shard in orphans) Place(shard);
        }

        public List<string> AllShards(Random random, int buckets, int replicas, Func<string>? group = null)
        {
            for (var b = 0; b < buckets; b++)
            {
                var bytes = random.Next(1, 200) * 1_000_000L;
                for (var r = 0; r < replicas; r++) _bytes.Add(Shard($"{b}", r, group?.Invoke() ?? ResourceGroupInfo.DefaultName), bytes);
            }
            return [.. _bytes.Keys.OrderBy(_ => random.Next())];
        }

        public void Place(string shard) => Nodes[ReplicaPlacement.Choose(shard, View())].Add(shard);

        public bool Rebalance()
        {
            var moves = ReplicaPlacement.Moves(View(), isEvening: true, isMoving: false);
            Assert.True(moves.Length <= ReplicaPlacement.RegroupsAtOnce);
            foreach (var shard in moves) Assert.True(Nodes.Values.Single(s => s.Contains(shard)).Remove(shard));
            foreach (var shard in moves) Place(shard);
            return moves.Length > 0;
        }

        public void AssertApart()
        {
            foreach (var bucket in _bytes.Keys.GroupBy(ReplicaPlacement.Bucket))
            {
                var held = Nodes.Values.Select(s => s.Count(x => ReplicaPlacement.Bucket(x) == bucket.Key)).ToList();
                Assert.True(held.Max() <= (bucket.Count() <= Nodes.Count ? 1 : (bucket.Count() + Nodes.Count - 1) / Nodes.Count), ToString());
            }
        }

        public void AssertAtHome()
        {
            foreach (var (node, shards) in Nodes)
                foreach (var shard in shards)
                    Assert.True(GroupOf[node] == ReplicaPlacement.Group(shard) || !GroupOf.ContainsValue(ReplicaPlacement.Group(shard)), $"{shard} on {node}: {this}");
        }

        public void AssertWholeness() => Assert.Equal(_bytes.Keys.Order(), Nodes.Values.SelectMany(s => s).Order());

        public override string ToString() => string.Join("; ", Nodes.Select(n => $"{n.Key}: {n.Value.Sum(s => _bytes[s]) / 1_000_000} in {string.Join(' ', n.Value)}"));

        private List<PlacementNode> View() => Nodes.Select(n => new PlacementNode(n.Key, [.. n.Value],
            new NodeLoad(n.Key, n.Value.Sum(s => _bytes[s]), Limit * 40, 0, 0, n.Value.ToImmutableDictionary(s => s, s => _bytes[s])), Group: GroupOf.GetValueOrDefault(n.Key))).ToList();
    }
}
