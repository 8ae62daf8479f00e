using System.Runtime.CompilerServices;
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
public sealed class SparseInvertedIndex
{
    internal SparseInvertedIndex(
        MetricType metric, int rowCount, uint[] dimensions, int[] firstBlocks, PostingBlock[] blocks, byte[] data, float[] lengths)
    {
        Metric = metric;
        RowCount = rowCount;
        Dimensions = dimensions;
        FirstBlocks = firstBlocks;
        Blocks = blocks;
        Data = data;
        Lengths = lengths;
        foreach (ref readonly PostingBlock block in blocks.AsSpan())
            PostingCount += block.Count;
        foreach (float length in lengths)
            TotalLength += length;
    }

    /// <summary>IP or BM25.</summary>
    public MetricType Metric { get; }

    /// <summary>Rows covered, empty ones included.</summary>
    public int RowCount { get; }

    /// <summary>Distinct dimensions (terms).</summary>
    public int DimensionCount => Dimensions.Length;

    /// <summary>Positive components of all rows.</summary>
    public long PostingCount { get; }

    /// <summary>BM25: tokens of all rows. With <see cref="RowCount"/> and <see cref="RowsWith"/> the statistics that scoring needs.</summary>
    public double TotalLength { get; }

    /// <summary>Bytes the index holds.</summary>
    public long MemoryBytes =>
        (4L * (Dimensions.Length + FirstBlocks.Length + Lengths.Length)) + ((long)Unsafe.SizeOf<PostingBlock>() * Blocks.Length) + Data.Length;

    // The list of the dimension in slot s has the blocks FirstBlocks[s] .. FirstBlocks[s + 1]; Lengths is empty unless the metric is BM25.
    internal uint[] Dimensions { get; }

    internal int[] FirstBlocks { get; }

    internal PostingBlock[] Blocks { get; }

    internal byte[] Data { get; }

    internal float[] Lengths { get; }

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
    }

    /// <summary>Rows that have a dimension; the document frequency when dimensions are terms.</summary>
    public int RowsWith(uint dimension)
    {
        int slot = Array.BinarySearch(Dimensions, dimension);
        if (slot < 0)
            return 0;
        // All blocks of a list are full but the last one.
        int last = FirstBlocks[slot + 1] - 1;
        return ((last - FirstBlocks[slot]) * PostingBlock.Capacity) + Blocks[last].Count;
    }
}
