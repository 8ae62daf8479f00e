using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>One stored field of a sealed segment in memory; immutable.</summary>
internal abstract class SealedField(long fieldId)
{
    public long FieldId { get; } = fieldId;

    public abstract long MemoryBytes { get; }

    public abstract Column Block(int block);

    public abstract Column Fetch(FieldSchema field, ReadOnlySpan<int> rows);
}

/// <summary>A scalar field: the blocks as they were read.</summary>
internal sealed class SealedScalarField(long fieldId, Column[] blocks, ColumnStatistics?[] statistics) : SealedField(fieldId)
{
    public Column[] Blocks => blocks;

    public override long MemoryBytes { get; } = blocks.Sum(b => b.ByteSize + (b.Validity is null ? 0 : b.Count / 8));

    public override Column Block(int block) => blocks[block];

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows) => RowGather.FromBlocks(field, rows, block => blocks[block]);

    public ColumnStatistics? Statistics(int block) => statistics[block];
}

/// <summary>A dense vector field: all vectors in one store.</summary>
/// <param name="valid">The bits of rows that have a vector; null when all have.</param>
internal sealed class SealedVectorField(long fieldId, VectorStore store, ulong[]? valid) : SealedField(fieldId)
{
    public DenseVectors Vectors { get; } = new(store, valid);

    public override long MemoryBytes => store.MemoryBytes + ((valid?.LongLength ?? 0) * sizeof(ulong));

    public override Column Block(int block) => RowGather.Vectors(store, valid, RowGather.RowsOf(block, store.Count));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows) => RowGather.Vectors(store, valid, rows);
}
