using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Rows as numbers of centroids of their parts, in one or several stages (<see cref="ResidualQuantiser"/>). A query is a table of what
/// every centroid adds to the distance, which is |q|² − 2⟨q, x⟩ + |x|² with the square of the coded row kept beside it, or −⟨q, x⟩: sums of
/// entries whatever the number of stages.
/// </summary>
internal sealed unsafe class ProductRowCodes : RowCodes
{
    private const int ChunkRows = 512;
    private const int TrainedRowsPerCentroid = 64;
    private const long MaxTrainingBytes = 512L << 20;

    private readonly ResidualQuantiser _quantiser;
    private readonly VectorStore _codes;
    private readonly SlabTable _terms = new();
    private readonly bool _isWide;

    /// <param name="source">Where the codes come from, which then are only read; null for codes to be made.</param>
    private ProductRowCodes(MetricType metric, ResidualQuantiser quantiser, int rows, PayloadReader? source = null)
        : base(RowCoding.Product, quantiser.Dimension, metric)
    {
        _quantiser = quantiser;
        _isWide = quantiser.Bits > 8;
        int rowBytes = quantiser.CodeLength * NumberBytes(quantiser.Bits);
        _codes = source is null ? VectorStore.CreateFull(DataType.Int8Vector, rowBytes, rows) : source.TakeRows(DataType.Int8Vector, rowBytes, rows);
        long termBytes = (long)rows * sizeof(float);
        _terms.Add(source?.TakePart(termBytes) ?? new PinnedBuffer(termBytes));
    }

    public override int Count => _codes.Count;

    public override long MemoryBytes => _codes.MemoryBytes + _terms[0].MemoryBytes + _quantiser.CentroidBytes;

    public override RowReader Rows => _codes.Rows;

    public override NormReader Norms => NormReader.OfOne(_terms);

    public override int RowBytes => _codes.RowBytes;

    public override int Length => _quantiser.CodeLength;

    public override int QueryBytes => ProductTable.Bytes(Length, _quantiser.CentroidsPerPart);

    public override long PayloadBytes => _quantiser.CentroidBytes + ((long)Count * (RowBytes + sizeof(float)));

    private float* Terms => (float*)_terms[0].Pointer;

    public static ProductRowCodes Encode(
        VectorStore store, MetricType metric, RowCodeParameters parameters, ulong seed, int threads, CancellationToken cancellation)
    {
        var source = new FloatRows(store, metric == MetricType.Cosine);
        int dimension = store.Dimension;
        long affordable = Math.Max(1L << parameters.Bits, MaxTrainingBytes / ((long)dimension * sizeof(float)));
        int[] sample = KMeans.Sample(store.Count, (int)Math.Min(store.Count, Math.Min((long)TrainedRowsPerCentroid << parameters.Bits, affordable)), new Random((int)seed));
        var training = new PinnedBuffer((long)sample.Length * dimension * sizeof(float));
        for (int i = 0; i < sample.Length; i++)
            source.Read(sample[i], (float*)training.Pointer + ((long)i * dimension));
        ResidualQuantiser quantiser = ResidualQuantiser.Train(
            (float*)training.Pointer, sample.Length, dimension, parameters.Stages, parameters.Parts, parameters.Bits, seed, threads, cancellation);
        GC.KeepAlive(training);
        var codes = new ProductRowCodes(metric, quantiser, store.Count);
        BuildThreads.ForBlocks(store.Count, ChunkRows, threads, cancellation, (first, some) =>
        {
            var rows = new PinnedBuffer((long)some * dimension * sizeof(float));
            var numbers = new PinnedBuffer((long)some * quantiser.CodeLength * sizeof(ushort));
            for (int i = 0; i < some; i++)
                source.Read(first + i, (float*)rows.Pointer + ((long)i * dimension));
            quantiser.Encode((float*)rows.Pointer, some, (ushort*)numbers.Pointer);
            for (int i = 0; i < some; i++)
            {
                ushort* row = (ushort*)numbers.Pointer + ((long)i * quantiser.CodeLength);
                quantiser.Decode(row, (float*)rows.Pointer);
                codes.Terms[first + i] = codes.IsProduct ? 0 : TiledQueries.SquaredNorm((float*)rows.Pointer, dimension);
                codes.Set(first + i, row);
            }

            GC.KeepAlive(rows);
            GC.KeepAlive(numbers);
        });
        return codes;
    }

    public static ProductRowCodes Read(VectorStore store, MetricType metric, RowCodeParameters parameters, PayloadReader reader, string sourceName)
    {
        var stages = new PinnedBuffer[parameters.Stages];
        for (int i = 0; i < stages.Length; i++)
        {
            stages[i] = new PinnedBuffer(((long)store.Dimension << parameters.Bits) * sizeof(float));
            reader.Read(stages[i].Span);
            IvfFile.CheckFinite(MemoryMarshal.Cast<byte, float>(stages[i].Span), sourceName);
        }

        var codes = new ProductRowCodes(metric, ResidualQuantiser.Restore(store.Dimension, parameters.Parts, parameters.Bits, stages), store.Count, reader);
        int centroids = 1 << parameters.Bits;
        for (int i = 0; i < codes.Count; i++)
        {
            byte* row = codes.Rows.Pointer(i);
            for (int part = 0; part < codes.Length; part++)
            {
                if ((codes._isWide ? ((ushort*)row)[part] : row[part]) >= centroids)
                    throw new IntegrityException(sourceName, "the vector index names a centroid that does not exist");
            }
        }

        IvfFile.CheckFinite(MemoryMarshal.Cast<byte, float>(codes._terms[0].Span), sourceName);
        return codes;
    }

    public override void Write(PayloadWriter writer)
    {
        for (int stage = 0; stage < _quantiser.Stages; stage++)
            writer.Write(_quantiser.Stage(stage).CentroidSpan);
        _codes.Write(writer);
        writer.WritePart(_terms[0].Span);
        GC.KeepAlive(this);
        GC.KeepAlive(_quantiser);
    }

    public override TResult Visit<TResult>(IKernelVisitor<TResult> visitor) => (_isWide, ProductTable.IsFine(Length)) switch
    {
        (true, true) => Visit<ProductKernel<ushort, ushort>, TResult>(visitor),
        (true, false) => Visit<ProductKernel<ushort, byte>, TResult>(visitor),
        (false, true) => Visit<ProductKernel<byte, ushort>, TResult>(visitor),
        _ => Visit<ProductKernel<byte, byte>, TResult>(visitor),
    };

    public override void Prepare(float* vector, byte* query)
    {
        int centroids = _quantiser.CentroidsPerPart, perStage = centroids * (Length / _quantiser.Stages);
        float* products = ProductTable.Products(query, Length, centroids);
        for (int stage = 0; stage < _quantiser.Stages; stage++)
            _quantiser.Stage(stage).Products(vector, products + (stage * perStage));
        ProductTable.Set(query, Length, centroids, IsProduct ? -1 : -2, IsProduct ? 0 : TiledQueries.SquaredNorm(vector, Dimension));
        GC.KeepAlive(_quantiser);
    }

    public static long BytesOf(RowCodeParameters parameters, int dimension, int rows) =>
        (((long)dimension << parameters.Bits) * sizeof(float) * parameters.Stages)
        + (rows * (((long)parameters.Parts * parameters.Stages * NumberBytes(parameters.Bits)) + sizeof(float)));

    private static int NumberBytes(int bits) => bits > 8 ? sizeof(ushort) : sizeof(byte);

    private void Set(int row, ushort* numbers)
    {
        byte* code = Rows.Pointer(row);
        for (int part = 0; part < Length; part++)
        {
            if (_isWide)
                ((ushort*)code)[part] = numbers[part];
            else
                code[part] = (byte)numbers[part];
        }
    }
}
