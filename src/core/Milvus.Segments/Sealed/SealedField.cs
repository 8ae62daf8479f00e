using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>One stored field of a sealed segment in memory; immutable.</summary>
internal abstract class SealedField(long fieldId)
{
    public long FieldId { get; } = fieldId;

    public abstract long MemoryBytes { get; }

    /// <summary>Bytes of files that are held while the field is.</summary>
    public virtual long FileBytes => 0;

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
/// <param name="store">One vector per row, or per slot.</param>
/// <param name="slots">Null when every row has a vector.</param>
internal sealed class SealedVectorField(long fieldId, int rowCount, VectorStore store, VectorSlots? slots) : SealedField(fieldId)
{
    public DenseVectors Vectors { get; } = new(store, null, slots);

    public override long MemoryBytes => store.MemoryBytes + (slots?.MemoryBytes ?? 0);

    public override long FileBytes => store.FileBytes;

    public override Column Block(int block) => Fetch(RowGather.RowsOf(block, rowCount));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows) => Fetch(rows);

    private VectorColumn Fetch(ReadOnlySpan<int> rows) =>
        slots is null ? RowGather.Vectors(store, null, rows) : RowGather.FromSlots(store, slots, rows);
}
