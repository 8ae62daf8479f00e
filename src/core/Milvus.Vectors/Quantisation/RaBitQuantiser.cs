using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// Codes the direction of a vector after a random rotation by the nearest of the vectors whose components all are odd halves between
/// −2^(bits−1) and 2^(bits−1): signs alone for one bit. Inner products with the vector are estimated without bias and with an error
/// whose size is known per row (Gao and Long 2024, "RaBitQ"; Gao, Gou, Xu, Yang, Long and Wong 2024 for more bits). Immutable.
/// </summary>
/// <remarks>
/// With o the rotated vector of length one, y its code and q any rotated query: ⟨y,q⟩ / ⟨y,o⟩ estimates ⟨o,q⟩, and its error has the
/// standard deviation |q| √((1 − ρ²) / (ρ² (D − 1))) where ρ = ⟨y,o⟩ / |y|.
/// </remarks>
public sealed unsafe class RaBitQuantiser
{
    private const int StretchSteps = 40;
    private const int StretchRows = 64;

    private readonly RandomRotation _rotation;
    private readonly float _stretch;

    /// <param name="dimension">Components of the vectors.</param>
    /// <param name="bits">1…9 per component.</param>
    /// <param name="seed">Draws the rotation.</param>
    public RaBitQuantiser(int dimension, int bits, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 9);
        Bits = bits;
        _rotation = new RandomRotation(dimension, seed);
        _stretch = bits == 1 ? 1 : BestStretch(bits, CodedDimension, seed);
    }

    /// <summary>Bits per component.</summary>
    public int Bits { get; }

    /// <summary>Components of a vector.</summary>
    public int Dimension => _rotation.Dimension;

    /// <summary>Components of a rotated vector and of a code, a multiple of 16.</summary>
    public int CodedDimension => _rotation.PaddedDimension;

    /// <summary>What is taken off an unsigned code to get y: half of its range.</summary>
    public float Centre => ((1 << Bits) - 1) / 2f;

    /// <summary>Rotates a vector.</summary>
    /// <param name="vector"><see cref="Dimension"/> components.</param>
    /// <param name="rotated">Room for <see cref="CodedDimension"/>.</param>
    public void Rotate(ReadOnlySpan<float> vector, Span<float> rotated) => _rotation.Rotate(vector, rotated);

    /// <summary>Codes a rotated vector of any length.</summary>
    /// <param name="rotated"><see cref="CodedDimension"/> components.</param>
    /// <param name="code">Receives unsigned codes, one per component; y is the code less <see cref="Centre"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RaBitTerms Encode(float* rotated, ushort* code)
    {
        int half = 1 << (Bits - 1), count = CodedDimension;
        double squared = 0;
        for (int k = 0; k < count; k++)
            squared += (double)rotated[k] * rotated[k];
        double norm = Math.Sqrt(squared);
        float scale = norm > 0 ? (float)(_stretch * Math.Sqrt(count) / norm) : 0f;
        double product = 0, codeSquares = 0;
        for (int k = 0; k < count; k++)
        {
            int magnitude = Math.Min((int)(Math.Abs(rotated[k]) * scale), half - 1);
            float y = rotated[k] < 0 ? -(magnitude + 0.5f) : magnitude + 0.5f;
            code[k] = (ushort)(y + Centre);
            product += (double)y * rotated[k];
            codeSquares += (double)y * y;
        }

        if (norm == 0)
            return default;
        double cosine = Math.Min(1, product / (norm * Math.Sqrt(codeSquares)));
        double error = norm * Math.Sqrt(Math.Max(0, 1 - (cosine * cosine)) / (cosine * cosine * Math.Max(1, count - 1)));
        return new RaBitTerms((float)norm, (float)(squared / product), (float)error);
    }

    /// <summary>
    /// The factor that brings components of a random direction onto the grid with the least angle: rotated vectors all look alike, so one
    /// factor serves all.
    /// </summary>
    private static float BestStretch(int bits, int dimension, ulong seed)
    {
        var random = new Random((int)(seed ^ (uint)bits));
        var sample = new float[StretchRows * Math.Min(dimension, 1024)];
        for (int i = 0; i < sample.Length; i++)
            sample[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        int half = 1 << (bits - 1);
        (float best, double bestCosine) = (1f, -1.0);
        for (int i = 1; i <= StretchSteps; i++)
        {
            // From a grid that holds a quarter of a standard deviation to one that holds five.
            float stretch = half * 8f / (1f + (i * 1f));
            double product = 0, squares = 0;
            foreach (float x in sample)
            {
                double y = Math.Min((int)(Math.Abs(x) * stretch), half - 1) + 0.5;
                product += y * Math.Abs(x);
                squares += y * y;
            }

            double cosine = product / Math.Sqrt(squares);
            if (cosine > bestCosine)
                (best, bestCosine) = (stretch, cosine);
        }

        return best;
    }
}

/// <summary>What belongs to one code.</summary>
/// <param name="Norm">|o|, the length of the coded vector.</param>
/// <param name="Rescale">|o|² / ⟨y,o⟩: times ⟨y,q⟩ it estimates ⟨o,q⟩.</param>
/// <param name="Error">The estimate's standard deviation for a query of length one.</param>
public readonly record struct RaBitTerms(float Norm, float Rescale, float Error);
