using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;

namespace Milvus.Actors.Catalogs;

/// <summary>The nodes that follow the catalogue, as the coordinator knows them: members of the cluster and those that registered. For one thread.</summary>
internal sealed class NodeTable(TimeProvider time, TimeSpan silence)
{
    private readonly Dictionary<string, Entry> _nodes = new(StringComparer.Ordinal);

    public int Registered => _nodes.Values.Count(n => n.Actor is not null);

    /// <summary>Counts a heartbeat. False when the node did not exist before, or is another process than before.</summary>
    public bool Register(RegisterNode node, IActorRef actor)
    {
        var entry = GetOrAdd(node.Node);
        var isKnown = actor.Equals(entry.Actor);
        // An older word of the same process may arrive after its newer acknowledgement.
        entry.Version = isKnown ? Math.Max(entry.Version, node.CatalogVersion) : node.CatalogVersion;
        entry.Actor = actor;
        entry.Last = node;
        entry.HeardAt = time.GetTimestamp();
        return isKnown;
    }

    public void Applied(IActorRef actor, long version)
    {
        foreach (var entry in _nodes.Values)
        {
            if (!actor.Equals(entry.Actor)) continue;
            entry.Version = Math.Max(entry.Version, version);
            entry.HeardAt = time.GetTimestamp();
        }
    }

    public void MemberUp(string node) => GetOrAdd(node);

    public void SetReachable(string node, bool isReachable)
    {
        if (_nodes.TryGetValue(node, out var entry)) entry.IsReachable = isReachable;
    }

    public void Remove(string node) => _nodes.Remove(node);

    /// <summary>Forgets registrations that were not renewed.</summary>
    public void ForgetSilent()
    {
        foreach (var entry in _nodes.Values)
            if (entry.Actor is not null && time.GetElapsedTime(entry.HeardAt) > silence) entry.Actor = null;
    }

    /// <summary>True when every reachable node shows the version.</summary>
    /// <param name="awaitMembers">Also members that have not registered yet count as nodes that do not.</param>
    public bool AllShow(long version, bool awaitMembers)
    {
        foreach (var entry in _nodes.Values)
        {
            if (!entry.IsReachable) continue;
            if (entry.Actor is null ? awaitMembers : entry.Version < version) return false;
        }
        return true;
    }

    public void Tell(IControlMessage message, IActorRef sender)
    {
        foreach (var entry in _nodes.Values) entry.Actor?.Tell(message, sender);
    }

    /// <summary>Bytes that the query node with the most of them has left for segments; all there are while none is known.</summary>
    public long FreeQueryBytes()
    {
        long? most = null;
        foreach (var entry in _nodes.Values)
            if (entry is { IsReachable: true, Actor: not null, Last: { } node } && node.Roles.Contains(NodeRoles.Query, StringComparer.Ordinal))
                most = Math.Max(most ?? 0, node.MemoryLimitBytes - node.MemoryBytes);
        return most ?? long.MaxValue;
    }

    public NodeStatus[] Status() =>
        [.. _nodes.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => new NodeStatus(
            n.Key, n.Value.Last?.Roles ?? [], n.Value.Version, n.Value.Last?.MemoryBytes ?? 0, n.Value.Last?.MemoryLimitBytes ?? 0, n.Value.Last?.Rows ?? 0,
            n.Value is { IsReachable: true, Actor: not null }))];

    private Entry GetOrAdd(string node)
    {
        if (!_nodes.TryGetValue(node, out var entry)) _nodes.Add(node, entry = new Entry());
        return entry;
    }

    private sealed class Entry
    {
        public IActorRef? Actor { get; set; }

        public long Version { get; set; }

        public long HeardAt { get; set; }

        public bool IsReachable { get; set; } = true;

        public RegisterNode? Last { get; set; }
    }
}
