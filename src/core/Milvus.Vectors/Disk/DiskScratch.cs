namespace Milvus.Vectors;

/// <summary>Working memory of one search in files; shared by all indexes through one pool.</summary>
internal sealed unsafe class DiskScratch
{
    public static readonly ScratchPool<DiskScratch> Pool = new();

    private PinnedBuffer _beam = new(0);
    private PinnedBuffer _links = new(0);
    private PinnedBuffer _nodes = new(0);

    public PreparedQueries Queries { get; } = new();

    public DiskQuery Codes { get; } = new();

    public MetRows Met { get; } = new();

    public ReadBatch Reads { get; } = new();

    /// <summary>Rows chosen to be read, and those of them that are not cached.</summary>
    public int[] Chosen { get; } = new int[DiskTraversal.MostAtOnce];

    public int[] Missing { get; } = new int[DiskTraversal.MostAtOnce];

    /// <summary>Max-heap of the nearest estimates of a scan.</summary>
    public ulong[] Nearest = [];

    /// <summary>Rows of neighbours not met before.</summary>
    public int* Fresh => (int*)_links.Pointer;

    /// <summary>Entries about to join the beam.</summary>
    public ulong* Batch { get; private set; }

    /// <summary>Where the nodes of <see cref="Chosen"/> are.</summary>
    public nint* Nodes => (nint*)_nodes.Pointer;

    /// <summary>Room for the sorted entries of a beam, and beside it for a node's neighbours.</summary>
    public ulong* Begin(int width, int degree)
    {
        long bytes = ((long)width + degree) * sizeof(ulong);
        if (_beam.Length < bytes)
            _beam = new PinnedBuffer(bytes);
        if (_links.Length < degree * 2 * sizeof(int))
            _links = new PinnedBuffer((long)degree * 2 * sizeof(int));
        if (_nodes.Length == 0)
            _nodes = new PinnedBuffer(2 * DiskTraversal.MostAtOnce * sizeof(nint));
        ulong* pool = (ulong*)_beam.Pointer;
        Batch = pool + width;
        return pool;
    }
}
