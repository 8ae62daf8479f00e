namespace Milvus.Vectors;

/// <summary>Working memory of one search in an inverted file.</summary>
internal sealed unsafe class IvfScratch
{
    public static readonly ScratchPool<IvfScratch> Pool = new();

    private PinnedBuffer _query = new(0);
    private PinnedBuffer _work = new(0);
    private PinnedBuffer _tables = new(0);

    /// <summary>The query as the rows' kernels want it.</summary>
    public PreparedQueries Queries { get; } = new();

    /// <summary>The lists to search, nearest first.</summary>
    public TopK Probes { get; } = new();

    /// <summary>Rows by estimated distance, to be compared exactly.</summary>
    public TopK Candidates { get; } = new();

    /// <summary>Candidates by the codes that refine them.</summary>
    public TopK Refined { get; } = new();

    /// <summary>Places or rows that passed a filter or an estimate.</summary>
    public int[] Selected { get; } = new int[FlatScanner.MaxBlockRows];

    /// <summary>The query as float32, of length one for the cosine metric, when the codes are of numbers.</summary>
    public float* Query => (float*)_query.Pointer;

    /// <summary>The bytes of <see cref="Query"/>.</summary>
    public ReadOnlySpan<byte> QueryBytes(int dimension) => _query.Span[..(dimension * sizeof(float))];

    /// <summary>|query|², and 1 for the cosine metric.</summary>
    public float SquaredNorm;

    /// <summary>Numbers that a coding keeps for the query.</summary>
    public float QueryScale, QueryOffset, QuerySlack;

    public Survivors Survivors { get; } = new();

    public void ReserveQuery(int dimension) => _query = AtLeast(_query, (long)dimension * sizeof(float));

    /// <summary>Room for tables of the query.</summary>
    public byte* Tables(long bytes) => (_tables = AtLeast(_tables, bytes)).Pointer;

    /// <summary>Further room, for example for estimates of a block.</summary>
    public byte* Work(long bytes) => (_work = AtLeast(_work, bytes)).Pointer;

    private static PinnedBuffer AtLeast(PinnedBuffer buffer, long bytes) => buffer.Length >= bytes ? buffer : new PinnedBuffer(bytes);
}
