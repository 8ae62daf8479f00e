using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Exact search: every row that passes the filter is compared, or ruled out by a bound on its distance. Needs no building; one over a fixed number of rows keeps
/// them rounded to bytes once they were searched (<see cref="BytesPerRow"/>), which scans read instead. Over a growing store it sees the rows published when a search
/// starts.
/// </summary>
public sealed class FlatIndex : VectorIndex
{
    private readonly FlatScanner _scanner;
    private readonly int? _count;
    private readonly FlatCodes? _codes;

    /// <param name="store">The vectors.</param>
    /// <param name="metric">Any metric valid for the store's type.</param>
    /// <param name="count">Rows covered; null covers what the store holds at each search.</param>
    /// <param name="keepsCodes">Whether it is searched often enough to keep rounded rows; they are kept only when <paramref name="count"/> is given.</param>
    /// <exception cref="ArgumentException">The metric does not fit the type.</exception>
    public FlatIndex(VectorStore store, MetricType metric, int? count = null, bool keepsCodes = false)
        : this(store, metric, count, InstructionSets.Best, keepsCodes)
    {
    }

    internal FlatIndex(VectorStore store, MetricType metric, int? count, InstructionSet set, bool keepsCodes = false)
        : base(store, metric)
    {
        if (metric == MetricType.MinHashJaccard)
            throw new ArgumentException("signatures are compared by MinHashIndex, which knows their elements", nameof(metric));
        _count = count;
        _scanner = FlatScanner.For(store.Type, metric, set);
        if (keepsCodes && count is > 0 && count <= store.Count && set == InstructionSets.Best && FlatCodes.Serves(store.Type, store.Dimension))
            _codes = new FlatCodes(store, count.Value);
    }

    /// <summary>Bytes that rounded rows take per row once they were searched, where they are kept.</summary>
    public static long BytesPerRow(DataType type, int dimension) => FlatCodes.BytesPerRow(type, dimension);

    public override VectorIndexKind Kind => VectorIndexKind.Flat;

    public override int Count => Math.Min(_count ?? int.MaxValue, Store.Count);

    public override long MemoryBytes => _codes?.MemoryBytes ?? 0;

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        SearchBatch(query, queryType, parameters, filter, new ReadOnlySpan<TopK>(in results));

    public override void SearchBatch(
        ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        QueryBytes(queries, queryType, results.Length);
        _scanner.Search(Store, Metric, Count, queries, queryType, parameters, filter, results, _codes);
    }
}
