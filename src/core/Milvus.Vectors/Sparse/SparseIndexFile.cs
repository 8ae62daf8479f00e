using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The file form of a <see cref="SparseInvertedIndex"/>: a header with its own CRC-32C, then dimensions, first blocks of the lists, blocks,
/// compressed postings and row lengths as <see cref="AlignedBlocks"/> lays them out, to be read or to be used where they are in a mapped file. All
/// little-endian. Streams; no second copy of the index is held. Version 2, with the same arrays in chained blocks, and version 1, with plain lists, are still read.
/// </summary>
public static class SparseIndexFile
{
    private const uint Magic = 0x4953_504D; // "MPSI"
    private const ushort Version = 3;
    private const ushort ChainedVersion = 2;
    private const int HeaderBytes = 32;
    private const int HeaderBytes1 = 28;
    private const string What = "sparse index";

    /// <summary>Writes an index.</summary>
    public static void Save(SparseInvertedIndex index, Stream target) => Save(index, target, Version);

    /// <param name="version">2 for the layout from before, which tests still write.</param>
    internal static void Save(SparseInvertedIndex index, Stream target, int version)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], (ushort)version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)index.Metric);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], index.RowCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], index.Dimensions.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], index.Blocks.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], index.Data.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], index.Lengths.Length);
        uint checksum = Crc32C.Compute(header[..28]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], checksum);
        target.Write(header);
        if (version == Version)
        {
            AlignedBlocks.Write(target, HeaderBytes, checksum, writer => WriteArrays(index, writer));
        }
        else
        {
            checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Dimensions), checksum);
            checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.FirstBlocks), checksum);
            checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Blocks), checksum);
            checksum = ChecksummedBlocks.Write(target, index.Data, checksum);
            ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Lengths), checksum);
        }

        GC.KeepAlive(index);
    }

    /// <summary>Reads an index.</summary>
    /// <param name="source">The bytes written by <see cref="Save(SparseInvertedIndex, Stream)"/>.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <exception cref="IntegrityException">Truncated, altered, or of an unknown version.</exception>
    public static SparseInvertedIndex Load(Stream source, string sourceName)
    {
        try
        {
            return Read(source, sourceName, null);
        }
        catch (EndOfStreamException e)
        {
            throw new IntegrityException(sourceName, "sparse index is truncated", e);
        }
    }

    /// <summary>As <see cref="Load"/>, but the lists stay in the file, which is mapped as long as the index is reachable. Older versions are read into memory.</summary>
    /// <param name="file">The whole file, which nobody changes; the handle is the index's from now on, also when this fails.</param>
    /// <exception cref="IntegrityException">Truncated, altered, or of an unknown version.</exception>
    /// <exception cref="IOException">The file cannot be mapped.</exception>
    public static unsafe SparseInvertedIndex Map(SafeFileHandle file, string sourceName)
    {
        MappedFile mapped = MappedFile.Open(file, sourceName);
        using var source = new UnmanagedMemoryStream(mapped.Pointer, mapped.Length);
        try
        {
            SparseInvertedIndex index = Read(source, sourceName, mapped);
            mapped.Settle(isRandom: false);
            return index;
        }
        catch (EndOfStreamException e)
        {
            throw new IntegrityException(sourceName, "sparse index is truncated", e);
        }
    }

    private static void WriteArrays(SparseInvertedIndex index, PayloadWriter writer)
    {
        writer.WritePart(MemoryMarshal.AsBytes(index.Dimensions));
        writer.WritePart(MemoryMarshal.AsBytes(index.FirstBlocks));
        writer.WritePart(MemoryMarshal.AsBytes(index.Blocks));
        writer.WritePart(index.Data);
        writer.WritePart(MemoryMarshal.AsBytes(index.Lengths));
    }

    private static SparseInvertedIndex Read(Stream source, string sourceName, MappedFile? mapped)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        source.ReadExactly(header[..HeaderBytes1]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic)
            throw new IntegrityException(sourceName, "not a sparse index");
        int version = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        int length = version switch
        {
            1 => HeaderBytes1,
            ChainedVersion or Version => HeaderBytes,
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
        long[] sizes =
        [
            (long)dimensions * sizeof(uint), ((long)dimensions + 1) * sizeof(int), (long)postings * Unsafe.SizeOf<PostingBlock>(), dataBytes, (long)lengths * sizeof(float),
        ];
        if (dimensions < 0 || rowCount < 0 || sizes.Any(size => size < 0 || size > PinnedBuffer.MaxLength))
            throw Contradicts(sourceName);
        PinnedBuffer[] arrays = version == ChainedVersion ? ReadChained(source, sourceName, checksum, sizes)
            : ReadArrays(mapped is null ? new AlignedReader(source, sourceName, HeaderBytes, checksum, sizes.Sum()) : new MappedReader(mapped, source, sourceName, checksum, sizes.Sum()), sizes);
        var index = new SparseInvertedIndex(metric, rowCount, arrays[0], arrays[1], arrays[2], arrays[3], arrays[4]);
        return IsSound(index) ? index : throw Contradicts(sourceName);
    }

    private static PinnedBuffer[] ReadArrays(PayloadReader reader, long[] sizes) => [.. sizes.Select(reader.TakePart)];

    private static PinnedBuffer[] ReadChained(Stream source, string sourceName, uint checksum, long[] sizes)
    {
        var arrays = new PinnedBuffer[sizes.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            arrays[i] = new PinnedBuffer(sizes[i]);
            checksum = ChecksummedBlocks.Read(source, arrays[i].Span, checksum, sourceName, What);
        }

        return arrays;
    }

    internal static IntegrityException Contradicts(string sourceName) => new(sourceName, "sparse index contradicts itself");

    // A search indexes memory by these numbers: a writer's mistake under a valid checksum must not become a wrong answer.
    private static bool IsSound(SparseInvertedIndex index)
    {
        ReadOnlySpan<int> firstBlocks = index.FirstBlocks;
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
        bool isSound = used + PostingBlock.Slack == index.Data.Length;
        GC.KeepAlive(index);
        return isSound;
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
