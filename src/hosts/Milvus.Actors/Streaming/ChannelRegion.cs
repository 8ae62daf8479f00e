using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Streaming.Channels;
using Milvus.Model;

namespace Milvus.Actors.Streaming;

/// <summary>The shard region of the channels: how messages find their channel, and how it is started.</summary>
public static class ChannelRegion
{
    /// <summary>Ends a channel before its shard moves.</summary>
    public static object HandOffMessage => StopChannel.Instance;

    public static IMessageExtractor Extractor { get; } = new ChannelExtractor();

    /// <summary>Starts the region on a node with the streaming role. No remembered entities; the coordinator wakes channels.</summary>
    public static Task<IActorRef> StartAsync(ActorSystem system, StreamingRole role) => ClusterSharding.Get(system).StartAsync(
        ClusterNames.ChannelRegion,
        role.EntityProps,
        Settings(system).WithRole(NodeRoles.Streaming),
        Extractor,
        ClusterSharding.Get(system).DefaultShardAllocationStrategy(Settings(system)),
        HandOffMessage);

    /// <summary>Starts a proxy of the region on a node without the streaming role.</summary>
    public static Task<IActorRef> StartProxyAsync(ActorSystem system) =>
        ClusterSharding.Get(system).StartProxyAsync(ClusterNames.ChannelRegion, NodeRoles.Streaming, Extractor);

    /// <exception cref="FormatException">Not the name of a channel.</exception>
    internal static ShardId Parse(string entityId)
    {
        var dash = entityId.LastIndexOf("-s", StringComparison.Ordinal);
        if (dash > 1 && entityId[0] == 'c'
            && long.TryParse(entityId.AsSpan(1, dash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var collection)
            && int.TryParse(entityId.AsSpan(dash + 2), NumberStyles.None, CultureInfo.InvariantCulture, out var shard))
            return new ShardId(collection, shard);
        throw new FormatException($"'{entityId}' does not name a channel");
    }

    private static ClusterShardingSettings Settings(ActorSystem system) =>
        ClusterShardingSettings.Create(system).WithRememberEntities(false).WithStateStoreMode(StateStoreMode.Persistence);

    private sealed class ChannelExtractor : IMessageExtractor
    {
        public string? EntityId(object message) => message switch
        {
            IChannelMessage m => ClusterNames.Channel(new Model.ShardId(m.CollectionId, m.Shard)),
            ShardRegion.StartEntity start => start.EntityId,
            _ => null,
        };

        public object? EntityMessage(object message) => message;

        public string? ShardId(object message) => EntityId(message) is { } id ? ClusterNames.ChannelShard(id) : null;

        public string ShardId(string entityId, object? messageHint = null) => ClusterNames.ChannelShard(entityId);
    }
}
