using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Codes of all rows of a store, compared with float32 queries: persisted with their index, so that a loaded index needs the vectors for
/// its last step only; an inverted file may have them to refine what its lists found. Of rows of length one under the cosine metric. Immutable.
/// </summary>
internal abstract unsafe class RowCodes(RowCoding coding, int dimension, MetricType metric)
{
    public RowCoding Coding { get; } = coding;

    public int Dimension { get; } = dimension;

    public MetricType Metric { get; } = metric;

    public abstract int Count { get; }

    public abstract long MemoryBytes { get; }

    public abstract RowReader Rows { get; }

    public abstract NormReader Norms { get; }

    public abstract int RowBytes { get; }

    /// <summary>What kernels call <c>length</c>.</summary>
    public abstract int Length { get; }

    /// <summary>Bytes of a prepared query.</summary>
    public abstract int QueryBytes { get; }

    /// <summary>Larger is closer, so that a distance is a negative product.</summary>
    protected bool IsProduct => Metric is MetricType.IP or MetricType.Cosine;

    /// <summary>Bytes that <see cref="Write"/> writes.</summary>
    public abstract long PayloadBytes { get; }

    public abstract void Write(PayloadWriter writer);

    /// <summary>Calls the visitor with the kernel of these codes.</summary>
    public abstract TResult Visit<TResult>(IKernelVisitor<TResult> visitor);

    /// <summary>A product has no term of the row.</summary>
    private protected TResult Visit<TKernel, TResult>(IKernelVisitor<TResult> visitor)
        where TKernel : struct, IVectorKernel => IsProduct ? visitor.Visit<TKernel, Unscaled>() : visitor.Visit<TKernel, CodeTerm>();

    /// <summary>The kernel's form of a query.</summary>
    /// <param name="vector">Float32 components, of length one under the cosine metric.</param>
    /// <param name="query"><see cref="QueryBytes"/> bytes on a cache line.</param>
    public abstract void Prepare(float* vector, byte* query);

    /// <summary>A query in the encoding that searches prepare it in.</summary>
    /// <param name="form">The rows' type, or float32.</param>
    public PinnedBuffer Prepare(DataType form, HnswScratch scratch)
    {
        float* vector = (float*)scratch.Room(ref scratch.Centred, Dimension * sizeof(float)).Pointer;
        PinnedBuffer query = scratch.Room(ref scratch.CodeQuery, QueryBytes);
        FloatRows.Decode(form, scratch.Queries.Pointer(0), vector, Dimension);
        if (Metric == MetricType.Cosine)
            FloatRows.Normalise(vector, Dimension);
        Prepare(vector, query.Pointer);
        return query;
    }

    /// <summary>Codes all rows that a store holds.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RowCodes Encode(
        VectorStore store, MetricType metric, RowCoding coding, RowCodeParameters parameters, ulong seed, int threads, CancellationToken cancellation = default) => coding switch
        {
            RowCoding.Scalar4 or RowCoding.Scalar6 or RowCoding.Scalar8 => ScalarRowCodes.Encode(store, metric, coding, threads, cancellation),
            RowCoding.Float16 or RowCoding.BFloat16 => HalfRowCodes.Encode(store, metric, coding, threads, cancellation),
            RowCoding.Product => ProductRowCodes.Encode(store, metric, parameters, seed, threads, cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(coding)),
        };

    /// <summary>The codes as <see cref="Write"/> wrote them.</summary>
    /// <exception cref="IntegrityException">They contradict themselves.</exception>
    public static RowCodes Read(VectorStore store, MetricType metric, RowCoding coding, RowCodeParameters parameters, PayloadReader reader, string sourceName) => coding switch
    {
        RowCoding.Scalar4 or RowCoding.Scalar6 or RowCoding.Scalar8 => ScalarRowCodes.Read(store, metric, coding, reader, sourceName),
        RowCoding.Float16 or RowCoding.BFloat16 => HalfRowCodes.Read(store, metric, coding, reader),
        RowCoding.Product => ProductRowCodes.Read(store, metric, parameters, reader, sourceName),
        _ => throw new ArgumentOutOfRangeException(nameof(coding)),
    };

    /// <summary>Bytes of the codes of <paramref name="rows"/> rows in a file; 0 for what has none.</summary>
    public static long BytesOf(RowCoding coding, RowCodeParameters parameters, int dimension, int rows) => coding switch
    {
        RowCoding.Scalar4 => ScalarRowCodes.BytesOf(4, dimension, rows),
        RowCoding.Scalar6 => ScalarRowCodes.BytesOf(6, dimension, rows),
        RowCoding.Scalar8 => ScalarRowCodes.BytesOf(8, dimension, rows),
        RowCoding.Float16 or RowCoding.BFloat16 => (long)rows * dimension * sizeof(ushort),
        RowCoding.Product => ProductRowCodes.BytesOf(parameters, dimension, rows),
        _ => 0,
    };
}
