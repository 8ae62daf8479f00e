namespace Milvus.Vectors;

/// <summary>
/// A query against codes of a <see cref="ScalarQuantiser"/>: its inner product with a coded vector is offset + factor × Σ weight × code,
/// with weights of one signed byte so that processors multiply and add them four at a time.
/// </summary>
/// <remarks>
/// Rounding of rows and of weights adds an error that is a sum of independent parts, hence nearly normal; <see cref="Deviation"/> is its
/// standard deviation. Codes are counted from their middle so that rounding the weights matters least.
/// </remarks>
internal readonly unsafe struct ScalarQuery
{
    private ScalarQuery(float offset, float factor, float deviation)
    {
        Offset = offset;
        Factor = factor;
        Deviation = deviation;
    }

    public float Offset { get; }

    public float Factor { get; }

    public float Deviation { get; }

    /// <param name="query">As many components as the quantiser has.</param>
    /// <param name="spread">The largest Σ (code − middle)² of the rows.</param>
    /// <param name="weights">Receives <see cref="ScalarQuantiser.PaddedDimension"/> signed bytes.</param>
    public static ScalarQuery Of(ScalarQuantiser quantiser, float* query, float spread, sbyte* weights)
    {
        ReadOnlySpan<float> least = quantiser.Least, step = quantiser.Step;
        int middle = Middle(quantiser.Bits);
        double offset = 0, squares = 0;
        float largest = 0;
        for (int k = 0; k < quantiser.Dimension; k++)
        {
            float weight = query[k] * step[k];
            offset += ((double)query[k] * least[k]) + ((double)weight * middle);
            squares += (double)weight * weight;
            largest = Math.Max(largest, Math.Abs(weight));
        }

        float factor = largest / sbyte.MaxValue;
        float inverse = factor > 0 ? 1 / factor : 0;
        long sum = 0;
        for (int k = 0; k < quantiser.PaddedDimension; k++)
        {
            int weight = k < quantiser.Dimension ? Math.Clamp((int)MathF.Round(query[k] * step[k] * inverse), -sbyte.MaxValue, sbyte.MaxValue) : 0;
            weights[k] = (sbyte)weight;
            sum += weight;
        }

        double deviation = Math.Sqrt((squares / 12) + ((double)factor * factor * spread / 12));
        return new ScalarQuery((float)(offset - ((double)factor * middle * sum)), factor, (float)deviation);
    }

    public static int Middle(int bits) => 1 << (bits - 1);
}
