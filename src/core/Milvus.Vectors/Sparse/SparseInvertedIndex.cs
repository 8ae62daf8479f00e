using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Exact search over sparse rows by inverted lists: per dimension the rows that have it, ascending, with their values, compressed in blocks
/// that know their largest contribution. Immutable; any number of threads may search at once. Made by
/// <see cref="SparseInvertedIndexBuilder"/>.
/// </summary>
/// <remarks>
/// Whatever the algorithm, contributions are added up in the same order as by <see cref="SparseScan"/>, so that scores are equal bit for bit.
/// </remarks>
public sealed unsafe class SparseInvertedIndex
{
    private readonly PinnedBuffer _dimensions;
    private readonly PinnedBuffer _firstBlocks;
    private readonly PinnedBuffer _blocks;
    private readonly PinnedBuffer _data;
    private readonly PinnedBuffer _lengths;
    private readonly PostingBlock* _firstBlock;
    private readonly byte* _firstByte;
    private readonly float* _firstLength;
    private readonly int _blockCount;

    internal SparseInvertedIndex(
        MetricType metric, int rowCount, ReadOnlySpan<uint> dimensions, ReadOnlySpan<int> firstBlocks, ReadOnlySpan<PostingBlock> blocks, ReadOnlySpan<byte> data, ReadOnlySpan<float> lengths)
        : this(metric, rowCount, Copy(dimensions), Copy(firstBlocks), Copy(blocks), Copy(data), Copy(lengths))
    {
    }

    /// <summary>Over memory that nobody writes to any more.</summary>
    internal SparseInvertedIndex(MetricType metric, int rowCount, PinnedBuffer dimensions, PinnedBuffer firstBlocks, PinnedBuffer blocks, PinnedBuffer data, PinnedBuffer lengths)
    {
        Metric = metric;
        RowCount = rowCount;
        _dimensions = dimensions;
        _firstBlocks = firstBlocks;
        _blocks = blocks;
        _data = data;
        _lengths = lengths;
        _firstBlock = (PostingBlock*)blocks.Pointer;
        _blockCount = blocks.Length / sizeof(PostingBlock);
        _firstByte = data.Pointer;
        _firstLength = (float*)lengths.Pointer;
        foreach (ref readonly PostingBlock block in Blocks)
            PostingCount += block.Count;
        foreach (float length in Lengths)
            TotalLength += length;
    }

    /// <summary>IP or BM25.</summary>
    public MetricType Metric { get; }

    /// <summary>Rows covered, empty ones included.</summary>
    public int RowCount { get; }

    /// <summary>Distinct dimensions (terms).</summary>
    public int DimensionCount => _dimensions.Length / sizeof(uint);

    /// <summary>Positive components of all rows.</summary>
    public long PostingCount { get; }

    /// <summary>BM25: tokens of all rows. With <see cref="RowCount"/> and <see cref="RowsWith"/> the statistics that scoring needs.</summary>
    public double TotalLength { get; }

    /// <summary>True when the lists are in a mapped file, and in memory as far as searches need them.</summary>
    public bool IsMapped => _data.File is not null;

    /// <summary>Bytes of the file that is mapped, if one is: it is held until nothing refers to the index, also when it was deleted.</summary>
    public long FileBytes => _data.File?.Length ?? 0;

    /// <summary>Bytes the index holds in memory.</summary>
    public long MemoryBytes =>
        _dimensions.MemoryBytes + _firstBlocks.MemoryBytes + _blocks.MemoryBytes + _data.MemoryBytes + _lengths.MemoryBytes;

    // The list of the dimension in slot s has the blocks FirstBlocks[s] .. FirstBlocks[s + 1]; Lengths is empty unless the metric is BM25.
    internal ReadOnlySpan<uint> Dimensions => MemoryMarshal.Cast<byte, uint>(_dimensions.Span);

    internal ReadOnlySpan<int> FirstBlocks => MemoryMarshal.Cast<byte, int>(_firstBlocks.Span);

    internal ReadOnlySpan<PostingBlock> Blocks => new(_firstBlock, _blockCount);

    internal ReadOnlySpan<byte> Data => new(_firstByte, _data.Length);

    internal ReadOnlySpan<float> Lengths => new(_firstLength, _lengths.Length / sizeof(float));

    /// <summary>
    /// Finds the best rows for one query; only rows with a positive score are hits.
    /// </summary>
    /// <param name="query">A valid sparse row.</param>
    /// <param name="parameters">K, range, drop ratio, BM25 statistics, algorithm.</param>
    /// <param name="filter">Rows that may be returned.</param>
    /// <param name="results">Reset by the search; afterwards holds rows and scores, best first.</param>
    /// <exception cref="ArgumentException">BM25 without statistics.</exception>
    public void Search(ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter, TopK results)
    {
        results.Reset(parameters.K, parameters.Range(Metric));
        SparseSearcher.Search(this, query, parameters, filter, results);
        results.Finish(Metric);
        GC.KeepAlive(this);
    }

    /// <summary>Rows that have a dimension; the document frequency when dimensions are terms.</summary>
    public int RowsWith(uint dimension)
    {
        int slot = Dimensions.BinarySearch(dimension);
        if (slot < 0)
            return 0;
        // All blocks of a list are full but the last one.
        int last = FirstBlocks[slot + 1] - 1;
        int rows = ((last - FirstBlocks[slot]) * PostingBlock.Capacity) + Blocks[last].Count;
        GC.KeepAlive(this);
        return rows;
    }

    private static PinnedBuffer Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        var copy = new PinnedBuffer(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }
}
