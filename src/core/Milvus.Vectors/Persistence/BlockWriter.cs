using System.Buffers.Binary;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Writes a byte sequence in blocks of <see cref="BlockBytes"/>, each followed by the CRC-32C of everything up to its end, so that an
/// exchanged or missing block is noticed like a changed one: the layout of graphs on disk, and of all indexes before version 17.
/// </summary>
internal sealed class BlockWriter(Stream target, uint seed) : PayloadWriter
{
    public const int BlockBytes = 1 << 20;

    private readonly byte[] _block = new byte[BlockBytes + sizeof(uint)];
    private uint _checksum = seed;
    private int _filled;

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int some = Math.Min(bytes.Length, BlockBytes - _filled);
            bytes[..some].CopyTo(_block.AsSpan(_filled));
            _filled += some;
            bytes = bytes[some..];
            if (_filled == BlockBytes)
                Flush();
        }
    }

    /// <summary>Ends a last, shorter block.</summary>
    public override void Flush()
    {
        if (_filled == 0)
            return;
        _checksum = Crc32C.Append(_checksum, _block.AsSpan(0, _filled));
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(_filled), _checksum);
        target.Write(_block, 0, _filled + sizeof(uint));
        _filled = 0;
    }
}
