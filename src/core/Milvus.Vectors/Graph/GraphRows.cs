using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The rows that distances between nodes of a graph are taken from: the vectors themselves (<see cref="StoredRows"/>) or byte codes of
/// them (<see cref="CodedRows"/>).
/// </summary>
internal abstract unsafe class GraphRows
{
    /// <summary>Larger is closer, so that a distance is a negative product.</summary>
    public abstract bool IsProduct { get; }

    public abstract RowReader Rows { get; }

    public abstract NormReader Norms { get; }

    public abstract int RowBytes { get; }

    /// <summary>What kernels call <c>length</c>.</summary>
    public abstract int Length { get; }

    /// <summary>Room that <see cref="AsQuery"/> needs.</summary>
    public abstract int QueryBytes { get; }

    /// <summary>A row in the kernel's query form; uses <paramref name="room"/> unless the row itself will do.</summary>
    public abstract byte* AsQuery(int row, byte* room, out float scale);

    /// <summary>Calls the visitor with the kernel of these rows.</summary>
    public abstract TResult Visit<TResult>(IKernelVisitor<TResult> visitor);
}

/// <summary>The vectors of a store under one metric.</summary>
internal sealed unsafe class StoredRows(VectorStore store, MetricType metric) : GraphRows
{
    private readonly bool _decodes = FloatDecoder.IsNeededFor(store.Type);

    public override bool IsProduct => metric is MetricType.IP or MetricType.Cosine;

    public override RowReader Rows => store.Rows;

    public override NormReader Norms => store.Norms;

    public override int RowBytes => store.RowBytes;

    public override int Length => KernelDispatch.Length(store.Type, store.Dimension);

    public override int QueryBytes => _decodes ? store.Dimension * sizeof(float) : 0;

    public override byte* AsQuery(int row, byte* room, out float scale)
    {
        byte* prepared = store.Rows.Pointer(row);
        scale = metric == MetricType.Cosine ? store.Norms.Inverse(row) : 1f;
        if (!_decodes)
            return prepared;
        FloatDecoder.Decode(store.Type, prepared, (float*)room, store.Dimension);
        return room;
    }

    public override TResult Visit<TResult>(IKernelVisitor<TResult> visitor) => KernelDispatch.Visit(store.Type, metric, InstructionSets.Best, visitor);
}
