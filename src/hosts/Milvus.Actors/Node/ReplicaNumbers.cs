using System.Collections.Immutable;
using Milvus.Coordinator.Resources;
using Milvus.Model;

namespace Milvus.Actors.Node;

/// <summary>
/// Numbers of replicas as channels and query nodes use them: the replica's position in the load in the low eight bits, above it the number of its resource group. So a shard of the segment region says by its
/// name where it belongs, and a replica that goes to another group is another entity, which is loaded before the first one goes. Frozen: nodes of neighbouring versions share them.
/// </summary>
public static class ReplicaNumbers
{
    private const int PositionBits = 8;

    /// <param name="position">From 0, below <see cref="LoadSpec.MaxReplicas"/>.</param>
    public static int Of(int position, string group) => (ResourceGroupInfo.NumberOf(group) << PositionBits) | position;

    /// <summary>One per replica in the order of their positions; none when nothing is loaded.</summary>
    public static ImmutableArray<int> Of(LoadSpec? load) => load is null
        ? []
        : [.. Enumerable.Range(0, load.Replicas).Select(p => Of(p, ResourceGroupInfo.Of(load, p)))];

    public static int Position(int number) => number & ((1 << PositionBits) - 1);

    /// <summary>The number of the resource group.</summary>
    public static int Group(int number) => number >> PositionBits;
}
