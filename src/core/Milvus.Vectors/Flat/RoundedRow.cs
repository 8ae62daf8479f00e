using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// What is known of a row rounded to unsigned bytes: component k stands for (byte k − <paramref name="Zero"/>) × <paramref name="Step"/>. The bytes cover what lies
/// between the row's smallest and largest component, and zero, which has a byte of its own.
/// </summary>
/// <param name="Step">What one unit is worth.</param>
/// <param name="Norm">|row|.</param>
/// <param name="Error">|row − its rounded form|.</param>
/// <param name="Zero">The byte of zero.</param>
internal readonly unsafe record struct RoundedRow(float Step, float Norm, float Error, int Zero)
{
    /// <summary>The largest byte: what <see cref="Narrow"/> adds still fits.</summary>
    private const int Most = byte.MaxValue - 3;

    private const int Lanes = 16, Unrolled = 4 * Lanes;

    /// <summary>Rounds a row. Components that are not numbers make <see cref="Norm"/> and <see cref="Error"/> no numbers either.</summary>
    /// <param name="target">Receives <paramref name="padded"/> bytes, those behind the row's components 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RoundedRow Of(float* row, int dimension, byte* target, int padded)
    {
        Vector512<float> least = default, most = default, squares = default;
        int i = 0;
        for (; i <= dimension - Lanes; i += Lanes)
        {
            Vector512<float> some = Vector512.Load(row + i);
            least = Vector512.MinNative(least, some);
            most = Vector512.MaxNative(most, some);
            squares = Vector512.MultiplyAddEstimate(some, some, squares);
        }

        float low = Least(least), high = -Least(-most), square = Vector512.Sum(squares);
        for (; i < dimension; i++)
        {
            low = Math.Min(low, row[i]);
            high = Math.Max(high, row[i]);
            square += row[i] * row[i];
        }

        float step = (high - low) / Most, inverse = step > 0 ? 1 / step : 0, zero = MathF.Round(-low * inverse);
        Vector512<float> errors = default, floor = Vector512.Create(-zero), ceiling = Vector512.Create(Most - zero);
        for (i = 0; i <= dimension - Unrolled; i += Unrolled)
        {
            Vector512<ushort> first = Vector512.Narrow(
                Round(row + i, inverse, floor, ceiling, ref errors), Round(row + i + Lanes, inverse, floor, ceiling, ref errors));
            Vector512<ushort> second = Vector512.Narrow(
                Round(row + i + (2 * Lanes), inverse, floor, ceiling, ref errors), Round(row + i + (3 * Lanes), inverse, floor, ceiling, ref errors));
            Vector512.Narrow(first, second).Store(target + i);
        }

        float error = Vector512.Sum(errors);
        for (; i < dimension; i++)
        {
            float scaled = row[i] * inverse, near = Math.Clamp(MathF.Round(scaled), -zero, Most - zero);
            error += (scaled - near) * (scaled - near);
            target[i] = unchecked((byte)(int)(near + zero));
        }

        for (; i < padded; i++)
            target[i] = 0;
        return new RoundedRow(step, MathF.Sqrt(square), step * MathF.Sqrt(error), (int)zero);
    }

    /// <summary>
    /// The row in six bits, every one worth four of the bytes' steps: the bytes are rounded to those that are a multiple of four away from <see cref="Zero"/>, so that zero stays
    /// one of the values.
    /// </summary>
    /// <param name="codes">The row's bytes.</param>
    /// <param name="target">Receives them in six bits.</param>
    /// <param name="padded">So many, a multiple of 16; those behind the row's components meet zeros of the queries.</param>
    /// <param name="error">The <see cref="NarrowError"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RoundedRow Narrow(byte* codes, byte* target, int padded, float error)
    {
        int shift = Shift, i = 0;
        for (; i <= padded - Unrolled; i += Unrolled)
            (((Vector512.Load(codes + i) + Vector512.Create((byte)shift)).AsUInt16() >> 2).AsByte() & Vector512.Create((byte)NarrowTile.MostOfRow)).Store(target + i);
        for (; i < padded; i += Lanes)
            (((Vector128.Load(codes + i) + Vector128.Create((byte)shift)).AsUInt16() >> 2).AsByte() & Vector128.Create((byte)NarrowTile.MostOfRow)).Store(target + i);
        return new RoundedRow(4 * Step, Norm, error, (Zero + shift - 2) / 4);
    }

    /// <summary>|row − its form in six bits|, or more.</summary>
    /// <param name="codes">The row's bytes.</param>
    public float NarrowError(byte* codes, int dimension)
    {
        int shift = Shift, i = 0, squares = 0;
        Vector512<int> sums = default;
        for (; i <= dimension - Unrolled; i += Unrolled)
        {
            Vector512<sbyte> off = ((Vector512.Load(codes + i) + Vector512.Create((byte)shift)) & Vector512.Create((byte)3)).AsSByte() - Vector512.Create((sbyte)2);
            (Vector512<short> low, Vector512<short> high) = Vector512.Widen(off);
            Vector512<short> both = (low * low) + (high * high);
            (Vector512<int> first, Vector512<int> second) = Vector512.Widen(both);
            sums += first + second;
        }

        for (; i < dimension; i++)
        {
            int off = ((codes[i] + shift) & 3) - 2;
            squares += off * off;
        }

        return Error + (Step * MathF.Sqrt(squares + Vector512.Sum(sums)));
    }

    /// <summary>What is added to the bytes so that cutting off two bits rounds them and zero is not changed.</summary>
    private int Shift => (2 - Zero) & 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(float* from, float inverse, Vector512<float> floor, Vector512<float> ceiling, ref Vector512<float> errors)
    {
        Vector512<float> scaled = Vector512.Load(from) * inverse;
        Vector512<float> near = Vector512.MinNative(Vector512.MaxNative(Vector512.Round(scaled), floor), ceiling), off = scaled - near;
        errors = Vector512.MultiplyAddEstimate(off, off, errors);
        return Vector512.ConvertToInt32Native(near - floor).AsUInt32();
    }

    private static float Least(Vector512<float> values)
    {
        Vector256<float> eight = Vector256.Min(values.GetLower(), values.GetUpper());
        Vector128<float> four = Vector128.Min(eight.GetLower(), eight.GetUpper());
        return Math.Min(Math.Min(four[0], four[1]), Math.Min(four[2], four[3]));
    }
}
