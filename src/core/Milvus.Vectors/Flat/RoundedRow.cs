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

        float step = (high - low) / byte.MaxValue, inverse = step > 0 ? 1 / step : 0, zero = MathF.Round(-low * inverse);
        Vector512<float> errors = default, floor = Vector512.Create(-zero), ceiling = Vector512.Create(byte.MaxValue - zero);
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
            float scaled = row[i] * inverse, near = Math.Clamp(MathF.Round(scaled), -zero, byte.MaxValue - zero);
            error += (scaled - near) * (scaled - near);
            target[i] = unchecked((byte)(int)(near + zero));
        }

        for (; i < padded; i++)
            target[i] = 0;
        return new RoundedRow(step, MathF.Sqrt(square), step * MathF.Sqrt(error), (int)zero);
    }

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
