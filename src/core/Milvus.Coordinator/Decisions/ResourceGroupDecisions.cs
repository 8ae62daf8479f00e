using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class ResourceGroupDecisions
{
    public static Decision Decide(Catalog catalog, CreateResourceGroup command)
    {
        NameRules.CheckResourceGroup(command.Name);
        var config = command.Config ?? new ResourceGroupConfig();
        if (catalog.FindResourceGroup(command.Name) is { } existing)
        {
            return existing.Config == config
                ? Unchanged
                : throw new MilvusException(ErrorCode.ResourceGroupExists, $"resource group already exist, but create with different config[rg={command.Name}]") { IsInputError = true };
        }
        if (catalog.ResourceGroupCount >= ResourceGroupLimit)
            throw new MilvusException(ErrorCode.ResourceGroupLimit, $"resource group num reach limit[rg={command.Name}][limit={ResourceGroupLimit}]");
        Check(catalog, command.Name, config);
        var group = new ResourceGroupInfo(command.Name, config);
        // One pair of names in eight million; placement goes by the number.
        if (catalog.ResourceGroups.FirstOrDefault(g => g.Number == group.Number) is { } other)
            throw MilvusException.InvalidParameter($"resource group {group.Name} cannot exist beside {other.Name}, choose another name");
        return Accept(0, new ResourceGroupStored(group));
    }

    private const int ResourceGroupLimit = 1024;

    public static Decision Decide(Catalog catalog, DropResourceGroup command)
    {
        if (command.Name == ResourceGroupInfo.DefaultName)
            throw MilvusException.InvalidParameter("default resource group is not deletable", "not default resource group", command.Name);
        if (catalog.FindResourceGroup(command.Name) is not { } group) return Unchanged;
        if (group.Config.NodeLimit != 0)
            throw MilvusException.InvalidParameter("resource group's limits node num is not 0", "not empty resource group", command.Name);
        if (catalog.AllCollections.Any(c => c.Load is { } load && load.ResourceGroups.Contains(command.Name)))
            throw MilvusException.InvalidParameter($"some replicas still loaded in resource group [{command.Name}], release it first");
        if (catalog.ResourceGroups.FirstOrDefault(g => g.Config.TransferFrom.Contains(command.Name) || g.Config.TransferTo.Contains(command.Name)) is { } user)
            throw MilvusException.InvalidParameter($"resource group {command.Name} is used by {user.Name}'s transfer configuration, remove it there first");
        return Accept(0, new ResourceGroupDropped(command.Name));
    }

    public static Decision Decide(Catalog catalog, AlterResourceGroups command)
    {
        if (command.Configs.IsEmpty) throw MilvusException.InvalidParameter("no resource group to alter is given");
        var events = ImmutableArray.CreateBuilder<CatalogEvent>();
        foreach (var (name, config) in command.Configs)
        {
            var group = catalog.GetResourceGroup(name);
            Check(catalog, name, config);
            if (group.Config != config) events.Add(new ResourceGroupStored(group with { Config = config }));
        }
        return events.Count == 0 ? Unchanged : Accept(0, events.ToImmutable());
    }

    public static Decision Decide(Catalog catalog, TransferNodes command, DecisionContext context)
    {
        CheckDiffer(command.Source, command.Target);
        CheckPositive("NumNode", command.Nodes);
        var source = catalog.GetResourceGroup(command.Source);
        var target = catalog.GetResourceGroup(command.Target);
        // Where nobody counts the nodes, a group has those that it asks for and the default one any number.
        var held = context.QueryNodes is { } nodes ? NodeShares.Of(catalog.ResourceGroups, nodes)[source.Name] : source.IsDefault ? int.MaxValue : source.Config.RequestedNodes;
        if (held < command.Nodes)
            throw new MilvusException(ErrorCode.ResourceGroupNodeNotEnough, $"resource group node not enough[rg={source.Name}][currentNodeNum={held}][expectedNodeNum={command.Nodes}]");
        return Accept(0, Give(source, command.Nodes), Take(target, command.Nodes));
    }

    // The default group keeps its limit: it takes whatever nobody else asks for.
    private static ResourceGroupStored Give(ResourceGroupInfo group, int nodes) => new(group with
    {
        Config = group.Config with
        {
            RequestedNodes = Math.Max(0, group.Config.RequestedNodes - nodes),
            NodeLimit = group.IsDefault ? group.Config.NodeLimit : Math.Max(0, group.Config.NodeLimit - nodes),
        },
    });

    private static ResourceGroupStored Take(ResourceGroupInfo group, int nodes)
    {
        var requested = (int)Math.Min(int.MaxValue, (long)group.Config.RequestedNodes + nodes);
        return new(group with { Config = group.Config with { RequestedNodes = requested, NodeLimit = Math.Max(requested, group.Config.NodeLimit) } });
    }

    private static void CheckPositive(string name, long value)
    {
        if (value <= 0) throw new MilvusException(ErrorCode.InvalidParameter, $"invalid parameter[expected={name} > 0][actual=invalid {name} {value}]") { IsInputError = true };
    }

    private static void CheckDiffer(string source, string target)
    {
        if (source == target)
            throw MilvusException.InvalidParameter($"source resource group and target resource group should not be the same, resource group: {source}");
    }

    public static Decision Decide(Catalog catalog, TransferReplicas command)
    {
        catalog.GetResourceGroup(command.Source);
        catalog.GetResourceGroup(command.Target);
        CheckDiffer(command.Source, command.Target);
        CheckPositive("NumReplica", command.Replicas);
        var collection = catalog.GetCollection(command.Database, command.Collection);
        if (collection.Load is not { } load) throw RuleErrors.CollectionNotLoaded(collection.Name);
        var held = load.ResourceGroups.Count(g => g == command.Source);
        if (held < command.Replicas)
            throw MilvusException.InvalidParameter($"only found [{held}] replicas of collection [{collection.Name}] in source resource group [{command.Source}]", $">={command.Replicas}", held);
        var left = command.Replicas;
        ImmutableArray<string> groups = [.. load.ResourceGroups.Select(g => g == command.Source && left-- > 0 ? command.Target : g)];
        return Change(collection with { Load = load with { ResourceGroups = groups } }, CollectionAspect.Load);
    }

    private static void Check(Catalog catalog, string name, ResourceGroupConfig config)
    {
        var problem = config.RequestedNodes < 0 || config.NodeLimit < 0 ? "node num in `requests` or `limits` should not less than 0"
            : config.NodeLimit < config.RequestedNodes ? "limits node num should not less than requests node num" : null;
        foreach (var (list, others) in new[] { ("TransferFrom", config.TransferFrom), ("TransferTo", config.TransferTo) })
            foreach (var other in others)
            {
                if (other == name) problem ??= $"resource group in `{list}` {other} should not be itself";
                else if (catalog.FindResourceGroup(other) is null) problem ??= $"resource group in `{list}` {other} not exist";
            }
        if (problem is not null)
            throw new MilvusException(ErrorCode.IllegalResourceGroupConfig, $"{problem}: resource group illegal config[rg={name}]") { IsInputError = true };
    }
}
