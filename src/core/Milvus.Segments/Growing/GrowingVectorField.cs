using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>One dense vector field of a growing segment: the vectors in slabs that never move, and which rows have one.</summary>
internal sealed class GrowingVectorField : GrowingField
{
    private const int SlabBytes = 1 << 20;

    public GrowingVectorField(FieldSchema field)
        : base(field.Id)
    {
        var rowsPerSlab = Math.Clamp(SlabBytes / field.Type.VectorBytes(field.Dimension), 16, ColumnLimits.BlockRows);
        Store = VectorStore.CreateGrowing(field.Type, field.Dimension, rowsPerSlab);
    }

    /// <summary>May hold rows that are not published yet.</summary>
    public VectorStore Store { get; }

    public GrowingValidity Validity { get; } = new();

    public override long MemoryBytes => Store.MemoryBytes + Validity.MemoryBytes;

    public override void Append(Column rows)
    {
        if (rows is not VectorColumn vectors || vectors.Type != Store.Type || vectors.RowBytes != Store.RowBytes)
            throw new ArgumentException($"a column of {rows.Type} does not fit a field of {Store.Type} of dimension {Store.Dimension}", nameof(rows));
        Store.Append(vectors.Data);
        Validity.Append(vectors.Validity, 0, vectors.Count);
    }

    public override Column Block(int block, int rowCount) => RowGather.Vectors(Store, Validity.Words, RowGather.RowsOf(block, rowCount));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows, int rowCount) => RowGather.Vectors(Store, Validity.Words, rows);
}
