using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Journal;

/// <summary>Channel records as journal events: one event, or several contiguous ones for a large record.</summary>
internal static class RecordParts
{
    public const uint Version = 1;

    /// <param name="payload">By <c>ChannelRecordCodec</c>; the events refer to it.</param>
    public static void Split(long sequence, ByteString requestId, ReadOnlyMemory<byte> payload, int partBytes, List<ChannelEvent> events)
    {
        var parts = Math.Max(1, (payload.Length + partBytes - 1) / partBytes);
        for (var i = 0; i < parts; i++)
        {
            var part = payload.Slice(i * partBytes, Math.Min(partBytes, payload.Length - (i * partBytes)));
            events.Add(new ChannelEvent
            {
                Version = Version,
                Sequence = sequence,
                RequestId = requestId,
                Part = (uint)i,
                Parts = (uint)parts,
                Payload = UnsafeByteOperations.UnsafeWrap(part),
                Checksum = Crc32C.Compute(part.Span),
            });
        }
    }
}

/// <summary>A record read back from the journal.</summary>
internal readonly record struct JournalRecord(long Sequence, Guid RequestId, ReadOnlyMemory<byte> Payload);

/// <summary>Puts records together again from events in journal order. For one thread.</summary>
internal sealed class RecordAssembler(string source)
{
    private readonly List<ChannelEvent> _parts = [];

    /// <summary>True while the last record lacks parts.</summary>
    public bool IsPartial => _parts.Count > 0;

    /// <summary>The record that the event completes, if it does.</summary>
    /// <exception cref="IntegrityException">The event is damaged, of an unknown version, or does not follow the one before.</exception>
    public bool TryAdd(ChannelEvent e, out JournalRecord record)
    {
        record = default;
        if (e.Version != RecordParts.Version) throw Damaged(e, $"event version {e.Version} is not known to this server");
        if (Crc32C.Compute(e.Payload.Span) != e.Checksum) throw Damaged(e, "checksum mismatch");
        if (e.RequestId.Length != 16) throw Damaged(e, $"a request id of {e.RequestId.Length} bytes");
        if (e.Part != _parts.Count || e.Part >= e.Parts || (_parts.Count > 0 && (_parts[0].Sequence != e.Sequence || _parts[0].Parts != e.Parts)))
            throw Damaged(e, $"part {e.Part} of {e.Parts} follows {_parts.Count} parts of record {(_parts.Count > 0 ? _parts[0].Sequence : e.Sequence)}");
        if (e.Parts > 1)
        {
            _parts.Add(e);
            if (_parts.Count < e.Parts) return false;
        }
        record = new JournalRecord(e.Sequence, new Guid(e.RequestId.Span), e.Parts == 1 ? e.Payload.Memory : Join());
        _parts.Clear();
        return true;
    }

    private byte[] Join()
    {
        var whole = new byte[_parts.Sum(p => (long)p.Payload.Length)];
        var at = 0;
        foreach (var part in _parts)
        {
            part.Payload.Span.CopyTo(whole.AsSpan(at));
            at += part.Payload.Length;
        }
        return whole;
    }

    private IntegrityException Damaged(ChannelEvent e, string problem) => new($"{source}, record {e.Sequence}", problem);
}
