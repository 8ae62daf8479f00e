namespace Milvus.Vectors;

/// <summary>
/// One record per node that holds all that a hop needs: 1-bit codes of its 32 neighbours as seen from the node, two factors per
/// neighbour, their numbers (Gou, Gao, Xu and Long 2025, SymphonyQG; the code is RaBitQ's: the signs of the randomly rotated difference).
/// The distance of neighbour x of node p from a query q is estimated as d(q, p) + f + g × Σ ±q.
/// </summary>
/// <remarks>
/// With r = x − p in rotated space and s its signs, ⟨r, y⟩ ≈ (|r|² ÷ Σ|rᵢ|) ⟨s, y⟩ without bias. Applied to y = q − p, which makes the
/// error proportional to |r| |q − p|; ⟨s, p⟩ is part of f. Made from the byte codes of the rows in the rotated space; never stored.
/// </remarks>
internal sealed unsafe class NeighbourCodes
{
    public const int Degree = NibbleScan.Vectors;

    private const int ChunkRows = 256;
    private const int FactorsBytes = 2 * Degree * sizeof(float);

    private readonly SlabTable _slabs = new();
    private readonly int _shift;
    private readonly int _mask;

    private NeighbourCodes(int rows, int width)
    {
        Width = width;
        CodeBytes = width / 4 * NibbleScan.GroupBytes;
        RecordBytes = CodeBytes + FactorsBytes + (Degree * sizeof(int));
        _shift = System.Numerics.BitOperations.Log2((uint)((1 << 30) / RecordBytes));
        _mask = (1 << _shift) - 1;
        for (long first = 0; first < rows; first += 1L << _shift)
            _slabs.Add(new PinnedBuffer(Math.Min(1L << _shift, rows - first) * RecordBytes));
        for (int i = 0; i < _slabs.Count; i++)
            MemoryBytes += _slabs[i].MemoryBytes;
    }

    /// <summary>Components of the rotated space, a multiple of 16.</summary>
    public int Width { get; }

    public int CodeBytes { get; }

    /// <summary>Codes, f of 32 neighbours, g of 32 neighbours, 32 row numbers; a node with fewer names itself.</summary>
    public int RecordBytes { get; }

    public long MemoryBytes { get; }

    public RowReader Records => new(_slabs.Count == 1 ? _slabs[0].Pointer : null, _slabs.Entries, _shift, _mask, RecordBytes);

    /// <summary>Bytes of a record over rows of a dimension.</summary>
    public static int BytesOf(int dimension) => (RandomRotation.Pad(dimension) * 4) + FactorsBytes + (Degree * sizeof(int));

    /// <summary>Makes the records of a graph whose level 0 has 32 links.</summary>
    /// <param name="rows">Codes in a rotated space.</param>
    public static NeighbourCodes Of(HnswGraph graph, CodedRows rows, int threads)
    {
        if (graph.Base.Degree != Degree || rows.Space.Rotation is null)
            throw new ArgumentException("neighbour codes want 32 links and a rotated space", nameof(graph));
        var codes = new NeighbourCodes(graph.Rows, rows.Space.Width);
        Workers.Run(threads, (graph.Rows + (ChunkRows - 1)) / ChunkRows, () =>
        {
            var encoder = new NeighbourEncoder(rows);
            return chunk => codes.Fill(graph, rows, chunk * ChunkRows, Math.Min(graph.Rows, (chunk + 1) * ChunkRows), encoder);
        });
        return codes;
    }

    private void Fill(HnswGraph graph, CodedRows rows, int first, int end, NeighbourEncoder encoder)
    {
        BaseLayer layer = graph.BaseLayer;
        RowReader records = Records;
        for (int row = first; row < end; row++)
        {
            byte* record = records.Pointer(row);
            int* names = (int*)(record + CodeBytes + FactorsBytes);
            var links = new ReadOnlySpan<int>(layer.Links(row), Degree);
            int count = links.IndexOf(-1);
            if (count < 0)
                count = Degree;
            links[..count].CopyTo(new Span<int>(names, count));
            new Span<int>(names + count, Degree - count).Fill(row);
            encoder.Encode(row, links[..count], record, (float*)(record + CodeBytes));
        }

        GC.KeepAlive(graph);
        GC.KeepAlive(rows);
    }
}
