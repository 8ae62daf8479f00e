using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Exact search: every row that passes the filter is compared. Needs no building and no memory of its own. Over a growing store
/// it sees the rows published when a search starts.
/// </summary>
public sealed class FlatIndex : VectorIndex
{
    private readonly FlatScanner _scanner;
    private readonly int? _count;

    /// <param name="store">The vectors.</param>
    /// <param name="metric">Any metric valid for the store's type.</param>
    /// <param name="count">Rows covered; null covers what the store holds at each search.</param>
    /// <exception cref="ArgumentException">The metric does not fit the type.</exception>
    public FlatIndex(VectorStore store, MetricType metric, int? count = null)
        : this(store, metric, count, InstructionSets.Best)
    {
    }

    internal FlatIndex(VectorStore store, MetricType metric, int? count, InstructionSet set)
        : base(store, metric)
    {
        if (metric == MetricType.MinHashJaccard)
            throw new ArgumentException("signatures are compared by MinHashIndex, which knows their elements", nameof(metric));
        _count = count;
        _scanner = FlatScanner.For(store.Type, metric, set);
    }

    public override VectorIndexKind Kind => VectorIndexKind.Flat;

    public override int Count => Math.Min(_count ?? int.MaxValue, Store.Count);

    public override long MemoryBytes => 0;

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        SearchBatch(query, queryType, parameters, filter, new ReadOnlySpan<TopK>(in results));

    public override void SearchBatch(
        ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        QueryBytes(queries, queryType, results.Length);
        _scanner.Search(Store, Metric, Count, queries, queryType, parameters, filter, results);
    }
}
