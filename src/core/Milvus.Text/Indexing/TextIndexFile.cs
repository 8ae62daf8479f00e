using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Text.Indexing;

/// <summary>
/// The file form of a <see cref="TextIndex"/>: a header with its own CRC-32C, then term bytes, term ends, postings, posting ends and
/// counts in blocks of at most 1 MiB, each followed by the CRC-32C of everything since the header. All little-endian. Streams.
/// </summary>
public static class TextIndexFile
{
    private const uint Magic = 0x4958_544D; // "MTXI"
    private const ushort Version = 1;
    private const int HeaderBytes = 28;
    private const string What = "text index";

    /// <summary>Writes an index.</summary>
    public static void Save(TextIndex index, Stream target)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], index.RowCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], index.TermEnds.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], index.TermBytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], index.Postings.Length);
        uint checksum = Crc32C.Compute(header[..24]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], checksum);
        target.Write(header);
        checksum = ChecksummedBlocks.Write(target, index.TermBytes, checksum);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.TermEnds.AsSpan()), checksum);
        checksum = ChecksummedBlocks.Write(target, index.Postings, checksum);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.PostingEnds.AsSpan()), checksum);
        ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Counts.AsSpan()), checksum);
    }

    /// <summary>Reads an index.</summary>
    /// <param name="source">The bytes written by <see cref="Save"/>.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <exception cref="IntegrityException">Truncated, altered, or of an unknown version.</exception>
    public static TextIndex Load(Stream source, string sourceName)
    {
        try
        {
            return Read(source, sourceName);
        }
        catch (EndOfStreamException e)
        {
            throw new IntegrityException(sourceName, "text index is truncated", e);
        }
    }

    private static TextIndex Read(Stream source, string sourceName)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        source.ReadExactly(header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic)
            throw new IntegrityException(sourceName, "not a text index");
        uint checksum = Crc32C.Compute(header[..24]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[24..]) != checksum)
            throw new IntegrityException(sourceName, "text index header fails its checksum");
        int version = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        if (version != Version)
            throw new IntegrityException(sourceName, $"text index version {version} is not known");
        int rowCount = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        int terms = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        var index = new TextIndex(
            rowCount,
            new byte[BinaryPrimitives.ReadInt32LittleEndian(header[16..])],
            new int[terms],
            new byte[BinaryPrimitives.ReadInt32LittleEndian(header[20..])],
            new int[terms],
            new int[terms]);
        checksum = ChecksummedBlocks.Read(source, index.TermBytes, checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(index.TermEnds.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, index.Postings, checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(index.PostingEnds.AsSpan()), checksum, sourceName, What);
        ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(index.Counts.AsSpan()), checksum, sourceName, What);
        return IsSound(index) ? index : throw new IntegrityException(sourceName, "text index contradicts itself");
    }

    // A search indexes memory by these numbers: a writer's mistake under a valid checksum must not become a wrong answer.
    private static bool IsSound(TextIndex index)
    {
        if (!Partition(index.TermEnds, index.TermBytes.Length) || !Partition(index.PostingEnds, index.Postings.Length))
            return false;
        for (int term = 0; term < index.TermCount; term++)
        {
            int start = TextIndex.Start(index.PostingEnds, term), end = index.PostingEnds[term], rows = 0;
            // A list ends with the last byte of a number, so no reader runs over into the next list.
            if (start == end || index.Postings[end - 1] >= 0x80)
                return false;
            for (var reader = new PostingReader(index.Postings.AsSpan(start..end)); reader.Read(); rows++)
            {
                if ((uint)reader.Row >= (uint)index.RowCount)
                    return false;
            }
            if (rows != index.Counts[term])
                return false;
        }
        return true;
    }

    private static bool Partition(int[] ends, int length)
    {
        int previous = 0;
        foreach (int end in ends)
        {
            if (end < previous)
                return false;
            previous = end;
        }
        return previous == length;
    }
}
