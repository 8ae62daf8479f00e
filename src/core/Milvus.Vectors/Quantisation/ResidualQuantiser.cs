namespace Milvus.Vectors;

/// <summary>
/// Product codes of the vector, then of what they left over, and so on: the decoded vector is the sum of all stages (product residual
/// quantisation; Babenko and Lempitsky 2015 treat the family of additive codes). Immutable.
/// </summary>
public sealed unsafe class ResidualQuantiser
{
    private readonly ProductQuantiser[] _stages;

    private ResidualQuantiser(ProductQuantiser[] stages) => _stages = stages;

    /// <summary>Product codes per vector.</summary>
    public int Stages => _stages.Length;

    /// <summary>Numbers per vector: stages × parts.</summary>
    public int CodeLength => Stages * _stages[0].Parts;

    public int Dimension => _stages[0].Dimension;

    /// <summary>Bits of one number.</summary>
    public int Bits => _stages[0].Bits;

    /// <summary>Centroids that a number stands for one of.</summary>
    public int CentroidsPerPart => _stages[0].Count;

    /// <summary>Bytes the centroids of all stages take.</summary>
    public long CentroidBytes => _stages.Sum(stage => stage.CentroidBytes);

    internal ProductQuantiser Stage(int stage) => _stages[stage];

    /// <summary>A quantiser from the stored centroids of its stages.</summary>
    /// <exception cref="ArgumentException">They do not make one.</exception>
    internal static ResidualQuantiser Restore(int dimension, int parts, int bits, IReadOnlyList<PinnedBuffer> centroids) =>
        new([.. centroids.Select(stage => ProductQuantiser.Restore(dimension, parts, bits, stage))]);

    /// <summary>Learns the stages one after the other, each from what the ones before leave over.</summary>
    /// <param name="rows">count × dimension numbers; not changed.</param>
    /// <param name="stages">At least 1.</param>
    /// <exception cref="ArgumentException">The parts do not divide the dimension, or a number is out of range.</exception>
    internal static ResidualQuantiser Train(
        float* rows, int count, int dimension, int stages, int parts, int bits, ulong seed, int threads = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stages, 1);
        var left = new PinnedBuffer((long)count * dimension * sizeof(float));
        new ReadOnlySpan<byte>(rows, left.Length).CopyTo(left.Span);
        var codes = new PinnedBuffer((long)count * parts * sizeof(ushort));
        var learned = new ProductQuantiser[stages];
        for (int stage = 0; stage < stages; stage++)
        {
            learned[stage] = ProductQuantiser.Train((float*)left.Pointer, count, dimension, parts, bits, seed + ((ulong)stage << 32), threads, cancellation);
            learned[stage].Encode((float*)left.Pointer, count, (ushort*)codes.Pointer);
            TakeOff(learned[stage], (float*)left.Pointer, count, (ushort*)codes.Pointer);
        }

        GC.KeepAlive(left);
        GC.KeepAlive(codes);
        return new ResidualQuantiser(learned);
    }

    /// <summary>Codes rows, stage by stage, each stage the nearest to what is left.</summary>
    /// <param name="rows">count × dimension numbers; afterwards what the code does not explain.</param>
    /// <param name="codes">Receives count × <see cref="CodeLength"/> numbers, row by row.</param>
    internal void Encode(float* rows, int count, ushort* codes)
    {
        int parts = _stages[0].Parts;
        var stageCodes = new PinnedBuffer((long)count * parts * sizeof(ushort));
        for (int stage = 0; stage < Stages; stage++)
        {
            _stages[stage].Encode(rows, count, (ushort*)stageCodes.Pointer);
            TakeOff(_stages[stage], rows, count, (ushort*)stageCodes.Pointer);
            for (int row = 0; row < count; row++)
                new ReadOnlySpan<ushort>((ushort*)stageCodes.Pointer + ((long)row * parts), parts)
                    .CopyTo(new Span<ushort>(codes + ((long)row * CodeLength) + (stage * parts), parts));
        }

        GC.KeepAlive(stageCodes);
    }

    /// <summary>The vector that a code stands for.</summary>
    internal void Decode(ushort* code, float* vector)
    {
        int dimension = Dimension;
        float* part = stackalloc float[dimension];
        new Span<float>(vector, dimension).Clear();
        for (int stage = 0; stage < Stages; stage++)
        {
            _stages[stage].Decode(code + (stage * _stages[0].Parts), part);
            for (int k = 0; k < dimension; k++)
                vector[k] += part[k];
        }
    }

    private static void TakeOff(ProductQuantiser quantiser, float* rows, int count, ushort* codes)
    {
        float* decoded = stackalloc float[quantiser.Dimension];
        for (int row = 0; row < count; row++)
        {
            quantiser.Decode(codes + ((long)row * quantiser.Parts), decoded);
            float* vector = rows + ((long)row * quantiser.Dimension);
            for (int k = 0; k < quantiser.Dimension; k++)
                vector[k] -= decoded[k];
        }
    }
}
