using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Resources;

/// <summary>How many nodes a resource group wants and may have, and whom it trades them with.</summary>
public sealed record ResourceGroupConfig
{
    /// <summary>Nodes the group asks for.</summary>
    public int RequestedNodes { get; init; }

    /// <summary>Nodes the group holds at most.</summary>
    public int NodeLimit { get; init; }

    public ImmutableArray<string> TransferFrom { get; init; } = [];

    public ImmutableArray<string> TransferTo { get; init; } = [];

    /// <summary>Labels a node must carry.</summary>
    public ImmutableArray<Property> NodeLabels { get; init; } = [];

    public bool Equals(ResourceGroupConfig? other) =>
        other is not null && RequestedNodes == other.RequestedNodes && NodeLimit == other.NodeLimit && TransferFrom.SequenceEqual(other.TransferFrom)
        && TransferTo.SequenceEqual(other.TransferTo) && NodeLabels.SequenceEqual(other.NodeLabels);

    public override int GetHashCode() => HashCode.Combine(RequestedNodes, NodeLimit, TransferFrom.Length, TransferTo.Length, NodeLabels.Length);
}

/// <summary>A named set of nodes, as configured. Which nodes it really has is a fact about the cluster and not kept here.</summary>
public sealed record ResourceGroupInfo(string Name, ResourceGroupConfig Config)
{
    /// <summary>Always exists and cannot be dropped.</summary>
    public const string DefaultName = "__default_resource_group";

    /// <summary>Nodes that the default group is said to have room for.</summary>
    public const int DefaultCapacity = 1_000_000;

    /// <summary>Numbers of groups are below this.</summary>
    public const int NumberLimit = 1 << 23;

    public bool IsDefault => Name == DefaultName;

    /// <summary>Stands for the name where that is too long: 0 for the default group, for others the same for ever. No two groups that exist have the same.</summary>
    public int Number => NumberOf(Name);

    /// <summary>The number that a group of this name has.</summary>
    public static int NumberOf(string name) => name == DefaultName ? 0 : 1 + (int)(NameHash.Of(name) % (NumberLimit - 1));

    /// <summary>The name of the group that a replica belongs to.</summary>
    /// <param name="position">Of the replica in its load, from 0.</param>
    public static string Of(LoadSpec load, int position) => position < load.ResourceGroups.Length ? load.ResourceGroups[position] : DefaultName;

    /// <summary>Nodes the group is said to have room for: what it asks for, the default group any number.</summary>
    public int Capacity => IsDefault ? DefaultCapacity : Config.RequestedNodes;
}
