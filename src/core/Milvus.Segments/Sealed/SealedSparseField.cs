using Milvus.Model;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>A sparse vector field of a sealed segment; null rows are kept as empty ones.</summary>
/// <param name="valid">The bits of rows that have a vector; null when all have.</param>
/// <param name="statistics">Of the output of a BM25 function; null for other fields.</param>
internal sealed class SealedSparseField(long fieldId, SparseRowStore store, ulong[]? valid, Bm25Statistics? statistics) : SealedField(fieldId)
{
    public SparseVectors Vectors { get; } = new(store, valid, new ChunkedSparseIndex(store));

    public Bm25Statistics? Statistics => statistics;

    public override long MemoryBytes => store.MemoryBytes + Vectors.Chunks.MemoryBytes + ((valid?.LongLength ?? 0) * sizeof(ulong)) + (statistics?.MemoryBytes ?? 0);

    public override Column Block(int block) => RowGather.Sparse(store, valid, RowGather.RowsOf(block, store.Count));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows) => RowGather.Sparse(store, valid, rows);
}
