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

    public static void Write(HnswGraph graph, PayloadWriter writer)
    {
        Write(graph.Base, writer);
        foreach (UpperLevel level in graph.Upper)
        {
            writer.WritePart(level.RowBytes);
            writer.WritePart(level.DownBytes);
            Write(level.Links, writer);
        }
    }

    /// <exception cref="IntegrityException">Damaged, or a number out of bounds.</exception>
    public static HnswGraph Read(IndexHeader header, PayloadReader reader, string sourceName)
    {
        var graph = new HnswGraph(header.Rows, header.M, header.LevelCounts, reader);
        Check(graph.Base, sourceName);
        int below = header.Rows;
        foreach (UpperLevel level in graph.Upper)
        {
            CheckRange(MemoryMarshal.Cast<byte, int>(level.RowBytes), 0, header.Rows, sourceName);
            CheckRange(MemoryMarshal.Cast<byte, int>(level.DownBytes), 0, below, sourceName);
            Check(level.Links, sourceName);
            below = level.Count;
        }

        GC.KeepAlive(graph);
        return graph;
    }

    private static void Write(LinkTable table, PayloadWriter writer)
    {
        writer.Align();
        for (int slab = 0; slab < table.SlabCount; slab++)
            writer.Write(table.Slab(slab));
    }

    private static void Check(LinkTable table, string sourceName)
    {
        for (int slab = 0; slab < table.SlabCount; slab++)
            CheckRange(MemoryMarshal.Cast<byte, int>(table.Slab(slab)), -1, table.Nodes, sourceName);
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
