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

    public static void Write(MinHashIndex index, PayloadWriter writer)
    {
        for (int band = 0; band < index.Parameters.Bands; band++)
        {
            writer.WritePart(MemoryMarshal.AsBytes(index.Keys(band)));
            writer.WritePart(MemoryMarshal.AsBytes(index.Rows(band)));
        }

        GC.KeepAlive(index);
    }

    /// <exception cref="IntegrityException">Damaged, or contradicts itself.</exception>
    public static MinHashIndex Read(IndexHeader header, PayloadReader reader, VectorStore store, string sourceName)
    {
        if (header.LevelCounts.Length != 2 || store.Type != DataType.BinaryVector || header.Metric != MetricType.MinHashJaccard)
            throw Contradiction(sourceName);
        var parameters = new MinHashParameters { ElementBits = header.LevelCounts[0], Bands = header.LevelCounts[1] };
        if (!parameters.Fits(store.Dimension) || header.PayloadBytes != Bytes(parameters.Bands, header.Rows))
            throw Contradiction(sourceName);
        var keys = new PinnedBuffer[parameters.Bands];
        var rows = new PinnedBuffer[parameters.Bands];
        for (int band = 0; band < parameters.Bands; band++)
        {
            keys[band] = reader.TakePart((long)header.Rows * sizeof(ulong));
            rows[band] = reader.TakePart((long)header.Rows * sizeof(int));
            foreach (int row in MemoryMarshal.Cast<byte, int>(rows[band].Span))
            {
                if ((uint)row >= (uint)header.Rows)
                    throw Contradiction(sourceName);
            }
        }

        GC.KeepAlive(rows);
        return new MinHashIndex(store, parameters, header.Rows, keys, rows);
    }

    private static long Bytes(int bands, int rows) => (long)bands * rows * (sizeof(ulong) + sizeof(int));

    private static IntegrityException Contradiction(string sourceName) => new(sourceName, "the vector index header contradicts itself");
}
