using System.Buffers.Binary;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Reads what <see cref="BlockWriter"/> wrote; no byte is handed out before its block's checksum was right.</summary>
internal sealed class BlockReader(Stream source, string sourceName, uint seed, long length)
    : StreamedReader(source, sourceName, Math.Min(length, BlockWriter.BlockBytes) + sizeof(uint))
{
    private uint _checksum = seed;
    private long _unread = length;
    private long _blockNumber;

    private protected override int NextBlock(Span<byte> room)
    {
        int bytes = (int)Math.Min(_unread, BlockWriter.BlockBytes);
        if (bytes == 0)
            throw AlignedBlocks.EndsEarly(SourceName);
        Fill(room[..(bytes + sizeof(uint))], _blockNumber);
        _checksum = Crc32C.Append(_checksum, room[..bytes]);
        if (_checksum != BinaryPrimitives.ReadUInt32LittleEndian(room[bytes..]))
            throw AlignedBlocks.Damaged(SourceName, _blockNumber);
        _unread -= bytes;
        _blockNumber++;
        return bytes;
    }
}
