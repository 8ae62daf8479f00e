namespace Milvus.Vectors;

/// <summary>
/// Working memory of one traversal. Grows to what the largest graph needs and is shared by all graphs through one pool, so that many
/// loaded segments cost nothing while idle.
/// </summary>
internal sealed unsafe class HnswScratch
{
    public static readonly ScratchPool<HnswScratch> Pool = new();

    private PinnedBuffer _visited = new(0);
    private PinnedBuffer _pending = new(0);
    private PinnedBuffer _ahead = new(0);
    private PinnedBuffer _distances = new(0);
    private PinnedBuffer _beam = new(0);
    private byte _epoch;

    public PreparedQueries Queries { get; } = new();

    /// <summary>The query as codes are compared with: centred, as bytes, as tables of sums. See <see cref="CodedTraversal"/>.</summary>
    public PinnedBuffer Centred = new(0);

    public PinnedBuffer CodeQuery = new(0);

    public SignQuery Signs { get; } = new();

    /// <summary>Min-heap of nodes to expand.</summary>
    public ulong[] Candidates = new ulong[1024];

    /// <summary>Max-heap of the nodes found.</summary>
    public ulong[] Results = new ulong[256];

    public int ResultCount;

    /// <summary>Rows that searches of level 0 compared with this scratch so far, for those who count work; searches by neighbours' codes do not count.</summary>
    public long Scored;

    /// <summary>Neighbours of the node being expanded that were not seen before.</summary>
    public int* Pending => (int*)_pending.Pointer;

    /// <summary>As many places again, for neighbours that are scored later.</summary>
    public int* Ahead => (int*)_ahead.Pointer;

    /// <summary>As many, and room to read them in whole registers.</summary>
    public float* Distances => (float*)_distances.Pointer;

    /// <summary>Makes a buffer at least <paramref name="bytes"/> long.</summary>
    public PinnedBuffer Room(ref PinnedBuffer buffer, int bytes)
    {
        if (buffer.Length < bytes)
            buffer = new PinnedBuffer(bytes);
        return buffer;
    }

    /// <summary>Room for the sorted entries of a beam.</summary>
    public ulong* BeamRoom(int entries)
    {
        if (_beam.Length < entries * sizeof(ulong))
            _beam = new PinnedBuffer((long)entries * sizeof(ulong));
        return (ulong*)_beam.Pointer;
    }

    /// <summary>The keys found, unordered until sorted by the caller.</summary>
    public Span<ulong> Found => Results.AsSpan(0, ResultCount);

    /// <summary>Forgets which nodes were seen: a node is seen when its mark equals <paramref name="epoch"/>.</summary>
    public byte* BeginVisit(int nodes, int degree, int ef, out byte epoch)
    {
        if (_visited.Length < nodes)
        {
            _visited = new PinnedBuffer(nodes);
            _epoch = byte.MaxValue;
        }

        if (++_epoch == 0)
        {
            _visited.Span.Clear();
            _epoch = 1;
        }

        if (_pending.Length < (degree + 4) * sizeof(int))
        {
            _pending = new PinnedBuffer((degree + 4) * sizeof(int));
            _ahead = new PinnedBuffer((degree + 4) * sizeof(int));
            _distances = new PinnedBuffer((degree + 16) * sizeof(float));
        }

        if (Results.Length < ef)
            Results = new ulong[ef];
        if (Candidates.Length < degree + 1)
            Candidates = new ulong[2 * degree];
        ResultCount = 0;
        epoch = _epoch;
        return _visited.Pointer;
    }
}
