using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Rows as 16-bit floats, compared with float32 queries.</summary>
internal sealed unsafe class HalfRowCodes : RowCodes
{
    private const int ChunkRows = 1024;

    private readonly VectorStore _codes;

    private HalfRowCodes(VectorStore codes, MetricType metric, RowCoding coding)
        : base(coding, codes.Dimension, metric) => _codes = codes;

    public override int Count => _codes.Count;

    public override long MemoryBytes => _codes.MemoryBytes;

    public override RowReader Rows => _codes.Rows;

    public override NormReader Norms => default;

    public override int RowBytes => _codes.RowBytes;

    public override int Length => Dimension;

    public override int QueryBytes => Dimension * sizeof(float);

    public override long PayloadBytes => (long)Count * RowBytes;

    public static HalfRowCodes Encode(VectorStore store, MetricType metric, RowCoding coding, int threads, CancellationToken cancellation)
    {
        var source = new FloatRows(store, metric == MetricType.Cosine);
        var codes = new HalfRowCodes(VectorStore.CreateFull(TypeOf(coding), store.Dimension, store.Count), metric, coding);
        BuildThreads.ForBlocks(store.Count, ChunkRows, threads, cancellation, (first, some) =>
        {
            var row = new PinnedBuffer((long)store.Dimension * sizeof(float));
            for (int i = first; i < first + some; i++)
            {
                source.Read(i, (float*)row.Pointer);
                HalfCodes.Encode(TypeOf(coding), new ReadOnlySpan<float>(row.Pointer, store.Dimension), new Span<byte>(codes.Rows.Pointer(i), codes.RowBytes));
            }

            GC.KeepAlive(row);
        });
        return codes;
    }

    public static HalfRowCodes Read(VectorStore store, MetricType metric, RowCoding coding, PayloadReader reader) =>
        new(reader.TakeRows(TypeOf(coding), store.Dimension, store.Count), metric, coding);

    public override void Write(PayloadWriter writer) => _codes.Write(writer);

    // Rows have length one under the cosine metric, so that a product is the cosine.
    public override TResult Visit<TResult>(IKernelVisitor<TResult> visitor) =>
        KernelDispatch.Visit(_codes.Type, IsProduct ? MetricType.IP : Metric, InstructionSets.Best, visitor);

    public override void Prepare(float* vector, byte* query) => new ReadOnlySpan<byte>(vector, QueryBytes).CopyTo(new Span<byte>(query, QueryBytes));

    private static DataType TypeOf(RowCoding coding) => coding == RowCoding.Float16 ? DataType.Float16Vector : DataType.BFloat16Vector;
}
