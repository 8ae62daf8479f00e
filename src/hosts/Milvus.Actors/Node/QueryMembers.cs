using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Milvus.Coordinator;
using Milvus.Coordinator.Resources;

namespace Milvus.Actors.Node;

/// <summary>The query nodes of a cluster as this node knows them, without those that join or leave, and the resource groups they are in. Thread-safe.</summary>
/// <remarks>One that cannot be reached counts until it is removed: it may be back in a moment, and what it holds cannot move before.</remarks>
public sealed class QueryMembers(ActorSystem system, Func<Catalog> catalog)
{
    private volatile Known? _known;

    /// <summary>In the order of their names; none where there is no cluster.</summary>
    public ImmutableArray<QueryNodeInfo> Nodes => Of(system);

    /// <summary>In the order of their names; none where there is no cluster.</summary>
    public static ImmutableArray<QueryNodeInfo> Of(ActorSystem system) => ((ExtendedActorSystem)system).Provider is IClusterActorRefProvider
        ? [.. Cluster.Get(system).State.Members.Where(m => m.Status == MemberStatus.Up && m.HasRole(NodeRoles.Query)).Select(m => Describe(m.Address)).OrderBy(n => n.Name, StringComparer.Ordinal)]
        : [];

    /// <summary>The id by which clients know a node, whatever its roles.</summary>
    /// <param name="node">Its address in the cluster.</param>
    public static long IdOf(string node) => 1 + (NameHash.Of(node) & int.MaxValue);

    /// <summary>The number of each node's resource group, by the node's address. The same object as long as nothing changed.</summary>
    public ImmutableDictionary<string, int> Groups()
    {
        var nodes = Nodes;
        var groups = catalog().ResourceGroups.ToImmutableArray();
        if (_known is { } known && known.Nodes.SequenceEqual(nodes) && known.Groups.SequenceEqual(groups)) return known.Numbers;
        var numbers = NodeGroups.Assign(groups, nodes.Select(n => n.Name)).ToImmutableDictionary(a => a.Key, a => ResourceGroupInfo.NumberOf(a.Value), StringComparer.Ordinal);
        if (_known is { } before && Same(before.Numbers, numbers)) numbers = before.Numbers;
        _known = new Known(nodes, groups, numbers);
        return numbers;
    }

    private static bool Same(ImmutableDictionary<string, int> a, ImmutableDictionary<string, int> b) =>
        a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var number) && number == p.Value);

    private static QueryNodeInfo Describe(Address address) => new(address.ToString(), IdOf(address.ToString()), $"{address.Host}:{address.Port}", address.Host);

    private sealed record Known(ImmutableArray<QueryNodeInfo> Nodes, ImmutableArray<ResourceGroupInfo> Groups, ImmutableDictionary<string, int> Numbers);
}
