using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>The algorithm of an index. The numeric values are persisted: they are frozen.</summary>
public enum VectorIndexKind
{
    Flat = 1,
    Hnsw = 2,

    /// <summary>Inverted file: rows grouped around centroids, of dense or binary vectors.</summary>
    Ivf = 10,

    /// <summary>MinHash signatures found by bands of equal elements.</summary>
    MinHash = 11,

    /// <summary>A graph searched by byte codes of its rows.</summary>
    HnswBytes = 20,

    /// <summary>A graph searched by 1-bit codes beside its links.</summary>
    HnswSigns = 21,

    /// <summary>A graph and the codes of its rows that it is searched by.</summary>
    HnswRowCodes = 22,

    /// <summary>A graph with its vectors in a file, searched by reading.</summary>
    DiskGraph = 30,
}

/// <summary>
/// An immutable searcher over the rows of one <see cref="VectorStore"/>, which it references and never copies. Any number of
/// threads may search at once.
/// </summary>
public abstract class VectorIndex
{
    /// <param name="readsVectors">Whether the index compares rows of the store itself.</param>
    private protected VectorIndex(VectorStore store, MetricType metric, bool readsVectors = true)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (!metric.IsValidFor(store.Type) && !(metric == MetricType.MinHashJaccard && store.Type == DataType.BinaryVector))
            throw new ArgumentException($"metric {metric} does not compare {store.Type}s", nameof(metric));
        if (readsVectors && metric == MetricType.Cosine)
            store.EnsureNorms();
        Store = store;
        Metric = metric;
    }

    public abstract VectorIndexKind Kind { get; }

    public MetricType Metric { get; }

    /// <summary>The vectors searched.</summary>
    public VectorStore Store { get; }

    /// <summary>Rows the index covers: 0…Count−1 of the store.</summary>
    public abstract int Count { get; }

    /// <summary>What searches use, in a few words for those who ask why they take what they take.</summary>
    public virtual string Form => Kind.ToString();

    /// <summary>True when what the index holds is mostly in a mapped file, and in memory as far as searches need it.</summary>
    public bool IsMapped => Mapping is not null;

    /// <summary>The file that the index is in, where it is mapped.</summary>
    internal MappedFile? Mapping { get; set; }

    /// <summary>Bytes of the file that is mapped or read, if one is: it is held until nothing refers to the index, also when it was deleted.</summary>
    public virtual long FileBytes => Mapping?.Length ?? 0;

    /// <summary>Bytes the index itself holds in memory, without the vectors.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>
    /// Finds the best rows for one query: min(K, matches) of them unless a range search leaves fewer, never one that fails the filter.
    /// </summary>
    /// <param name="query">One vector in the field's own encoding, or float32 for Float16 and BFloat16 fields.</param>
    /// <param name="queryType">The encoding of <paramref name="query"/>.</param>
    /// <param name="parameters">K, beam width, range.</param>
    /// <param name="filter">Rows that may be returned.</param>
    /// <param name="results">Reset by the search; afterwards holds rows and scores, best first.</param>
    /// <exception cref="ArgumentException">Query type or length does not fit the field.</exception>
    public abstract void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results);

    /// <summary>Like <see cref="Search"/> for several queries laid out one behind the other; exact indexes read the vectors once.</summary>
    /// <param name="queries">results.Length vectors.</param>
    /// <param name="results">One collector per query.</param>
    public virtual void SearchBatch(
        ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        int bytes = QueryBytes(queries, queryType, results.Length);
        for (int i = 0; i < results.Length; i++)
            Search(queries.Slice(i * bytes, bytes), queryType, parameters, filter, results[i]);
    }

    /// <summary>Whether a search would compare every passing row because that is cheaper than using the index's structure.</summary>
    /// <param name="passing">Rows that pass the filter.</param>
    public virtual bool PrefersScan(int passing, in VectorSearchParameters parameters) => false;

    private protected int QueryBytes(ReadOnlySpan<byte> queries, DataType queryType, int count)
    {
        int bytes = queryType.VectorBytes(Store.Dimension);
        if (queries.Length != (long)bytes * count)
            throw new ArgumentException($"{queries.Length} bytes are not {count} vectors of {bytes} bytes", nameof(queries));
        return bytes;
    }
}
