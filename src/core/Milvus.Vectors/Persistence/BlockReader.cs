using System.Buffers.Binary;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Reads what <see cref="BlockWriter"/> wrote; no byte is handed out before its block's checksum was right.</summary>
internal sealed class BlockReader(Stream source, string sourceName, uint seed, long length) : PayloadReader
{
    private readonly byte[] _block = new byte[Math.Min(length, BlockWriter.BlockBytes) + sizeof(uint)];
    private uint _checksum = seed;
    private long _unread = length;
    private long _blockNumber;
    private int _filled;
    private int _taken;

    /// <exception cref="IntegrityException">A block is damaged or missing.</exception>
    public override void Read(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            if (_taken == _filled)
                NextBlock();
            int some = Math.Min(target.Length, _filled - _taken);
            _block.AsSpan(_taken, some).CopyTo(target);
            _taken += some;
            target = target[some..];
        }
    }

    private void NextBlock()
    {
        int expected = (int)Math.Min(_unread, BlockWriter.BlockBytes);
        if (expected == 0)
            throw new IntegrityException(sourceName, "the index holds less than its header says");
        int got = source.ReadAtLeast(_block.AsSpan(0, expected + sizeof(uint)), expected + sizeof(uint), throwOnEndOfStream: false);
        if (got < expected + sizeof(uint))
            throw new IntegrityException(sourceName, $"the vector index ends inside block {_blockNumber}");
        _checksum = Crc32C.Append(_checksum, _block.AsSpan(0, expected));
        if (_checksum != BinaryPrimitives.ReadUInt32LittleEndian(_block.AsSpan(expected)))
            throw new IntegrityException(sourceName, $"checksum mismatch in block {_blockNumber} of the vector index");
        _unread -= expected;
        _blockNumber++;
        _filled = expected;
        _taken = 0;
    }
}
