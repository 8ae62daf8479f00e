using System.Buffers.Binary;

namespace Milvus.Model;

/// <summary>
/// Bytes in blocks of at most 1 MiB, each followed by the CRC-32C of everything so far (4 bytes, little-endian), so that an exchanged or
/// missing block is noticed like a changed one. Part of index file formats: frozen.
/// </summary>
public static class ChecksummedBlocks
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Writes the bytes; nothing at all when there are none.</summary>
    /// <param name="checksum">That of what came before.</param>
    /// <returns>The checksum with these bytes.</returns>
    public static uint Write(Stream target, ReadOnlySpan<byte> bytes, uint checksum)
    {
        Span<byte> trailer = stackalloc byte[sizeof(uint)];
        while (!bytes.IsEmpty)
        {
            var block = bytes[..Math.Min(bytes.Length, BlockBytes)];
            checksum = Crc32C.Append(checksum, block);
            BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum);
            target.Write(block);
            target.Write(trailer);
            bytes = bytes[block.Length..];
        }
        return checksum;
    }

    /// <summary>Fills the span with as many bytes, as they were written.</summary>
    /// <param name="checksum">That of what came before.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <param name="what">What the file is, for error texts: "text index".</param>
    /// <returns>The checksum with these bytes.</returns>
    /// <exception cref="IntegrityException">A block was altered.</exception>
    /// <exception cref="EndOfStreamException">The file is shorter.</exception>
    public static uint Read(Stream source, Span<byte> bytes, uint checksum, string sourceName, string what)
    {
        Span<byte> trailer = stackalloc byte[sizeof(uint)];
        while (!bytes.IsEmpty)
        {
            var block = bytes[..Math.Min(bytes.Length, BlockBytes)];
            source.ReadExactly(block);
            source.ReadExactly(trailer);
            checksum = Crc32C.Append(checksum, block);
            if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != checksum)
                throw new IntegrityException(sourceName, $"a block of the {what} fails its checksum");
            bytes = bytes[block.Length..];
        }
        return checksum;
    }
}
