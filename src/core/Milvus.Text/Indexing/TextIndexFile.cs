using System.Buffers.Binary;
using System.Numerics;
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
    private const int BlockBytes = 1 << 20;

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
        uint checksum = Append(0, header[..24]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], checksum);
        target.Write(header);
        checksum = WriteBlocks(target, index.TermBytes, checksum);
        checksum = WriteBlocks(target, MemoryMarshal.AsBytes(index.TermEnds.AsSpan()), checksum);
        checksum = WriteBlocks(target, index.Postings, checksum);
        checksum = WriteBlocks(target, MemoryMarshal.AsBytes(index.PostingEnds.AsSpan()), checksum);
        WriteBlocks(target, MemoryMarshal.AsBytes(index.Counts.AsSpan()), checksum);
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
        uint checksum = Append(0, header[..24]);
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
        checksum = ReadBlocks(source, index.TermBytes, checksum, sourceName);
        checksum = ReadBlocks(source, MemoryMarshal.AsBytes(index.TermEnds.AsSpan()), checksum, sourceName);
        checksum = ReadBlocks(source, index.Postings, checksum, sourceName);
        checksum = ReadBlocks(source, MemoryMarshal.AsBytes(index.PostingEnds.AsSpan()), checksum, sourceName);
        ReadBlocks(source, MemoryMarshal.AsBytes(index.Counts.AsSpan()), checksum, sourceName);
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

    private static uint WriteBlocks(Stream target, ReadOnlySpan<byte> bytes, uint checksum)
    {
        Span<byte> trailer = stackalloc byte[4];
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> block = bytes[..Math.Min(bytes.Length, BlockBytes)];
            checksum = Append(checksum, block);
            BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum);
            target.Write(block);
            target.Write(trailer);
            bytes = bytes[block.Length..];
        }
        return checksum;
    }

    private static uint ReadBlocks(Stream source, Span<byte> bytes, uint checksum, string sourceName)
    {
        Span<byte> trailer = stackalloc byte[4];
        while (!bytes.IsEmpty)
        {
            Span<byte> block = bytes[..Math.Min(bytes.Length, BlockBytes)];
            source.ReadExactly(block);
            source.ReadExactly(trailer);
            checksum = Append(checksum, block);
            if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != checksum)
                throw new IntegrityException(sourceName, "a block of the text index fails its checksum");
            bytes = bytes[block.Length..];
        }
        return checksum;
    }

    // CRC-32C (RFC 3720 appendix B.4), continued from an earlier checksum.
    private static uint Append(uint checksum, ReadOnlySpan<byte> data)
    {
        uint state = ~checksum;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
            state = BitOperations.Crc32C(state, word);
        foreach (byte value in data[(words.Length * sizeof(ulong))..])
            state = BitOperations.Crc32C(state, value);
        return ~state;
    }
}
