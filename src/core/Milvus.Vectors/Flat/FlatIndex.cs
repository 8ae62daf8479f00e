using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Exact search: every row that passes the filter is compared. Needs no building and no memory of its own. Over a growing store
/// it sees the rows published when a search starts.
/// </summary>
public sealed class FlatIndex : VectorIndex
{
    private readonly int? _count;

    /// <param name="store">The vectors.</param>
    /// <param name="metric">Any metric valid for the store's type.</param>
    /// <param name="count">Rows covered; null covers what the store holds at each search.</param>
    public FlatIndex(VectorStore store, MetricType metric, int? count = null)
        : base(store, metric) => _count = count;

    public override VectorIndexKind Kind => VectorIndexKind.Flat;

    public override int Count => Math.Min(_count ?? int.MaxValue, Store.Count);

    public override long MemoryBytes => 0;

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        throw new NotImplementedException();
}
