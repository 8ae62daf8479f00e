using System.Collections.Immutable;
using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Coordinator.Resources;
using Milvus.Model;

namespace Milvus.Actors.Inspection;

public sealed record CollectionFacts(string Database, string Name, long Id, int Shards, int Partitions, string Load, int Replicas);

public sealed record ChannelFacts(string Channel, string Collection, string Node, string Load, long AppliedSequence, long CheckpointSequence, int GrowingSegments, long GrowingRows, int Replicas, int ReadyReplicas, string Problem);

public sealed record SegmentFacts(string Collection, long Segment, int Shard, string State, int Replica, string Node, bool Ready, long Rows, long DeletedRows, long MemoryBytes);

public sealed record NodeFacts(string Node, string Roles, string Status, bool Reachable, bool IsCoordinator, long CatalogVersion, long MemoryBytes, long MemoryLimitBytes, long Rows, string Group);

public sealed record TaskFacts(string Task, string Kind, string State, string Node, string Failure);

/// <summary>
/// Answers what operators ask about a cluster. Both <c>pbm</c> and the HTTP endpoints are made of it. Asks only those who know; a channel that does not
/// answer is told as such.
/// </summary>
public sealed class ClusterInspector(NodeServices services)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    public IReadOnlyList<CollectionFacts> Collections() =>
    [
        .. services.Catalog.Catalog.Collections.OrderBy(c => c.DatabaseName, StringComparer.Ordinal).ThenBy(c => c.Name, StringComparer.Ordinal).Select(c => new CollectionFacts(
            c.DatabaseName, c.Name, c.Id, c.ShardCount, c.Partitions.Length, c.Load is { } load ? load.PartitionIds.IsEmpty ? "loaded" : $"{load.PartitionIds.Length} partitions" : "released", c.Load?.Replicas ?? 0)),
    ];

    public async Task<IReadOnlyList<ChannelFacts>> ChannelsAsync(CancellationToken cancellation)
    {
        var list = ImmutableArray.CreateBuilder<ChannelFacts>();
        foreach (var (collection, shard, status) in await StatusesAsync(cancellation).ConfigureAwait(false))
        {
            var id = new ShardId(collection.Id, shard).ToString();
            list.Add(status is null
                ? new ChannelFacts(id, collection.Name, "", "", 0, 0, 0, 0, 0, 0, "does not answer")
                : new ChannelFacts(
                    id, collection.Name, status.Node, LoadText(status), status.AppliedSequence, status.CheckpointSequence, status.Growing.Length,
                    status.Growing.Sum(g => g.Rows), status.Replicas.Length, status.Replicas.Count(r => r.Ready), status.LoadFailure));
        }
        return list.ToImmutable();
    }

    public async Task<IReadOnlyList<SegmentFacts>> SegmentsAsync(CancellationToken cancellation)
    {
        var list = ImmutableArray.CreateBuilder<SegmentFacts>();
        foreach (var (collection, shard, status) in await StatusesAsync(cancellation).ConfigureAwait(false))
        {
            foreach (var g in status?.Growing ?? [])
                list.Add(new SegmentFacts(collection.Name, g.SegmentId, shard, g.IsSealing ? "sealing" : "growing", 0, status!.Node, true, g.Rows, g.DeletedRows, g.MemoryBytes));
            foreach (var r in status?.Replicas ?? [])
                list.Add(new SegmentFacts(collection.Name, r.SegmentId, shard, "sealed", ReplicaNumbers.Position(r.Replica), r.Node, r.Ready, r.Rows, r.DeletedRows, r.MemoryBytes));
        }
        return list.ToImmutable();
    }

    public async Task<IReadOnlyList<NodeFacts>> NodesAsync(CancellationToken cancellation)
    {
        var cluster = Akka.Cluster.Cluster.Get(services.System);
        var state = cluster.State;
        ClusterStatus? known = null;
        try
        {
            known = await services.Coordinator.AskAsync<ClusterStatus>(new GetClusterStatus(), cancellation).ConfigureAwait(false);
        }
        catch (MilvusException)
        {
            // The members are known without it.
        }
        var reports = known?.Nodes.ToDictionary(n => n.Node) ?? [];
        var groups = NodeGroups.Assign(services.Catalog.Catalog.ResourceGroups, QueryMembers.Of(services.System).Select(n => n.Name));
        return
        [
            .. state.Members.OrderBy(m => m.Address).Select(m =>
            {
                var address = m.Address.ToString();
                var report = reports.GetValueOrDefault(address);
                return new NodeFacts(
                    address, string.Join(",", m.Roles.Order(StringComparer.Ordinal)), m.Status.ToString(), !state.Unreachable.Contains(m), known?.Coordinator == address,
                    report?.CatalogVersion ?? 0, report?.MemoryBytes ?? 0, report?.MemoryLimitBytes ?? 0, report?.Rows ?? 0, groups.GetValueOrDefault(address, ""));
            }),
        ];
    }

    public async Task<IReadOnlyList<TaskFacts>> TasksAsync(CancellationToken cancellation)
    {
        var status = await services.Coordinator.AskAsync<ClusterStatus>(new GetClusterStatus(), cancellation).ConfigureAwait(false);
        return [.. status.Tasks.Select(t => new TaskFacts(t.TaskId, t.Kind, t.State, t.Node, t.Failure))];
    }

    private async Task<IReadOnlyList<(CollectionInfo Collection, int Shard, ChannelStatus? Status)>> StatusesAsync(CancellationToken cancellation)
    {
        var asked = new List<(CollectionInfo Collection, int Shard, Task<ChannelStatus?> Status)>();
        foreach (var c in services.Catalog.Catalog.Collections)
            for (var shard = 0; shard < c.ShardCount; shard++) asked.Add((c, shard, StatusAsync(c.Id, shard, cancellation)));
        var answers = new List<(CollectionInfo, int, ChannelStatus?)>(asked.Count);
        foreach (var (collection, shard, status) in asked) answers.Add((collection, shard, await status.ConfigureAwait(false)));
        return answers;
    }

    private async Task<ChannelStatus?> StatusAsync(long collectionId, int shard, CancellationToken cancellation)
    {
        try
        {
            return await services.Channels.Ask<IControlMessage>(new GetChannelStatus(collectionId, shard), s_patience, cancellation).ConfigureAwait(false) as ChannelStatus;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private static string LoadText(ChannelStatus status) => ((Proxy.LoadPhase)status.LoadPhase).ToString().ToLowerInvariant();
}
