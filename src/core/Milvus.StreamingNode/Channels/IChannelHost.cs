namespace Milvus.StreamingNode;

/// <summary>
/// What runs a shard channel: its single writer, over whatever log. Work beside the channel (sealing, compaction) reaches it through this,
/// so that it is the same in one process and on a cluster's nodes.
/// </summary>
public interface IChannelHost
{
    /// <summary>Its view and gate are for any thread, everything else only for actions that are posted.</summary>
    ShardChannel Channel { get; }

    /// <summary>Bytes the channel's log takes at present.</summary>
    long LogBytes { get; }

    /// <summary>Runs <paramref name="action"/> as the channel's writer, after everything that arrived before it and never inside a batch of writes.</summary>
    Task<T> PostAsync<T>(Func<ShardChannel, T> action);
}
