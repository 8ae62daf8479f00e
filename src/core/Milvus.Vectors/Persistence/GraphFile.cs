using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The payload of an HNSW index: the lists of level 0, then for every upper level its rows, its nodes of the level below, its lists;
/// all 32-bit little-endian. What is read is checked against the bounds the traversal relies on.
/// </summary>
internal static class GraphFile
{
    /// <summary>Bytes the payload of a graph takes before its checksums.</summary>
    public static long Bytes(int rows, int m, ReadOnlySpan<int> levelCounts)
    {
        long cells = 2L * m * rows;
        foreach (int count in levelCounts)
            cells += (m + 2L) * count;
        return cells * sizeof(int);
    }

    public static void Write(HnswGraph graph, BlockWriter writer)
    {
        Write(graph.Base, writer);
        foreach (UpperLevel level in graph.Upper)
        {
            writer.Write(level.RowBytes);
            writer.Write(level.DownBytes);
            Write(level.Links, writer);
        }
    }

    /// <exception cref="IntegrityException">Damaged, or a number out of bounds.</exception>
    public static HnswGraph Read(IndexHeader header, BlockReader reader, string sourceName)
    {
        var graph = new HnswGraph(header.Rows, header.M, header.LevelCounts);
        Read(graph.Base, reader, sourceName);
        int below = header.Rows;
        foreach (UpperLevel level in graph.Upper)
        {
            reader.Read(level.RowBytes);
            reader.Read(level.DownBytes);
            CheckRange(MemoryMarshal.Cast<byte, int>(level.RowBytes), 0, header.Rows, sourceName);
            CheckRange(MemoryMarshal.Cast<byte, int>(level.DownBytes), 0, below, sourceName);
            Read(level.Links, reader, sourceName);
            below = level.Count;
        }

        return graph;
    }

    private static void Write(LinkTable table, BlockWriter writer)
    {
        for (int slab = 0; slab < table.SlabCount; slab++)
            writer.Write(table.Slab(slab));
    }

    private static void Read(LinkTable table, BlockReader reader, string sourceName)
    {
        for (int slab = 0; slab < table.SlabCount; slab++)
        {
            Span<byte> bytes = table.Slab(slab);
            reader.Read(bytes);
            CheckRange(MemoryMarshal.Cast<byte, int>(bytes), -1, table.Nodes, sourceName);
        }
    }

    private static void CheckRange(ReadOnlySpan<int> values, int least, int limit, string sourceName)
    {
        uint span = (uint)(limit - least);
        bool outside = false;
        foreach (int value in values)
            outside |= (uint)(value - least) >= span;
        if (outside)
            throw new IntegrityException(sourceName, "the vector index links to a node that does not exist");
    }
}
