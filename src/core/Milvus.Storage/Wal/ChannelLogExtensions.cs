using System.Buffers;

namespace Milvus.Storage.Wal;

/// <summary>Shorter ways to say the same to a log.</summary>
public static class ChannelLogExtensions
{
    /// <summary>As <see cref="IChannelLog.Append"/>, of payloads in one piece each.</summary>
    public static long Append(this IChannelLog log, ReadOnlySpan<ReadOnlyMemory<byte>> payloads)
    {
        var pieces = new ReadOnlySequence<byte>[payloads.Length];
        for (var i = 0; i < pieces.Length; i++) pieces[i] = new ReadOnlySequence<byte>(payloads[i]);
        return log.Append(pieces);
    }
}
