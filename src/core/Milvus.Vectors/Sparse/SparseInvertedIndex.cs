using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Exact search over sparse rows by inverted lists: per dimension the rows that have it, ascending, with their values. Immutable; any
/// number of threads may search at once. Made by <see cref="SparseInvertedIndexBuilder"/>.
/// </summary>
/// <remarks>
/// Rows are scored window by window, and inside a window term by term in ascending order, so that the accumulators stay in the cache,
/// scores are added up in the same order as by <see cref="SparseScan"/>, and windows without postings or passing rows cost nothing.
/// </remarks>
public sealed class SparseInvertedIndex
{
    internal SparseInvertedIndex(MetricType metric, int rowCount, uint[] dimensions, int[] starts, int[] rows, float[] values, float[] lengths)
    {
        Metric = metric;
        RowCount = rowCount;
        Dimensions = dimensions;
        Starts = starts;
        Rows = rows;
        Values = values;
        Lengths = lengths;
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
    public int PostingCount => Rows.Length;

    /// <summary>BM25: tokens of all rows. With <see cref="RowCount"/> and <see cref="RowsWith"/> the statistics that scoring needs.</summary>
    public double TotalLength { get; }

    /// <summary>Bytes the index holds.</summary>
    public long MemoryBytes => (4L * (Dimensions.Length + Starts.Length + Lengths.Length)) + (8L * Rows.Length);

    // Dimension d of slot s has rows and values Starts[s] .. Starts[s + 1]; Lengths is empty unless the metric is BM25.
    internal uint[] Dimensions { get; }

    internal int[] Starts { get; }

    internal int[] Rows { get; }

    internal float[] Values { get; }

    internal float[] Lengths { get; }

    /// <summary>Bytes that an index will hold, for budgets.</summary>
    public static long EstimateMemoryBytes(long rows, long elements, long dimensions) => (8 * elements) + (4 * rows) + (8 * dimensions);

    /// <summary>
    /// Finds the best rows for one query; only rows with a positive score are hits.
    /// </summary>
    /// <param name="query">A valid sparse row.</param>
    /// <param name="parameters">K, range, drop ratio, BM25 statistics.</param>
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
    public int RowsWith(uint dimension) =>
        Array.BinarySearch(Dimensions, dimension) is >= 0 and int slot ? Starts[slot + 1] - Starts[slot] : 0;
}
