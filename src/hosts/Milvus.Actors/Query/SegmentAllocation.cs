using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Milvus.Actors.Node;

namespace Milvus.Actors.Query;

/// <summary>
/// Places shards of the segment region by memory and replicas, see <see cref="ReplicaPlacement"/>. Used by the shard coordinator, wherever that runs, one call
/// at a time.
/// </summary>
/// <param name="self">This node's address: regions on it have none of their own.</param>
/// <param name="groups">The number of each query node's resource group by its address, as of now; the same object as long as nothing changed.</param>
/// <param name="regroupAfter">How long groups must be as they are before anything moves because of them: a node that is started again should find its shards.</param>
public sealed class SegmentAllocation(NodeLoads loads, Address self, TimeProvider time, Func<ImmutableDictionary<string, int>> groups, TimeSpan regroupAfter) : IShardAllocationStrategy
{
    /// <summary>What a shard counts of which nothing is known: a few small segments.</summary>
    private const long UnknownShardBytes = 16 << 20;

    /// <summary>After this long a shard that was placed is either reported or empty.</summary>
    private static readonly TimeSpan s_expectedFor = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, (long Bytes, long At)> _placed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _moving = new(StringComparer.Ordinal);
    private ImmutableHashSet<string> _known = [];
    private ImmutableDictionary<string, int>? _groups;
    private long _groupedAt;
    private bool _isEvening;

    public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        if (currentShardAllocations.Count == 0) return Task.FromResult(requester);
        var nodes = Nodes(currentShardAllocations);
        var chosen = ReplicaPlacement.Choose(shardId, nodes);
        _placed[shardId] = (_moving.Remove(shardId, out var bytes) ? bytes : AverageBytes(nodes), time.GetTimestamp());
        return Task.FromResult(currentShardAllocations.Keys.First(r => Name(r) == chosen));
    }

    public Task<IImmutableSet<string>> Rebalance(IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        var names = currentShardAllocations.Keys.Select(Name).ToImmutableHashSet(StringComparer.Ordinal);
        // A shard coordinator that has just taken over does not know who joined last, so it looks too.
        if (!names.IsSubsetOf(_known)) _isEvening = true;
        _known = names;
        var nodes = Nodes(currentShardAllocations);
        var isSettled = time.GetElapsedTime(_groupedAt) >= regroupAfter;
        var moves = ReplicaPlacement.Moves(nodes, _isEvening, isMoving: rebalanceInProgress.Count > 0, isSettled);
        if (moves.IsEmpty && rebalanceInProgress.Count == 0 && isSettled && nodes.All(n => n.Load is { Loading: 0 } && n.ExpectedBytes == 0)) _isEvening = false;
        foreach (var shard in moves) _moving[shard] = nodes.First(n => n.Shards.Contains(shard)).Load!.ShardBytes.GetValueOrDefault(shard);
        return Task.FromResult<IImmutableSet<string>>(moves.ToImmutableHashSet());
    }

    private List<PlacementNode> Nodes(IImmutableDictionary<IActorRef, IImmutableList<string>> allocations)
    {
        foreach (var old in _placed.Where(p => time.GetElapsedTime(p.Value.At) >= s_expectedFor).Select(p => p.Key).ToList()) _placed.Remove(old);
        var current = groups();
        if (!ReferenceEquals(current, _groups))
        {
            (_groups, _groupedAt, _isEvening) = (current, time.GetTimestamp(), true);
        }
        var nodes = new List<PlacementNode>(allocations.Count);
        foreach (var (region, shards) in allocations)
        {
            var load = loads.Find(Name(region));
            long expected = 0;
            foreach (var shard in shards)
                if (_placed.TryGetValue(shard, out var placed) && load?.ShardBytes.ContainsKey(shard) != true) expected += placed.Bytes;
            nodes.Add(new PlacementNode(Name(region), [.. shards], load, expected, current.GetValueOrDefault(Name(region), PlacementNode.NoGroup)));
        }
        return nodes;
    }

    private static long AverageBytes(List<PlacementNode> nodes)
    {
        long bytes = 0, shards = 0;
        foreach (var n in nodes)
        {
            if (n.Load is null) continue;
            bytes += n.Load.ShardBytes.Values.Sum();
            shards += n.Load.ShardBytes.Count;
        }
        return shards == 0 ? UnknownShardBytes : bytes / shards;
    }

    private string Name(IActorRef region) => (region.Path.Address.HasLocalScope ? self : region.Path.Address).ToString();
}
