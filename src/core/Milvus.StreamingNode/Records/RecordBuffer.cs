using System.Buffers;
using Milvus.Model;

namespace Milvus.StreamingNode;

/// <summary>
/// Encoded records one behind the other in memory borrowed from the shared pool, vectors left where they are: logging megabytes at a time neither allocates
/// nor copies them. Not thread-safe.
/// </summary>
public sealed class RecordBuffer : IGatheringWriter
{
    private const int LeastBytes = 4096;

    /// <summary>Fewer bytes are copied: a piece of their own would cost more.</summary>
    private const int LeastGathered = 4096;

    private readonly List<Piece> _pieces = [];
    private readonly List<int> _ends = [];
    private byte[] _bytes = [];
    private int _used;
    private int _pieceStart;

    // Memory is looked up when all is written: until then the buffer may move.
    private readonly record struct Piece(int Start, int Length, ReadOnlyMemory<byte> Gathered);

    /// <summary>Appends a record, whose vectors stay as they are until <see cref="Clear"/>.</summary>
    public void Add(WriteRecord record)
    {
        ChannelRecordCodec.Encode(record, this);
        EndPiece();
        _ends.Add(_pieces.Count);
    }

    /// <summary>The records so far; valid until the next change.</summary>
    public ReadOnlySequence<byte>[] Payloads()
    {
        var payloads = new ReadOnlySequence<byte>[_ends.Count];
        for (int i = 0, start = 0; i < payloads.Length; start = _ends[i++]) payloads[i] = Sequence(start, _ends[i]);
        return payloads;
    }

    /// <summary>Forgets the records and gives the memory back.</summary>
    public void Clear()
    {
        _pieces.Clear();
        _ends.Clear();
        _used = _pieceStart = 0;
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

    public void Gather(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < LeastGathered)
        {
            this.Write(bytes.Span);
            return;
        }
        EndPiece();
        _pieces.Add(new Piece(0, 0, bytes));
    }

    private void EndPiece()
    {
        if (_used > _pieceStart) _pieces.Add(new Piece(_pieceStart, _used - _pieceStart, default));
        _pieceStart = _used;
    }

    private ReadOnlySequence<byte> Sequence(int first, int end)
    {
        if (end - first == 1) return new ReadOnlySequence<byte>(MemoryOf(_pieces[first]));
        var start = new Segment(MemoryOf(_pieces[first]), 0);
        var last = start;
        for (var i = first + 1; i < end; i++) last = last.Append(MemoryOf(_pieces[i]));
        return new ReadOnlySequence<byte>(start, 0, last, last.Memory.Length);
    }

    private ReadOnlyMemory<byte> MemoryOf(Piece piece) => piece.Length > 0 ? _bytes.AsMemory(piece.Start, piece.Length) : piece.Gathered;

    private void Reserve(long more)
    {
        var needed = _used + more;
        if (needed <= _bytes.Length) return;
        var grown = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(Math.Max(LeastBytes, needed), _used * 2L)));
        _bytes.AsSpan(0, _used).CopyTo(grown);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = grown;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
