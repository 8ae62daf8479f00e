namespace Milvus.Vectors;

/// <summary>
/// A fixed number of 4-byte cells per node, in pinned slabs: the out-links of a level (−1 ends a shorter list), or one value beside
/// every link. Lists start on cache lines when the degree is a multiple of 16.
/// </summary>
internal sealed unsafe class LinkTable
{
    private const long SlabBytes = 1L << 30;

    private readonly SlabTable _slabs = new();
    private readonly int _shift;

    /// <param name="source">Where the cells come from, which then are only read; null for a table to be filled.</param>
    public LinkTable(int nodes, int degree, PayloadReader? source = null)
    {
        Nodes = nodes;
        Degree = degree;
        long bytes = (long)nodes * degree * sizeof(int);
        _shift = bytes <= PinnedBuffer.MaxLength ? 31 : System.Numerics.BitOperations.Log2((ulong)(SlabBytes / (degree * sizeof(int))));
        long perSlab = _shift == 31 ? int.MaxValue : 1L << _shift;
        source?.Align();
        for (long first = 0; first < nodes; first += perSlab)
        {
            long some = Math.Min(perSlab, nodes - first) * degree * sizeof(int);
            _slabs.Add(source is null ? new PinnedBuffer(some) : source.Take(some));
        }

        if (nodes == 0)
            _slabs.Add(new PinnedBuffer(0));
    }

    public int Nodes { get; }

    public int Degree { get; }

    public long MemoryBytes
    {
        get
        {
            long bytes = 0;
            for (int slab = 0; slab < _slabs.Count; slab++)
                bytes += _slabs[slab].MemoryBytes;
            return bytes;
        }
    }

    /// <summary>Addresses of the lists; valid while the table is reachable.</summary>
    public RowReader Lists => new(
        _shift == 31 ? _slabs[0].Pointer : null, _slabs.Entries, _shift, (int)((1L << _shift) - 1), Degree * sizeof(int));

    /// <summary>Slabs in node order, for writing and reading as a whole.</summary>
    public int SlabCount => _slabs.Count;

    public Span<byte> Slab(int slab) => _slabs[slab].Span;

    /// <summary>Copies all cells to a table of the same degree and at least as many nodes.</summary>
    public void CopyTo(LinkTable larger)
    {
        int bytes = Degree * sizeof(int);
        RowReader from = Lists, to = larger.Lists;
        for (int node = 0; node < Nodes; node++)
            new ReadOnlySpan<byte>(from.Pointer(node), bytes).CopyTo(new Span<byte>(to.Pointer(node), bytes));
        GC.KeepAlive(this);
        GC.KeepAlive(larger);
    }

    /// <summary>Ends every list at its start.</summary>
    public void Clear()
    {
        for (int slab = 0; slab < _slabs.Count; slab++)
            _slabs[slab].Span.Fill(0xFF);
    }
}
