using Milvus.Model;
using Milvus.Text.Bm25;

namespace Milvus.Segments;

/// <summary>One field of a growing segment, whatever its type. Single writer, lock-free readers of published rows.</summary>
internal abstract class GrowingField(long fieldId)
{
    public long FieldId { get; } = fieldId;

    public abstract long MemoryBytes { get; }

    public abstract void Append(Column rows);

    public abstract Column Block(int block, int rowCount);

    /// <param name="rowCount">Published rows, more than any of <paramref name="rows"/>.</param>
    public abstract Column Fetch(FieldSchema field, ReadOnlySpan<int> rows, int rowCount);

    public static GrowingField For(FieldSchema field, CollectionSchema schema) => field.Type switch
    {
        DataType.SparseFloatVector => new GrowingSparseField(field, schema.IsBm25Output(field) ? new Bm25StatisticsBuilder() : null),
        DataType.ArrayOfVector => new GrowingVectorArrayField(field),
        _ when field.Type.IsDenseVector() => new GrowingVectorField(field),
        _ => new GrowingScalarField(field),
    };
}

internal sealed class GrowingScalarField(FieldSchema schema) : GrowingField(schema.Id)
{
    public GrowingColumn Column { get; } = new(schema.Type, schema.ElementType);

    public override long MemoryBytes => Column.MemoryBytes;

    public override void Append(Column rows) => Column.Append(rows);

    public override Column Block(int block, int rowCount) => Column.Block(block, rowCount);

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows, int rowCount) =>
        RowGather.FromBlocks(field, rows, block => Column.Block(block, rowCount));
}
