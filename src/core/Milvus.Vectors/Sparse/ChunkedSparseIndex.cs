using System.Collections.Concurrent;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Search over rows without a finished index, which may still be appended: every whole chunk gets an inverted index when a search first needs
/// it, the rows behind are scanned. Scores are those of <see cref="SparseScan"/>. Any number of threads may search beside the store's writer.
/// </summary>
public sealed class ChunkedSparseIndex(SparseRowStore store)
{
    /// <summary>Rows of a chunk; a multiple of 64, so that filters split at words.</summary>
    public const int ChunkRows = 1 << 13;

    private readonly ConcurrentDictionary<(MetricType Metric, int Chunk), Lazy<SparseInvertedIndex>> _chunks = new();

    /// <summary>Bytes that the chunks' indexes hold.</summary>
    public long MemoryBytes
    {
        get
        {
            long bytes = 0;
            foreach (Lazy<SparseInvertedIndex> chunk in _chunks.Values)
                bytes += chunk.IsValueCreated ? chunk.Value.MemoryBytes : 0;
            return bytes;
        }
    }

    /// <summary>Lets the chunks' indexes go; searches make them anew.</summary>
    public void Clear() => _chunks.Clear();

    /// <param name="metric">IP or BM25.</param>
    /// <param name="query">A valid sparse row.</param>
    /// <param name="parameters">K, range, drop ratio, BM25 statistics, algorithm.</param>
    /// <param name="filter">Rows that may be returned.</param>
    /// <param name="results">Reset by the search; afterwards holds rows and scores, best first.</param>
    /// <param name="rowCount">Rows to look at from the first on, at most those published.</param>
    /// <exception cref="ArgumentException">Another metric, or BM25 without statistics.</exception>
    public void Search(
        MetricType metric, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter, TopK results, int rowCount)
    {
        SparseMetrics.Check(metric);
        results.Reset(parameters.K, parameters.Range(metric));
        int chunks = rowCount / ChunkRows;
        for (int chunk = 0; chunk < chunks; chunk++)
            SparseSearcher.Search(Chunk(metric, chunk), query, parameters, Part(filter, chunk), results, chunk * ChunkRows);
        SparseScan.Continue(store, metric, query, parameters, filter, results, chunks * ChunkRows, rowCount);
        results.Finish(metric);
    }

    private SparseInvertedIndex Chunk(MetricType metric, int chunk)
    {
        // The state goes in as an argument: a search that finds the chunk there allocates nothing.
        Lazy<SparseInvertedIndex> index = _chunks.TryGetValue((metric, chunk), out Lazy<SparseInvertedIndex>? known)
            ? known
            : _chunks.GetOrAdd(
                (metric, chunk),
                static (key, rows) => new Lazy<SparseInvertedIndex>(() => SparseInvertedIndexBuilder.Build(rows, key.Metric, key.Chunk * ChunkRows, ChunkRows)),
                store);
        return index.Value;
    }

    private static RowFilter Part(RowFilter filter, int chunk)
    {
        if (filter.PassesAll)
            return filter;
        int first = Math.Min(filter.Words.Length, chunk * ChunkRows / 64);
        return new RowFilter(filter.Words[first..Math.Min(filter.Words.Length, first + (ChunkRows / 64))]);
    }
}
