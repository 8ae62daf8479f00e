using System.Buffers;

namespace Milvus.StreamingNode;

/// <summary>
/// Encoded records one behind the other in memory borrowed from the shared pool, so that logging megabytes at a time does not allocate them. Not thread-safe.
/// </summary>
public sealed class RecordBuffer : IBufferWriter<byte>
{
    private const int LeastBytes = 4096;
    private readonly List<int> _ends = [];
    private byte[] _bytes = [];
    private int _used;

    /// <summary>Appends a record.</summary>
    public void Add(WriteRecord record)
    {
        Reserve(ChannelRecordCodec.EstimateSize(record));
        ChannelRecordCodec.Encode(record, this);
        _ends.Add(_used);
    }

    /// <summary>The records so far; valid until the next change.</summary>
    public ReadOnlyMemory<byte>[] Payloads()
    {
        var payloads = new ReadOnlyMemory<byte>[_ends.Count];
        for (int i = 0, start = 0; i < payloads.Length; start = _ends[i++]) payloads[i] = _bytes.AsMemory(start, _ends[i] - start);
        return payloads;
    }

    /// <summary>Forgets the records and gives the memory back.</summary>
    public void Clear()
    {
        _ends.Clear();
        _used = 0;
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - _used), nameof(count));
        _used += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(1, sizeHint));
        return _bytes.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_bytes.Length - _used < Math.Max(1, sizeHint)) Reserve(Math.Max(1, sizeHint));
        return _bytes.AsSpan(_used);
    }

    private void Reserve(long more)
    {
        var needed = _used + more;
        if (needed <= _bytes.Length) return;
        var grown = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(Math.Max(LeastBytes, needed), _used * 2L)));
        _bytes.AsSpan(0, _used).CopyTo(grown);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = grown;
    }
}
