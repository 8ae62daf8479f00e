using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>The nodes in a file, read by row and checked before anybody sees them.</summary>
/// <param name="offset">Where the first block is.</param>
/// <param name="seed">The checksum of the file's header.</param>
internal sealed unsafe class NodeFile(SafeFileHandle handle, string name, NodeLayout layout, long offset, int rows, uint seed)
{
    private const int CheckedBytes = 1 << 20;

    public string Name => name;

    public NodeLayout Layout => layout;

    public int Rows => rows;

    public SafeFileHandle Handle => handle;

    /// <summary>Reads the nodes of some rows; several of one block are read once.</summary>
    /// <param name="wanted">Their rows.</param>
    /// <param name="nodes">Receives their addresses, valid until the batch's next use.</param>
    /// <exception cref="IntegrityException">A block is damaged.</exception>
    /// <exception cref="IOException">The device failed.</exception>
    public void Read(ReadOnlySpan<int> wanted, ReadBatch batch, nint* nodes)
    {
        batch.Begin(wanted.Length, layout.BlockBytes);
        for (int i = 0; i < wanted.Length; i++)
        {
            int block = layout.BlockOf(wanted[i]), same = -1;
            if (layout.NodesPerBlock > 1)
            {
                for (int j = i - 1; j >= 0 && same < 0; j--)
                {
                    if (layout.BlockOf(wanted[j]) == block)
                        same = (int)nodes[j];
                }
            }

            nodes[i] = same >= 0 ? same : batch.Add(offset + ((long)block * layout.BlockBytes));
        }

        batch.Read(handle, name);
        int verified = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            int index = (int)nodes[i];
            byte* bytes = batch.Block(index);
            if (index == verified)
            {
                Check(layout.BlockOf(wanted[i]), bytes);
                verified++;
            }

            nodes[i] = (nint)(bytes + layout.OffsetInBlock(wanted[i]));
        }
    }

    /// <summary>The links of a node, within bounds.</summary>
    /// <exception cref="IntegrityException">They are not.</exception>
    public ReadOnlySpan<int> Links(byte* node)
    {
        int count = *(int*)(node + layout.CountOffset);
        if ((uint)count > (uint)layout.Degree)
            throw new IntegrityException(name, "a node of the vector index has more links than it can");
        var links = new ReadOnlySpan<int>(node + layout.LinksOffset, count);
        bool outside = false;
        foreach (int link in links)
            outside |= (uint)link >= (uint)rows;
        if (outside)
            throw new IntegrityException(name, "the vector index links to a node that does not exist");
        return links;
    }

    /// <summary>Reads all blocks from the first to the last.</summary>
    /// <exception cref="IntegrityException">One is damaged.</exception>
    public void CheckAll()
    {
        int blocks = layout.BlocksFor(rows), atOnce = Math.Max(1, CheckedBytes / layout.BlockBytes);
        var buffer = new PinnedBuffer((long)atOnce * layout.BlockBytes);
        for (int first = 0; first < blocks; first += atOnce)
        {
            int some = Math.Min(atOnce, blocks - first);
            FileReads.Read(handle, buffer.Pointer, some * layout.BlockBytes, offset + ((long)first * layout.BlockBytes), name);
            for (int i = 0; i < some; i++)
                Check(first + i, buffer.Pointer + ((nint)i * layout.BlockBytes));
        }

        GC.KeepAlive(buffer);
    }

    private void Check(int block, byte* bytes)
    {
        var span = new ReadOnlySpan<byte>(bytes, layout.BlockBytes);
        if (layout.Checksum(seed, block, span) != layout.Stored(span))
            throw new IntegrityException(name, $"checksum mismatch in node block {block} of the vector index");
    }
}
