using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>The channels that this node hosts at the moment. Thread-safe.</summary>
public sealed class ChannelTable
{
    private readonly ConcurrentDictionary<ShardId, ChannelHandle> _channels = new();

    public ICollection<ChannelHandle> Channels => _channels.Values;

    public bool TryGet(ShardId id, [MaybeNullWhen(false)] out ChannelHandle channel) => _channels.TryGetValue(id, out channel);

    /// <exception cref="ShardMovedException">The channel is not on this node.</exception>
    public ChannelHandle Get(ShardId id) => TryGet(id, out var channel) ? channel : throw new ShardMovedException($"channel {id} is not here");

    internal void Add(ChannelHandle channel) => _channels[channel.Id] = channel;

    internal void Remove(ChannelHandle channel) => _channels.TryRemove(new KeyValuePair<ShardId, ChannelHandle>(channel.Id, channel));
}
