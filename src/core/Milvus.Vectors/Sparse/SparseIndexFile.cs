using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The file form of a <see cref="SparseInvertedIndex"/>: a header with its own CRC-32C, then dimensions, first blocks of the lists, blocks,
/// compressed postings and row lengths in blocks of at most 1 MiB, each followed by the CRC-32C of everything since the header. All
/// little-endian. Streams; no second copy of the index is held. Version 1, with plain lists, is still read.
/// </summary>
public static class SparseIndexFile
{
    private const uint Magic = 0x4953_504D; // "MPSI"
    private const ushort Version = 2;
    private const int HeaderBytes = 32;
    private const int HeaderBytes1 = 28;
    private const string What = "sparse index";

    /// <summary>Writes an index.</summary>
    public static void Save(SparseInvertedIndex index, Stream target)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)index.Metric);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], index.RowCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], index.Dimensions.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], index.Blocks.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], index.Data.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], index.Lengths.Length);
        uint checksum = Crc32C.Compute(header[..28]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], checksum);
        target.Write(header);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Dimensions.AsSpan()), checksum);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.FirstBlocks.AsSpan()), checksum);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Blocks.AsSpan()), checksum);
        checksum = ChecksummedBlocks.Write(target, index.Data, checksum);
        ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Lengths.AsSpan()), checksum);
    }

    /// <summary>Reads an index.</summary>
    /// <param name="source">The bytes written by <see cref="Save"/>.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <exception cref="IntegrityException">Truncated, altered, or of an unknown version.</exception>
    public static SparseInvertedIndex Load(Stream source, string sourceName)
    {
        try
        {
            return Read(source, sourceName);
        }
        catch (EndOfStreamException e)
        {
            throw new IntegrityException(sourceName, "sparse index is truncated", e);
        }
    }

    private static SparseInvertedIndex Read(Stream source, string sourceName)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        source.ReadExactly(header[..HeaderBytes1]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic)
            throw new IntegrityException(sourceName, "not a sparse index");
        int version = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        int length = version switch
        {
            1 => HeaderBytes1,
            Version => HeaderBytes,
            _ => throw new IntegrityException(sourceName, $"sparse index version {version} is not known"),
        };
        source.ReadExactly(header[HeaderBytes1..length]);
        int summed = length - sizeof(uint);
        uint checksum = Crc32C.Compute(header[..summed]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[summed..]) != checksum)
            throw new IntegrityException(sourceName, "sparse index header fails its checksum");
        var metric = (MetricType)BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        int rowCount = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        int lengths = BinaryPrimitives.ReadInt32LittleEndian(header[(summed - 4)..]);
        if (metric is not (MetricType.IP or MetricType.BM25) || lengths != (metric == MetricType.BM25 ? rowCount : 0))
            throw Contradicts(sourceName);
        int dimensions = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        int postings = BinaryPrimitives.ReadInt32LittleEndian(header[16..]);
        if (version == 1)
            return SparseIndexFileV1.Read(source, sourceName, checksum, metric, rowCount, dimensions, postings);
        int dataBytes = BinaryPrimitives.ReadInt32LittleEndian(header[20..]);
        return ReadArrays(source, sourceName, checksum, new SparseInvertedIndex(
            metric, rowCount, new uint[dimensions], new int[dimensions + 1], new PostingBlock[postings], new byte[dataBytes], new float[lengths]));
    }

    private static SparseInvertedIndex ReadArrays(Stream source, string sourceName, uint checksum, SparseInvertedIndex empty)
    {
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(empty.Dimensions.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(empty.FirstBlocks.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(empty.Blocks.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, empty.Data, checksum, sourceName, What);
        ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(empty.Lengths.AsSpan()), checksum, sourceName, What);
        if (!IsSound(empty))
            throw Contradicts(sourceName);
        // Anew, so that its totals are those of what was read.
        return new SparseInvertedIndex(empty.Metric, empty.RowCount, empty.Dimensions, empty.FirstBlocks, empty.Blocks, empty.Data, empty.Lengths);
    }

    internal static IntegrityException Contradicts(string sourceName) => new(sourceName, "sparse index contradicts itself");

    // A search indexes memory by these numbers: a writer's mistake under a valid checksum must not become a wrong answer.
    private static bool IsSound(SparseInvertedIndex index)
    {
        int[] firstBlocks = index.FirstBlocks;
        if (firstBlocks[0] != 0 || firstBlocks[^1] != index.Blocks.Length)
            return false;
        long used = 0;
        for (int slot = 0; slot < index.Dimensions.Length; slot++)
        {
            if (slot > 0 && index.Dimensions[slot] <= index.Dimensions[slot - 1] || firstBlocks[slot + 1] <= firstBlocks[slot]
                || firstBlocks[slot + 1] > index.Blocks.Length)
            {
                return false;
            }
            int previous = -1;
            for (int block = firstBlocks[slot]; block < firstBlocks[slot + 1]; block++)
            {
                bool last = block == firstBlocks[slot + 1] - 1;
                if (!IsSound(index, in index.Blocks[block], previous, last, ref used))
                    return false;
                previous = index.Blocks[block].LastRow;
            }
        }
        return used + PostingBlock.Slack == index.Data.Length;
    }

    private static bool IsSound(SparseInvertedIndex index, in PostingBlock block, int previousRow, bool last, ref long used)
    {
        if (!block.IsFormatKnown || block.Offset != used || block.Count > PostingBlock.Capacity || !last && block.Count < PostingBlock.Capacity)
            return false;
        used += block.ByteCount;
        if (used + PostingBlock.Slack > index.Data.Length)
            return false;
        Span<int> rows = stackalloc int[PostingBlock.Capacity];
        block.DecodeRows(index.Data, rows);
        rows = rows[..block.Count];
        if (rows[0] != block.FirstRow || rows[^1] != block.LastRow || block.LastRow >= index.RowCount)
            return false;
        foreach (int row in rows)
        {
            if (row <= previousRow)
                return false;
            previousRow = row;
        }
        return true;
    }
}
