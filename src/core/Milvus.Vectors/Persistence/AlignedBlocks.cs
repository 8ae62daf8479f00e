using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The layout of a payload that can be used where it is: a table – bytes of the payload (8), the CRC-32C of each of its blocks of
/// <see cref="BlockBytes"/> (4 each), zeros, the CRC-32C of the header and the table (4) – so long that the payload behind it starts on a
/// cache line of the file, and then the payload without gaps. All little-endian.
/// </summary>
internal static class AlignedBlocks
{
    public const int BlockBytes = 1 << 20;
    public const int Alignment = 64;

    /// <summary>No payload has more arrays than this leaves room to align: MinHash has two per band.</summary>
    private const int MostPadding = 1 << 26;

    /// <summary>Writes table and payload. Nothing is held: what is to be written is asked for twice, the first time for its checksums.</summary>
    /// <param name="headerBytes">Bytes of the target before the table.</param>
    /// <param name="checksum">That of the header.</param>
    public static void Write(Stream target, long headerBytes, uint checksum, Action<PayloadWriter> write)
    {
        var sums = new AlignedWriter(null);
        write(sums);
        sums.Flush();
        var table = new byte[TableBytes(headerBytes, sums.Sums.Count)];
        BinaryPrimitives.WriteInt64LittleEndian(table, sums.Written);
        CollectionsMarshal.AsSpan(sums.Sums).CopyTo(MemoryMarshal.Cast<byte, uint>(table.AsSpan(sizeof(long), sums.Sums.Count * sizeof(uint))));
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(table.Length - sizeof(uint)), Crc32C.Append(checksum, table.AsSpan(0, table.Length - sizeof(uint))));
        target.Write(table);
        var writer = new AlignedWriter(target);
        write(writer);
        writer.Flush();
    }

    /// <summary>Reads the table.</summary>
    /// <param name="leastBytes">What the payload has without padding.</param>
    /// <exception cref="IntegrityException">Damaged, or not that of such a payload.</exception>
    public static (long Bytes, uint[] Sums) ReadTable(Stream source, long headerBytes, uint checksum, long leastBytes, string sourceName)
    {
        var head = new byte[sizeof(long)];
        ReadFully(source, head, sourceName);
        long bytes = BinaryPrimitives.ReadInt64LittleEndian(head);
        if (bytes < leastBytes || bytes - leastBytes > MostPadding)
            throw new IntegrityException(sourceName, "checksum mismatch in the table of the index's blocks");
        int count = checked((int)((bytes + (BlockBytes - 1)) / BlockBytes));
        var rest = new byte[TableBytes(headerBytes, count) - sizeof(long)];
        ReadFully(source, rest, sourceName);
        checksum = Crc32C.Append(Crc32C.Append(checksum, head), rest.AsSpan(0, rest.Length - sizeof(uint)));
        if (checksum != BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(rest.Length - sizeof(uint))))
            throw new IntegrityException(sourceName, "checksum mismatch in the table of the index's blocks");
        return (bytes, MemoryMarshal.Cast<byte, uint>(rest.AsSpan(0, count * sizeof(uint))).ToArray());
    }

    public static IntegrityException Damaged(string sourceName, long block) => new(sourceName, $"checksum mismatch in block {block} of the index");

    public static IntegrityException EndsEarly(string sourceName) => new(sourceName, "the index holds less than its header says");

    private static int TableBytes(long headerBytes, int blocks)
    {
        long end = headerBytes + sizeof(long) + ((long)blocks * sizeof(uint)) + sizeof(uint);
        return checked((int)(((end + (Alignment - 1)) & -Alignment) - headerBytes));
    }

    private static void ReadFully(Stream source, Span<byte> target, string sourceName)
    {
        if (source.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw new IntegrityException(sourceName, "the index ends inside the table of its blocks");
    }
}
