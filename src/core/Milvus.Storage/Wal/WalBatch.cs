using System.Buffers;
using Milvus.Model;

namespace Milvus.Storage.Wal;

/// <summary>
/// The bytes of a group of records as pieces for one gathered write: payloads stay where they are, headers and end bytes share one
/// buffer, which is reused from batch to batch. Not thread-safe.
/// </summary>
internal sealed class WalBatch
{
    private const int KeptBytes = 64 << 10;

    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private byte[] _frames = [];

    public IReadOnlyList<ReadOnlyMemory<byte>> Pieces => _pieces;

    public long Length { get; private set; }

    /// <param name="durable">Last sequence known to be durable.</param>
    public void Build(ReadOnlySpan<ReadOnlySequence<byte>> payloads, long firstSequence, long durable, uint salt)
    {
        Clear();
        var bytes = payloads.Length * WalFormat.RecordOverheadBytes;
        if (_frames.Length < bytes)
            _frames = new byte[Math.Max(bytes, 1024)];
        var at = 0;
        var pieceStart = 0;
        for (var i = 0; i < payloads.Length; i++)
        {
            var sequence = firstSequence + i;
            uint checksum = 0;
            foreach (var piece in payloads[i]) checksum = Crc32C.Append(checksum, piece.Span);
            var header = new WalRecordHeader(WalRecordKind.Data, (int)(sequence - 1 - durable), checked((int)payloads[i].Length), sequence, checksum);
            header.Encode(_frames.AsSpan(at), salt);
            at += WalFormat.RecordHeaderBytes;
            _pieces.Add(_frames.AsMemory(pieceStart, at - pieceStart));
            foreach (var piece in payloads[i]) _pieces.Add(piece);
            pieceStart = at;
            _frames[at++] = WalFormat.EndMark; // Written in one piece with the next record's header.
            Length += header.TotalBytes;
        }
        _pieces.Add(_frames.AsMemory(pieceStart, at - pieceStart));
    }

    /// <summary>Lets go of the payloads.</summary>
    public void Clear()
    {
        _pieces.Clear();
        Length = 0;
        if (_frames.Length > KeptBytes)
            _frames = [];
    }
}
