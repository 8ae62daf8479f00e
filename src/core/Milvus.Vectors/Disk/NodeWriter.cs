using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Writes the nodes of a graph, block by block, in row order.</summary>
internal sealed unsafe class NodeWriter(DiskGraph graph, NodeLayout layout, uint seed)
{
    private readonly PinnedBuffer _decoded = new((long)graph.Store.Dimension * sizeof(float));

    public void Write(Stream target)
    {
        var block = new byte[layout.BlockBytes];
        int blocks = layout.BlocksFor(graph.Store.Count), row = 0;
        for (int number = 0; number < blocks; number++)
        {
            Array.Clear(block);
            fixed (byte* start = block)
            {
                for (int i = 0; i < layout.NodesPerBlock && row < graph.Store.Count; i++, row++)
                    Fill(start + (i * layout.NodeBytes), row);
            }

            layout.Seal(seed, number, block);
            target.Write(block);
        }

        GC.KeepAlive(graph);
    }

    private void Fill(byte* node, int row)
    {
        VectorStore store = graph.Store;
        byte* vector = store.RowPointer(row), decoded = vector;
        new ReadOnlySpan<byte>(vector, store.RowBytes).CopyTo(new Span<byte>(node, store.RowBytes));
        if (FloatDecoder.IsNeededFor(store.Type))
        {
            FloatDecoder.Decode(store.Type, vector, (float*)_decoded.Pointer, store.Dimension);
            decoded = _decoded.Pointer;
        }

        *(float*)(node + layout.NormOffset) = graph.Metric == MetricType.Cosine ? store.RowNorm.Of(vector, decoded) : 1f;
        var links = new ReadOnlySpan<int>(graph.Graph.BaseLayer.Links(row), layout.Degree);
        int count = links.IndexOf(-1);
        if (count < 0)
            count = layout.Degree;
        *(int*)(node + layout.CountOffset) = count;
        links[..count].CopyTo(new Span<int>(node + layout.LinksOffset, count));
        if (layout.EntryBytes == 0)
            return;
        for (int i = 0; i < count; i++)
        {
            new ReadOnlySpan<byte>(graph.Codes.Entries.Pointer(links[i]), layout.EntryBytes)
                .CopyTo(new Span<byte>(node + layout.EntriesOffset + (i * layout.EntryBytes), layout.EntryBytes));
        }
    }
}
