namespace Milvus.Vectors;

/// <summary>The nodes nearest the entries by links, in memory: the first hops of every search read nothing.</summary>
internal sealed unsafe class NodeCache
{
    private const int ReadsAtOnce = 64;

    private readonly PinnedBuffer _nodes;
    private readonly int[] _rows;
    private readonly int _mask;
    private readonly int _nodeBytes;

    private NodeCache(int most, int nodeBytes)
    {
        int slots = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, 2 * most));
        _rows = new int[2 * slots];
        Array.Fill(_rows, -1);
        _mask = slots - 1;
        _nodeBytes = nodeBytes;
        _nodes = new PinnedBuffer((long)most * nodeBytes);
    }

    public int Count { get; private set; }

    public long MemoryBytes => _nodes.MemoryBytes + ((long)_rows.Length * sizeof(int));

    /// <summary>Reads what fits into <paramref name="bytes"/>, breadth first.</summary>
    /// <exception cref="Model.IntegrityException">A block is damaged.</exception>
    public static NodeCache Fill(NodeFile file, ReadOnlySpan<int> entries, long bytes)
    {
        // Beside a node there are two slots of two numbers.
        long room = Math.Min(bytes, PinnedBuffer.MaxLength / 2);
        int most = (int)Math.Clamp(room / (file.Layout.NodeBytes + (4 * sizeof(int))), 0, file.Rows);
        var cache = new NodeCache(most, file.Layout.NodeBytes);
        if (most == 0)
            return cache;
        var queue = new Queue<int>();
        var met = new HashSet<int>();
        foreach (int row in entries)
        {
            if (met.Count < most && met.Add(row))
                queue.Enqueue(row);
        }

        var batch = new ReadBatch();
        nint* nodes = stackalloc nint[ReadsAtOnce];
        Span<int> wanted = stackalloc int[ReadsAtOnce];
        while (queue.Count > 0)
        {
            int count = 0;
            while (count < ReadsAtOnce && queue.TryDequeue(out int row))
                wanted[count++] = row;
            file.Read(wanted[..count], batch, nodes);
            for (int i = 0; i < count; i++)
            {
                cache.Add(wanted[i], (byte*)nodes[i]);
                foreach (int link in file.Links((byte*)nodes[i]))
                {
                    if (met.Count < most && met.Add(link))
                        queue.Enqueue(link);
                }
            }
        }

        return cache;
    }

    /// <summary>A row's node, or null when it is not here; valid while this object is reachable.</summary>
    public byte* Find(int row)
    {
        for (int slot = Hash(row) & _mask; _rows[2 * slot] >= 0; slot = (slot + 1) & _mask)
        {
            if (_rows[2 * slot] == row)
                return _nodes.Pointer + ((nint)_rows[(2 * slot) + 1] * _nodeBytes);
        }

        return null;
    }

    private static int Hash(int row) => (int)(((uint)row * 0x9E37_79B9u) >> 8);

    private void Add(int row, byte* node)
    {
        int slot = Hash(row) & _mask;
        while (_rows[2 * slot] >= 0)
            slot = (slot + 1) & _mask;
        _rows[2 * slot] = row;
        _rows[(2 * slot) + 1] = Count;
        new ReadOnlySpan<byte>(node, _nodeBytes).CopyTo(new Span<byte>(_nodes.Pointer + ((nint)Count * _nodeBytes), _nodeBytes));
        Count++;
    }
}
