using System.Collections.Immutable;
using Milvus.Coordinator.Resources;

namespace Milvus.Coordinator.Commands;

/// <param name="Config">Null: no requests, no limits.</param>
public sealed record CreateResourceGroup(string Name, ResourceGroupConfig? Config = null) : CoordinatorCommand;

public sealed record DropResourceGroup(string Name) : CoordinatorCommand;

/// <summary>Replaces the configuration of several groups at once.</summary>
public sealed record AlterResourceGroups(ImmutableSortedDictionary<string, ResourceGroupConfig> Configs) : CoordinatorCommand;

/// <summary>Moves requested nodes from one group to another.</summary>
public sealed record TransferNodes(string Source, string Target, int Nodes) : CoordinatorCommand;

/// <summary>Moves replicas of a loaded collection from one group to another.</summary>
public sealed record TransferReplicas(string Database, string Collection, string Source, string Target, long Replicas) : CollectionCommand(Database, Collection);
