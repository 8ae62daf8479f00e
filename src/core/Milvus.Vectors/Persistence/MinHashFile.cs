using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The payload of a MinHash index: per band the rows' hashes, ascending (8 bytes each), and the rows (4 bytes each), little-endian. The
/// header's level counts are element bits and bands.
/// </summary>
internal static class MinHashFile
{
    public static IndexHeader Describe(MinHashIndex index, IndexHeader header) => header with
    {
        LevelCounts = [index.Parameters.ElementBits, index.Parameters.Bands],
        PayloadBytes = Bytes(index.Parameters.Bands, index.Count),
    };

    public static void Write(MinHashIndex index, BlockWriter writer)
    {
        for (int band = 0; band < index.Parameters.Bands; band++)
        {
            writer.Write(MemoryMarshal.AsBytes(index.Keys[band].AsSpan()));
            writer.Write(MemoryMarshal.AsBytes(index.Rows[band].AsSpan()));
        }
    }

    /// <exception cref="IntegrityException">Damaged, or contradicts itself.</exception>
    public static MinHashIndex Read(IndexHeader header, BlockReader reader, VectorStore store, string sourceName)
    {
        if (header.LevelCounts.Length != 2 || store.Type != DataType.BinaryVector || header.Metric != MetricType.MinHashJaccard)
            throw Contradiction(sourceName);
        var parameters = new MinHashParameters { ElementBits = header.LevelCounts[0], Bands = header.LevelCounts[1] };
        if (!parameters.Fits(store.Dimension) || header.PayloadBytes != Bytes(parameters.Bands, header.Rows))
            throw Contradiction(sourceName);
        var keys = new ulong[parameters.Bands][];
        var rows = new int[parameters.Bands][];
        for (int band = 0; band < parameters.Bands; band++)
        {
            keys[band] = new ulong[header.Rows];
            rows[band] = new int[header.Rows];
            reader.Read(MemoryMarshal.AsBytes(keys[band].AsSpan()));
            reader.Read(MemoryMarshal.AsBytes(rows[band].AsSpan()));
            foreach (int row in rows[band])
            {
                if ((uint)row >= (uint)header.Rows)
                    throw Contradiction(sourceName);
            }
        }

        return new MinHashIndex(store, parameters, header.Rows, keys, rows);
    }

    private static long Bytes(int bands, int rows) => (long)bands * rows * (sizeof(ulong) + sizeof(int));

    private static IntegrityException Contradiction(string sourceName) => new(sourceName, "the vector index header contradicts itself");
}
