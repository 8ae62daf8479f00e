using Akka.Actor;
using Akka.Cluster.Sharding;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;

namespace Milvus.Actors.Query;

/// <summary>The names of segment entities and of their shards, taken from messages.</summary>
public sealed class SegmentExtractor : IMessageExtractor
{
    public static readonly SegmentExtractor Instance = new();

    public string? EntityId(object message) => message is ISegmentMessage m ? ClusterNames.Segment(m.CollectionId, m.SegmentId, m.Replica) : null;

    public object? EntityMessage(object message) => message;

    public string? ShardId(object message) => message is ISegmentMessage m ? ClusterNames.SegmentShard(m.SegmentId, m.Replica) : null;

    public string ShardId(string entityId, object? messageHint = null)
    {
        var parts = entityId.Split('-');
        return ClusterNames.SegmentShard(
            long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture));
    }
}

/// <summary>The shard region of loaded segments, on nodes of role query; a proxy of it elsewhere.</summary>
public static class SegmentRegion
{
    /// <summary>Starts the region on a query node. The allocation works where the shard coordinator happens to run, so every query node gives one.</summary>
    public static Task<IActorRef> StartAsync(ActorSystem system, Func<string, Props> entityProps, IShardAllocationStrategy allocation)
    {
        var sharding = ClusterSharding.Get(system);
        var settings = ClusterShardingSettings.Create(system).WithRole(NodeRoles.Query);
        return sharding.StartAsync(ClusterNames.SegmentRegion, entityProps, settings, SegmentExtractor.Instance, allocation, PoisonPill.Instance);
    }

    public static Task<IActorRef> StartProxyAsync(ActorSystem system) =>
        ClusterSharding.Get(system).StartProxyAsync(ClusterNames.SegmentRegion, NodeRoles.Query, SegmentExtractor.Instance);
}
