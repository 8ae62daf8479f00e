using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The file form of a <see cref="SparseInvertedIndex"/>: a header with its own CRC-32C, then dimensions, list starts, rows, values and
/// row lengths in blocks of at most 1 MiB, each followed by the CRC-32C of everything since the header. All little-endian. Streams; no
/// second copy of the index is held.
/// </summary>
public static class SparseIndexFile
{
    private const uint Magic = 0x4953_504D; // "MPSI"
    private const ushort Version = 1;
    private const int HeaderBytes = 28;
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
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], index.Rows.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], index.Lengths.Length);
        uint checksum = Crc32C.Compute(header[..24]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], checksum);
        target.Write(header);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Dimensions.AsSpan()), checksum);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Starts.AsSpan()), checksum);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Rows.AsSpan()), checksum);
        checksum = ChecksummedBlocks.Write(target, MemoryMarshal.AsBytes(index.Values.AsSpan()), checksum);
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
        source.ReadExactly(header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic)
            throw new IntegrityException(sourceName, "not a sparse index");
        uint checksum = Crc32C.Compute(header[..24]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[24..]) != checksum)
            throw new IntegrityException(sourceName, "sparse index header fails its checksum");
        int version = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        if (version != Version)
            throw new IntegrityException(sourceName, $"sparse index version {version} is not known");
        var metric = (MetricType)BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        int rowCount = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        var dimensions = new uint[BinaryPrimitives.ReadInt32LittleEndian(header[12..])];
        var starts = new int[dimensions.Length + 1];
        var rows = new int[BinaryPrimitives.ReadInt32LittleEndian(header[16..])];
        var values = new float[rows.Length];
        var lengths = new float[BinaryPrimitives.ReadInt32LittleEndian(header[20..])];
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(dimensions.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(starts.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(rows.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(values.AsSpan()), checksum, sourceName, What);
        ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(lengths.AsSpan()), checksum, sourceName, What);
        bool sound = metric is MetricType.IP or MetricType.BM25 && lengths.Length == (metric == MetricType.BM25 ? rowCount : 0)
            && IsSound(rowCount, dimensions, starts, rows);
        return sound
            ? new SparseInvertedIndex(metric, rowCount, dimensions, starts, rows, values, lengths)
            : throw new IntegrityException(sourceName, "sparse index contradicts itself");
    }

    // A search indexes memory by these numbers: a writer's mistake under a valid checksum must not become a wrong answer.
    private static bool IsSound(int rowCount, uint[] dimensions, int[] starts, int[] rows)
    {
        if (starts[0] != 0 || starts[^1] != rows.Length)
            return false;
        for (int slot = 0; slot < dimensions.Length; slot++)
        {
            if (slot > 0 && dimensions[slot] <= dimensions[slot - 1] || starts[slot + 1] < starts[slot])
                return false;
            int previous = -1;
            foreach (int row in rows.AsSpan(starts[slot]..starts[slot + 1]))
            {
                if (row <= previous || row >= rowCount)
                    return false;
                previous = row;
            }
        }
        return true;
    }
}
