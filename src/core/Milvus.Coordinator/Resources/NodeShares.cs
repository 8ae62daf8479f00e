namespace Milvus.Coordinator.Resources;

/// <summary>
/// How many nodes each resource group has of those there are: what each asks for in the order of names, then the default group up to its limit, the others up to theirs, and whatever is left the
/// default group. Nodes have no labels, so a group that wants labels has none. Pure.
/// </summary>
public static class NodeShares
{
    /// <param name="groups">All groups.</param>
    /// <param name="nodes">All nodes.</param>
    public static IReadOnlyDictionary<string, int> Of(IEnumerable<ResourceGroupInfo> groups, int nodes)
    {
        var all = groups.OrderBy(g => g.Name, StringComparer.Ordinal).ToList();
        var shares = all.ToDictionary(g => g.Name, _ => 0, StringComparer.Ordinal);
        var open = all.Where(g => g.IsDefault || g.Config.NodeLabels.IsEmpty).ToList();
        foreach (var group in open) Give(group.Name, group.Config.RequestedNodes);
        foreach (var group in open.OrderBy(g => !g.IsDefault)) Give(group.Name, group.Config.NodeLimit);
        Give(ResourceGroupInfo.DefaultName, int.MaxValue);
        return shares;

        void Give(string name, int upTo)
        {
            var given = Math.Clamp(upTo - shares.GetValueOrDefault(name), 0, nodes);
            shares[name] = shares.GetValueOrDefault(name) + given;
            nodes -= given;
        }
    }
}
