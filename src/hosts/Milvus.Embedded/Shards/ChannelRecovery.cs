using Milvus.Model;
using Milvus.Storage.Wal;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Shards;

/// <summary>Brings a channel up to the end of its log.</summary>
public static class ChannelRecovery
{
    /// <summary>Applies every record after <see cref="ShardChannel.AppliedSequence"/>; returns how many there were.</summary>
    /// <exception cref="IntegrityException">The log is damaged, or lacks records that the checkpoint does not cover.</exception>
    public static long Replay(ShardChannel channel, IChannelLog log)
    {
        var next = channel.AppliedSequence + 1;
        if (log.NextSequence < next)
            throw new IntegrityException($"log of channel {channel.Id}", $"it ends before record {log.NextSequence}, but the checkpoint covers {channel.AppliedSequence}");
        if (log.NextSequence == next) return 0;
        long count = 0;
        using var reader = log.ReadFrom(next);
        while (reader.TryRead(out var record))
        {
            channel.Apply(record.Sequence, ChannelRecordCodec.Decode(record.Payload, $"log of channel {channel.Id}, record {record.Sequence}"));
            count++;
        }
        return count;
    }
}
