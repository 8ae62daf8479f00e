using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// A random orthogonal map in O(d log d): rounds of random signs, a Hadamard transform of the largest power of two of components
/// (from the front and from the back in turn), and a butterfly between both halves. Keeps lengths, distances and inner products,
/// and spreads every vector evenly over its components, as 1-bit codes need it (Gao and Long 2024, RaBitQ).
/// Thread-safe; the same seed gives the same map on every machine.
/// </summary>
public sealed unsafe class RandomRotation
{
    /// <summary>Components are padded by zeros to a multiple of this.</summary>
    public const int Multiple = 16;

    private const int Rounds = 4;
    private const float HalfRoot = 0.70710678f;

    private readonly PinnedBuffer _signs;
    private readonly int _block;
    private readonly float _scale;

    /// <param name="dimension">Components of the vectors, at least 1.</param>
    /// <param name="seed">Draws the signs.</param>
    public RandomRotation(int dimension, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        Dimension = dimension;
        Seed = seed;
        PaddedDimension = Pad(dimension);
        _block = 1 << BitOperations.Log2((uint)PaddedDimension);
        _scale = (float)(1 / Math.Sqrt(_block));
        _signs = new PinnedBuffer((long)Rounds * PaddedDimension * sizeof(uint));
        uint* signs = (uint*)_signs.Pointer;
        ulong state = seed;
        for (int i = 0; i < Rounds * PaddedDimension; i++)
        {
            state += 0x9E37_79B9_7F4A_7C15UL;
            ulong mixed = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EBUL;
            signs[i] = (uint)(mixed >> 63) << 31;
        }
    }

    /// <summary>Components of a rotated vector.</summary>
    public static int Pad(int dimension) => (dimension + (Multiple - 1)) & ~(Multiple - 1);

    /// <summary>Components of the vectors.</summary>
    public int Dimension { get; }

    /// <summary>What the signs were drawn from.</summary>
    public ulong Seed { get; }

    /// <summary>Components of a rotated vector: <see cref="Dimension"/> rounded up to a multiple of 16.</summary>
    public int PaddedDimension { get; }

    /// <summary>Rotates one vector.</summary>
    /// <param name="source"><see cref="Dimension"/> components.</param>
    /// <param name="target">Room for <see cref="PaddedDimension"/> components.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public void Rotate(ReadOnlySpan<float> source, Span<float> target)
    {
        if (source.Length != Dimension || target.Length < PaddedDimension)
            throw new ArgumentException($"{source.Length} components into {target.Length} do not fit a rotation of {Dimension}");
        source.CopyTo(target);
        target[Dimension..PaddedDimension].Clear();
        fixed (float* start = target)
            Apply(start);
    }

    /// <summary>Rotates <see cref="PaddedDimension"/> components in place; those beyond <see cref="Dimension"/> are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Apply(float* vector)
    {
        uint* signs = (uint*)_signs.Pointer;
        int half = PaddedDimension / 2;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < PaddedDimension; i += 16)
                (Vector512.Load((uint*)vector + i) ^ Vector512.Load(signs + i)).Store((uint*)vector + i);
            signs += PaddedDimension;
            Hadamard((round & 1) == 0 ? vector : vector + (PaddedDimension - _block));

            // Without other components the transform mixes all there is.
            if (_block == PaddedDimension)
                continue;
            for (int i = 0; i < half; i += 8)
            {
                Vector256<float> front = Vector256.Load(vector + i), back = Vector256.Load(vector + half + i);
                ((front + back) * HalfRoot).Store(vector + i);
                ((front - back) * HalfRoot).Store(vector + half + i);
            }
        }

        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Hadamard(float* block)
    {
        Vector512<float> scale = Vector512.Create(_scale);
        for (int i = 0; i < _block; i += 16)
        {
            // Steps of 1, 2, 4 and 8 within a register.
            Vector512<float> x = Vector512.Load(block + i) * scale;
            x = Vector512.Shuffle(x, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14))
                + (x * Vector512.Create(1f, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1));
            x = Vector512.Shuffle(x, Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13))
                + (x * Vector512.Create(1f, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1));
            x = Vector512.Shuffle(x, Vector512.Create(4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11))
                + (x * Vector512.Create(1f, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1));
            x = Vector512.Shuffle(x, Vector512.Create(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
                + (x * Vector512.Create(1f, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1));
            x.Store(block + i);
        }

        for (int step = 16; step < _block; step *= 2)
        {
            for (int start = 0; start < _block; start += 2 * step)
            {
                for (int i = start; i < start + step; i += 16)
                {
                    Vector512<float> front = Vector512.Load(block + i), back = Vector512.Load(block + i + step);
                    (front + back).Store(block + i);
                    (front - back).Store(block + i + step);
                }
            }
        }
    }
}
