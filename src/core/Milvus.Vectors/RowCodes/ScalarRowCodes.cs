using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Rows as integers of 4, 6 or 8 bits per component, compared with signed bytes of the query: |q|² − 2⟨q, x⟩ + |x|² with the square of the
/// coded row kept beside it, or −⟨q, x⟩. In every component the grid lies where it loses least over a sample: between the smallest and the
/// largest value, or closer, when few values are far out.
/// </summary>
internal sealed unsafe class ScalarRowCodes : RowCodes
{
    private const int SampleRows = 4096;
    private const int ChunkRows = 1024;

    /// <summary>Half the width of the narrowest grid tried, in standard deviations: about what is best for a normal distribution.</summary>
    private const float NarrowDeviations = 2.6f;

    private static readonly float[] s_widths = [1f, 0.75f, 0.5f, 0.25f, 0f];

    private readonly ScalarQuantiser _quantiser;
    private readonly VectorStore _codes;
    private readonly SlabTable _terms = new();

    private ScalarRowCodes(RowCoding coding, MetricType metric, ScalarQuantiser quantiser, VectorStore codes, PinnedBuffer terms)
        : base(coding, quantiser.Dimension, metric)
    {
        _quantiser = quantiser;
        _codes = codes;
        _terms.Add(terms);
    }

    public override int Count => _codes.Count;

    public override long MemoryBytes => _codes.MemoryBytes + _terms[0].MemoryBytes + (2L * Dimension * sizeof(float));

    public override RowReader Rows => _codes.Rows;

    public override NormReader Norms => NormReader.OfOne(_terms);

    public override int RowBytes => _quantiser.CodeBytes;

    public override int Length => _quantiser.PaddedDimension;

    public override int QueryBytes => Length + (3 * sizeof(float));

    public override long PayloadBytes => BytesOf(_quantiser.Bits, Dimension, Count);

    private float* Terms => (float*)_terms[0].Pointer;

    public static ScalarRowCodes Encode(VectorStore store, MetricType metric, RowCoding coding, int threads, CancellationToken cancellation)
    {
        var source = new FloatRows(store, metric == MetricType.Cosine);
        ScalarQuantiser quantiser = Fit(source, BitsOf(coding));
        var codes = new ScalarRowCodes(
            coding, metric, quantiser, VectorStore.CreateFull(DataType.Int8Vector, quantiser.CodeBytes, store.Count), new PinnedBuffer((long)store.Count * sizeof(float)));
        BuildThreads.ForBlocks(store.Count, ChunkRows, threads, cancellation, (first, some) =>
        {
            var row = new PinnedBuffer((long)store.Dimension * sizeof(float));
            for (int i = first; i < first + some; i++)
            {
                source.Read(i, (float*)row.Pointer);
                codes._quantiser.Encode((float*)row.Pointer, codes.Rows.Pointer(i));
                codes._quantiser.Decode(codes.Rows.Pointer(i), (float*)row.Pointer);
                codes.Terms[i] = codes.IsProduct ? 0 : TiledQueries.SquaredNorm((float*)row.Pointer, store.Dimension);
            }

            GC.KeepAlive(row);
        });
        return codes;
    }

    public static ScalarRowCodes Read(VectorStore store, MetricType metric, RowCoding coding, PayloadReader reader, string sourceName)
    {
        float[] least = new float[store.Dimension], step = new float[store.Dimension];
        foreach (float[] numbers in new[] { least, step })
        {
            reader.Read(MemoryMarshal.AsBytes(numbers.AsSpan()));
            IvfFile.CheckFinite(numbers, sourceName);
        }

        if (step.Any(s => s < 0))
            throw new IntegrityException(sourceName, "the vector index holds a negative step");
        ScalarQuantiser quantiser = ScalarQuantiser.Restore(BitsOf(coding), least, step);
        VectorStore codes = reader.TakeRows(DataType.Int8Vector, quantiser.CodeBytes, store.Count);
        PinnedBuffer terms = reader.TakePart((long)store.Count * sizeof(float));
        IvfFile.CheckFinite(MemoryMarshal.Cast<byte, float>(terms.Span), sourceName);
        return new ScalarRowCodes(coding, metric, quantiser, codes, terms);
    }

    public override void Write(PayloadWriter writer)
    {
        writer.Write(MemoryMarshal.AsBytes(_quantiser.Least));
        writer.Write(MemoryMarshal.AsBytes(_quantiser.Step));
        _codes.Write(writer);
        writer.WritePart(_terms[0].Span);
        GC.KeepAlive(this);
    }

    public override TResult Visit<TResult>(IKernelVisitor<TResult> visitor) => _quantiser.Bits switch
    {
        8 => CodeDispatch.Visit(InstructionSets.Best, visitor),
        6 when AvxVnni.IsSupported => Visit<CodeKernel<SixBitLanes<ByteProductsVnni>>, TResult>(visitor),
        6 when Avx2.IsSupported => Visit<CodeKernel<SixBitLanes<ByteProducts256>>, TResult>(visitor),
        6 => Visit<CodeKernel<SixBitLanes<ByteProductsPortable>>, TResult>(visitor),
        _ when AvxVnni.IsSupported => Visit<CodeKernel<NibbleLanes<ByteProductsVnni>>, TResult>(visitor),
        _ when Avx2.IsSupported => Visit<CodeKernel<NibbleLanes<ByteProducts256>>, TResult>(visitor),
        _ => Visit<CodeKernel<NibbleLanes<ByteProductsPortable>>, TResult>(visitor),
    };

    public override void Prepare(float* vector, byte* query)
    {
        ScalarQuery prepared = ScalarQuery.Of(_quantiser, vector, 0, (sbyte*)query);
        float* tail = (float*)(query + Length);
        tail[0] = IsProduct ? prepared.Factor : 2 * prepared.Factor;
        tail[1] = IsProduct ? -prepared.Offset : TiledQueries.SquaredNorm(vector, Dimension) - (2 * prepared.Offset);
        ((int*)tail)[2] = 0;
    }

    public static long BytesOf(int bits, int dimension, int rows) =>
        (2L * dimension * sizeof(float)) + (rows * (((dimension + 63L) / 64 * 8 * bits) + sizeof(float)));

    private static int BitsOf(RowCoding coding) => coding switch
    {
        RowCoding.Scalar4 => 4,
        RowCoding.Scalar6 => 6,
        _ => 8,
    };

    private static ScalarQuantiser Fit(FloatRows source, int bits)
    {
        int dimension = source.Dimension, count = Math.Min(source.Count, SampleRows);
        var sample = new float[(long)count * dimension];
        fixed (float* start = sample)
        {
            for (int i = 0; i < count; i++)
                source.Read((int)((long)i * source.Count / count), start + ((long)i * dimension));
        }

        float[] least = new float[dimension], largest = new float[dimension];
        Span<float> values = new float[count];
        for (int k = 0; k < dimension && count > 0; k++)
        {
            for (int i = 0; i < count; i++)
                values[i] = sample[((long)i * dimension) + k];
            (least[k], largest[k]) = Bounds(values, (1 << bits) - 1);
        }

        return ScalarQuantiser.For(bits, least, largest);
    }

    private static (float Least, float Largest) Bounds(ReadOnlySpan<float> values, int top)
    {
        double sum = 0, squares = 0;
        float least = float.PositiveInfinity, largest = float.NegativeInfinity;
        foreach (float value in values)
        {
            sum += value;
            squares += (double)value * value;
            least = Math.Min(least, value);
            largest = Math.Max(largest, value);
        }

        double mean = sum / values.Length, deviation = Math.Sqrt(Math.Max(0, (squares / values.Length) - (mean * mean)));
        float narrowLeast = Math.Max(least, (float)(mean - (NarrowDeviations * deviation))), narrowLargest = Math.Min(largest, (float)(mean + (NarrowDeviations * deviation)));
        (float Least, float Largest) best = (least, largest);
        double error = double.PositiveInfinity;
        foreach (float width in s_widths)
        {
            float low = narrowLeast + (width * (least - narrowLeast)), high = narrowLargest + (width * (largest - narrowLargest));
            double lost = Error(values, low, (high - low) / top, top);
            if (lost < error)
                (best, error) = ((low, high), lost);
        }

        return best;
    }

    private static double Error(ReadOnlySpan<float> values, float least, float step, int top)
    {
        if (step <= 0)
            return 0;
        double sum = 0;
        float inverse = 1 / step;
        foreach (float value in values)
        {
            float error = value - (least + (Math.Clamp(MathF.Round((value - least) * inverse), 0, top) * step));
            sum += error * error;
        }

        return sum;
    }
}
