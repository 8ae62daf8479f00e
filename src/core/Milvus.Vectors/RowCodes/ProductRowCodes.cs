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

    private readonly ResidualQuantiser _quantiser;
    private readonly VectorStore _codes;
    private readonly SlabTable _terms = new();
    private readonly bool _isWide;

    private ProductRowCodes(MetricType metric, ResidualQuantiser quantiser, int rows)
        : base(RowCoding.Product, quantiser.Dimension, metric)
    {
        _quantiser = quantiser;
        _isWide = quantiser.Bits > 8;
        _codes = VectorStore.Create(DataType.Int8Vector, quantiser.CodeLength * NumberBytes(quantiser.Bits), rows);
        while (_codes.Count < rows)
            _codes.Publish(_codes.Reserve(rows - _codes.Count).Length / _codes.RowBytes);
        _terms.Add(new PinnedBuffer((long)rows * sizeof(float)));
    }

    public override int Count => _codes.Count;

    public override long MemoryBytes => _codes.MemoryBytes + _terms[0].MemoryBytes + _quantiser.CentroidBytes;

    public override RowReader Rows => _codes.Rows;

    public override NormReader Norms => new(_terms.Entries, 31, int.MaxValue);

    public override int RowBytes => _codes.RowBytes;

    public override int Length => _quantiser.CodeLength;

    public override int QueryBytes => ProductTable.HeaderBytes + (Length * _quantiser.CentroidsPerPart * sizeof(float));

    public override long PayloadBytes => _quantiser.CentroidBytes + ((long)Count * (RowBytes + sizeof(float)));

    private float* Terms => (float*)_terms[0].Pointer;

    public static ProductRowCodes Encode(VectorStore store, MetricType metric, RowCodeParameters parameters, ulong seed, int threads)
    {
        var source = new FloatRows(store, metric == MetricType.Cosine);
        int dimension = store.Dimension;
        int[] sample = KMeans.Sample(store.Count, Math.Min(store.Count, TrainedRowsPerCentroid << parameters.Bits), new Random((int)seed));
        var training = new PinnedBuffer((long)sample.Length * dimension * sizeof(float));
        for (int i = 0; i < sample.Length; i++)
            source.Read(sample[i], (float*)training.Pointer + ((long)i * dimension));
        ResidualQuantiser quantiser = ResidualQuantiser.Train(
            (float*)training.Pointer, sample.Length, dimension, parameters.Stages, parameters.Parts, parameters.Bits, seed, threads);
        GC.KeepAlive(training);
        var codes = new ProductRowCodes(metric, quantiser, store.Count);
        BuildThreads.ForBlocks(store.Count, ChunkRows, threads, default, (first, some) =>
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

    public static ProductRowCodes Read(VectorStore store, MetricType metric, RowCodeParameters parameters, BlockReader reader, string sourceName)
    {
        var stages = new PinnedBuffer[parameters.Stages];
        for (int i = 0; i < stages.Length; i++)
        {
            stages[i] = new PinnedBuffer(((long)store.Dimension << parameters.Bits) * sizeof(float));
            reader.Read(stages[i].Span);
            IvfFile.CheckFinite(MemoryMarshal.Cast<byte, float>(stages[i].Span), sourceName);
        }

        var codes = new ProductRowCodes(metric, ResidualQuantiser.Restore(store.Dimension, parameters.Parts, parameters.Bits, stages), store.Count);
        int centroids = 1 << parameters.Bits;
        for (int i = 0; i < codes.Count; i++)
        {
            byte* row = codes.Rows.Pointer(i);
            reader.Read(new Span<byte>(row, codes.RowBytes));
            for (int part = 0; part < codes.Length; part++)
            {
                if ((codes._isWide ? ((ushort*)row)[part] : row[part]) >= centroids)
                    throw new IntegrityException(sourceName, "the vector index names a centroid that does not exist");
            }
        }

        reader.Read(codes._terms[0].Span);
        IvfFile.CheckFinite(MemoryMarshal.Cast<byte, float>(codes._terms[0].Span), sourceName);
        return codes;
    }

    public override void Write(BlockWriter writer)
    {
        for (int stage = 0; stage < _quantiser.Stages; stage++)
            writer.Write(_quantiser.Stage(stage).CentroidSpan);
        for (int i = 0; i < Count; i++)
            writer.Write(_codes.Row(i));
        writer.Write(_terms[0].Span);
        GC.KeepAlive(_quantiser);
    }

    public override TResult Visit<TResult>(IKernelVisitor<TResult> visitor) => _isWide
        ? visitor.Visit<ProductKernel<ushort>, CodeTerm>()
        : visitor.Visit<ProductKernel<byte>, CodeTerm>();

    public override void Prepare(float* vector, byte* query)
    {
        int centroids = _quantiser.CentroidsPerPart;
        *(int*)query = centroids;
        ((float*)query)[1] = IsProduct ? 0 : TiledQueries.SquaredNorm(vector, Dimension);
        float* table = (float*)(query + ProductTable.HeaderBytes);
        for (int stage = 0; stage < _quantiser.Stages; stage++)
        {
            ProductQuantiser product = _quantiser.Stage(stage);
            for (int part = 0; part < product.Parts; part++, table += centroids)
                ProductTable.Fill(vector + (part * product.PartLength), product.Centroids(part), product.PartLength, centroids, IsProduct ? -1 : -2, table);
        }

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

/// <summary>A query against product codes: centroids per part (int32), a constant (float32), room to a cache line, the entries part by part.</summary>
internal static unsafe class ProductTable
{
    public const int HeaderBytes = 64;

    /// <summary>Writes factor × the inner products of one part of a query with all its centroids.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static void Fill(float* part, float* centroids, int length, int count, float factor, float* table)
    {
        for (int c = 0; c < count; c++, centroids += length)
        {
            Vector256<float> lanes = default;
            int k = 0;
            for (; k <= length - 8; k += 8)
                lanes += Vector256.Load(part + k) * Vector256.Load(centroids + k);
            float sum = Vector256.Sum(lanes);
            for (; k < length; k++)
                sum += part[k] * centroids[k];
            table[c] = factor * sum;
        }
    }
}

/// <summary>Sums a table's entries for the numbers of a row; see <see cref="ProductTable"/>.</summary>
internal readonly unsafe struct ProductKernel<TNumber> : IVectorKernel
    where TNumber : unmanaged, System.Numerics.IBinaryInteger<TNumber>
{
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length)
    {
        int centroids = *(int*)query;
        float* table = (float*)(query + ProductTable.HeaderBytes);
        TNumber* numbers = (TNumber*)row;
        float even = ((float*)query)[1], odd = 0;
        int part = 0;
        for (; part <= length - 2; part += 2, table += 2 * centroids)
        {
            even += table[int.CreateTruncating(numbers[part])];
            odd += table[centroids + int.CreateTruncating(numbers[part + 1])];
        }

        if (part < length)
            even += table[int.CreateTruncating(numbers[part])];
        return even + odd;
    }

    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        distances[0] = Distance(query, row0, length);
        distances[1] = Distance(query, row1, length);
        distances[2] = Distance(query, row2, length);
        distances[3] = Distance(query, row3, length);
    }
}
