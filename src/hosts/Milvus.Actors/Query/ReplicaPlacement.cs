using System.Collections.Immutable;
using System.Globalization;
using Milvus.Actors.Node;

namespace Milvus.Actors.Query;

/// <summary>A query node as the placement sees it.</summary>
/// <param name="Shards">Shards of the segment region that are placed there.</param>
/// <param name="Load">Null when the node has not said how full it is.</param>
/// <param name="ExpectedBytes">Of shards that were placed there a moment ago and that it does not report yet.</param>
/// <param name="Group">Number of its resource group, 0 for the default one.</param>
public sealed record PlacementNode(string Name, ImmutableArray<string> Shards, NodeLoad? Load, long ExpectedBytes = 0, int Group = 0)
{
    /// <summary>Of a node that is in no group, because it leaves or has only just come.</summary>
    public const int NoGroup = -1;

    private const long UsualSize = 64L << 30;

    /// <summary>Bytes of its memory limit, or something usual without one.</summary>
    public long Size => Load is { LimitBytes: > 0 } load ? load.LimitBytes : UsualSize;

    public long Bytes => (Load?.MemoryBytes ?? 0) + ExpectedBytes;
}

/// <summary>
/// Decides where shards of the segment region live and which of them move. A shard is a bucket of segments in one replica, named <c>{bucket}-{replica}</c>, and lives on nodes of the resource group that the
/// replica's number names (<see cref="ReplicaNumbers"/>). Only while that group has no node at all it lives elsewhere: what is loaded stays readable.
/// Pure: the same nodes give the same decision.
/// </summary>
public static class ReplicaPlacement
{
    /// <summary>Weights may differ by this part of the largest before anything moves.</summary>
    public const double TolerablePart = 0.2;

    /// <summary>Shards that move at a time.</summary>
    public const int MovesAtOnce = 2;

    /// <summary>Shards that move at a time because their nodes are in other groups. Those without a segment do not count.</summary>
    public const int RegroupsAtOnce = 8;

    /// <summary>Bytes below which a difference is not worth moving anything.</summary>
    public const long TolerableBytes = 1 << 20;

    /// <summary>
    /// The node for a shard: of its group's nodes the one that would be the least full with it, among those without another replica of its bucket if there are any.
    /// </summary>
    /// <param name="nodes">At least one.</param>
    public static string Choose(string shard, IReadOnlyCollection<PlacementNode> nodes)
    {
        var bucket = Bucket(shard);
        nodes = Home(Group(shard), nodes);
        var free = nodes.Where(n => !n.Shards.Any(s => s != shard && Bucket(s) == bucket)).ToList();
        // Where replicas must share a node, the node with the fewest of them.
        var candidates = free.Count > 0 ? free : FewestOf(bucket, nodes);
        return candidates
            .OrderBy(n => (double)n.Bytes / n.Size)
            .ThenBy(n => n.Shards.Length)
            .ThenBy(n => n.Load?.Rows ?? 0)
            .ThenBy(n => n.Name, StringComparer.Ordinal)
            .First().Name;
    }

    /// <summary>
    /// The shards that should leave their nodes now, to be placed again by <see cref="Choose"/>: those on nodes of other groups, second replicas of a bucket on one node, and after a node
    /// joined, what evens out the memory of a group. None while anything is loading or moving, or before every node has said how full it is.
    /// </summary>
    /// <param name="isEvening">A node has joined, or changed its group, and the memory has not been even since.</param>
    /// <param name="isSettled">Groups have been as they are for a while; before that nothing moves because of them.</param>
    public static ImmutableArray<string> Moves(IReadOnlyCollection<PlacementNode> nodes, bool isEvening, bool isMoving, bool isSettled = true)
    {
        if (isMoving || nodes.Count < 2 || nodes.Any(n => n.Load is null or { Loading: > 0 })) return [];
        if (isSettled && Misplaced(nodes) is { IsEmpty: false } misplaced) return misplaced;
        // What is where it does not belong is no group's to weigh.
        var groups = nodes.Select(n => n.Group).Distinct().Where(g => g != PlacementNode.NoGroup).Order().Select(g => Members(g, nodes)).Where(g => g.Count > 1).ToList();
        foreach (var group in groups)
            if (Together(group) is { IsEmpty: false } together) return together;
        if (!isEvening) return [];
        foreach (var group in groups)
            if (Evening(group) is { IsEmpty: false } evening) return evening;
        return [];
    }

    private static ImmutableArray<string> Misplaced(IReadOnlyCollection<PlacementNode> nodes)
    {
        var moves = ImmutableArray.CreateBuilder<string>();
        var full = 0;
        foreach (var node in nodes.OrderBy(n => n.Name, StringComparer.Ordinal))
        {
            foreach (var shard in node.Shards.Order(StringComparer.Ordinal))
            {
                var group = Group(shard);
                if (node.Group == group || nodes.All(n => n.Group != group)) continue;
                if (node.Load!.ShardBytes.GetValueOrDefault(shard) == 0 || full++ < RegroupsAtOnce) moves.Add(shard);
            }
        }
        return moves.ToImmutable();
    }

    private static ImmutableArray<string> Evening(List<PlacementNode> nodes)
    {
        var weights = nodes.ToDictionary(n => n.Name, n => n.Bytes);
        var shards = nodes.ToDictionary(n => n.Name, n => n.Shards.ToList());
        var moves = ImmutableArray.CreateBuilder<string>();
        while (moves.Count < MovesAtOnce && BestMove(nodes, weights, shards) is { } move)
        {
            moves.Add(move.Shard);
            shards[move.From].Remove(move.Shard);
            shards[move.To].Add(move.Shard);
            weights[move.From] -= move.Bytes;
            weights[move.To] += move.Bytes;
        }
        return moves.ToImmutable();
    }

    /// <summary>The bucket of a shard.</summary>
    public static string Bucket(string shard) => shard.LastIndexOf('-') is var dash and >= 0 ? shard[..dash] : shard;

    /// <summary>The number of the resource group of a shard.</summary>
    public static int Group(string shard) =>
        int.TryParse(shard.AsSpan(shard.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? ReplicaNumbers.Group(number) : 0;

    // Where a group may be served: on its own nodes; without any, on those of the default group; without those, anywhere.
    private static IReadOnlyCollection<PlacementNode> Home(int group, IReadOnlyCollection<PlacementNode> nodes)
    {
        if (Members(group, nodes) is { Count: > 0 } members) return members;
        return nodes.Where(n => n.Group == 0).ToList() is { Count: > 0 } rest ? rest : nodes;
    }

    // With the shards that belong there: strangers neither move within a group nor stand in the way of its replicas.
    private static List<PlacementNode> Members(int group, IReadOnlyCollection<PlacementNode> nodes) =>
        [.. nodes.Where(n => n.Group == group).Select(n => n with { Shards = [.. n.Shards.Where(s => Group(s) == group)] })];

    // Replicas that came together while there was no other node.
    private static ImmutableArray<string> Together(IReadOnlyCollection<PlacementNode> nodes)
    {
        var moves = ImmutableArray.CreateBuilder<string>();
        foreach (var node in nodes.OrderBy(n => n.Name, StringComparer.Ordinal))
        {
            foreach (var bucket in node.Shards.GroupBy(Bucket).Where(g => g.Count() > 1).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                if (nodes.All(n => n.Shards.Any(s => Bucket(s) == bucket.Key))) continue;
                moves.Add(bucket.Order(StringComparer.Ordinal).Last());
                if (moves.Count == MovesAtOnce) return moves.ToImmutable();
            }
        }
        return moves.ToImmutable();
    }

    private static (string Shard, string From, string To, long Bytes)? BestMove(IReadOnlyCollection<PlacementNode> nodes, Dictionary<string, long> weights, Dictionary<string, List<string>> shards)
    {
        // By name where equal, so that two looks at the same nodes agree.
        var ordered = nodes.OrderBy(n => (double)weights[n.Name] / n.Size).ThenBy(n => n.Name, StringComparer.Ordinal).ToList();
        var (from, to) = (ordered[^1], ordered[0]);
        var most = (double)weights[from.Name] / from.Size;
        var difference = most - ((double)weights[to.Name] / to.Size);
        // So many bytes make the two even; up to twice as many bring them closer, and what would not must stay or it would come back.
        var ideal = difference * from.Size * to.Size / ((double)from.Size + to.Size);
        if (difference <= TolerablePart * most || 2 * ideal <= TolerableBytes) return null;
        var taken = shards[to.Name].Select(Bucket).ToHashSet(StringComparer.Ordinal);
        var movable = shards[from.Name]
            .Where(s => !taken.Contains(Bucket(s)))
            .Select(s => (Shard: s, Bytes: from.Load!.ShardBytes.GetValueOrDefault(s)))
            .Where(s => s.Bytes > 0 && s.Bytes < 2 * ideal)
            .OrderBy(s => Math.Abs(s.Bytes - ideal)).ThenBy(s => s.Shard, StringComparer.Ordinal)
            .ToList();
        return movable.Count > 0 ? (movable[0].Shard, from.Name, to.Name, movable[0].Bytes) : null;
    }

    private static List<PlacementNode> FewestOf(string bucket, IReadOnlyCollection<PlacementNode> nodes)
    {
        var fewest = nodes.Min(n => n.Shards.Count(s => Bucket(s) == bucket));
        return nodes.Where(n => n.Shards.Count(s => Bucket(s) == bucket) == fewest).ToList();
    }
}
