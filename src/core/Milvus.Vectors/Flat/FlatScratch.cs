namespace Milvus.Vectors;

/// <summary>Working memory of one exact scan.</summary>
internal sealed unsafe class FlatScratch
{
    public static readonly ScratchPool<FlatScratch> Pool = new();

    private CodeScreen[] _codes = [];
    private PinnedBuffer _decoded = new(0);

    public PreparedQueries Queries { get; } = new();

    /// <summary>Queries of a pass that are compared by products of tiles.</summary>
    public TiledQueries Tiles { get; } = new();

    /// <summary>Those that are compared by products of bytes first.</summary>
    public ByteScreen Bytes { get; } = new();

    /// <summary>Rows of the current block that pass the filter.</summary>
    public int[] Rows { get; } = new int[FlatScanner.MaxBlockRows];

    /// <summary>Screens of single queries over rows that are rounded.</summary>
    public CodeScreen[] Codes(int queries)
    {
        int present = _codes.Length;
        if (present < queries)
        {
            Array.Resize(ref _codes, queries);
            for (int i = present; i < queries; i++)
                _codes[i] = new CodeScreen();
        }

        return _codes;
    }

    /// <summary>Room for rows as float32.</summary>
    public float* Decoded(int components)
    {
        if (_decoded.Length < (long)components * sizeof(float))
            _decoded = new PinnedBuffer((long)components * sizeof(float));
        return (float*)_decoded.Pointer;
    }
}
