using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Approximate search over a navigable small-world graph (Malkov and Yashunin 2016). Made by <see cref="HnswBuilder"/>.</summary>
public sealed class HnswIndex : VectorIndex
{
    internal HnswIndex(VectorStore store, MetricType metric)
        : base(store, metric)
    {
    }

    public override VectorIndexKind Kind => VectorIndexKind.Hnsw;

    public override int Count => 0;

    public override long MemoryBytes => 0;

    /// <summary>Bytes that a graph over <paramref name="rows"/> rows will hold, for budgets; within a few per cent.</summary>
    public static long EstimateMemoryBytes(int rows, int m) => (long)(rows * ((8.0 * m) + ((4.0 * m) + 8) / (m - 1)));

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        throw new NotImplementedException();
}
