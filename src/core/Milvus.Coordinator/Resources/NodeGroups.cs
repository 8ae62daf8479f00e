namespace Milvus.Coordinator.Resources;

/// <summary>
/// Which node belongs to which resource group. Derived from the configuration and the nodes there are, so that it need not be kept: whoever knows the same
/// nodes finds the same groups, and a node that comes back belongs where it belonged before. Pure.
/// </summary>
/// <remarks>
/// As many nodes as <see cref="NodeShares"/> says go to each group. Which ones is decided by a hash of both names, the highest of all pairs first: a group that gains or loses a node keeps its others,
/// unless two groups fill each other's gaps. The default group has the rest.
/// </remarks>
public static class NodeGroups
{
    /// <param name="groups">All groups.</param>
    /// <param name="nodes">The names of all nodes, in any order.</param>
    /// <returns>The group of each node.</returns>
    public static IReadOnlyDictionary<string, string> Assign(IEnumerable<ResourceGroupInfo> groups, IEnumerable<string> nodes)
    {
        var names = nodes.Distinct(StringComparer.Ordinal).ToList();
        var room = NodeShares.Of(groups, names.Count).Where(s => s.Key != ResourceGroupInfo.DefaultName && s.Value > 0).ToDictionary(StringComparer.Ordinal);
        var assigned = new Dictionary<string, string>(names.Count, StringComparer.Ordinal);
        var pairs = room.Keys.SelectMany(g => names.Select(n => (Group: g, Node: n, Score: Score(g, n)))).ToList();
        foreach (var (group, node, _) in pairs.OrderByDescending(p => p.Score).ThenBy(p => p.Group, StringComparer.Ordinal).ThenBy(p => p.Node, StringComparer.Ordinal))
        {
            if (room[group] == 0 || !assigned.TryAdd(node, group)) continue;
            room[group]--;
        }
        foreach (var node in names) assigned.TryAdd(node, ResourceGroupInfo.DefaultName);
        return assigned;
    }

    private static uint Score(string group, string node) => NameHash.Of($"{group}\n{node}");
}
