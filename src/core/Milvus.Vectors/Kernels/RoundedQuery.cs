using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// What is known of a query rounded to signed whole numbers: component k stands for units k × <paramref name="Step"/>. Its product with any row of unsigned bytes fits 32 bits.
/// </summary>
/// <param name="Step">What one unit is worth.</param>
/// <param name="Norm">|query|.</param>
/// <param name="Error">|query − its rounded form|.</param>
/// <param name="Sum">The sum of all units.</param>
internal readonly unsafe record struct RoundedQuery(float Step, float Norm, float Error, int Sum)
{
    private const int Lanes = 16;

    /// <summary>What the units' magnitudes may sum up to: 2³¹ ÷ 255, less some room for rounding.</summary>
    private const float MostTogether = 8.4e6f;

    /// <summary>Rounds a query. Components that are not numbers make <see cref="Norm"/> and <see cref="Error"/> no numbers either.</summary>
    /// <param name="most">The largest unit.</param>
    /// <param name="target">Receives <paramref name="padded"/> units, those behind the query's components 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RoundedQuery Of(float* query, int dimension, int most, short* target, int padded)
    {
        Vector512<float> largest = default, sums = default, squares = default;
        int i = 0;
        for (; i <= dimension - Lanes; i += Lanes)
        {
            Vector512<float> some = Vector512.Load(query + i), size = Vector512.Abs(some);
            largest = Vector512.Max(largest, size);
            sums += size;
            squares = Vector512.MultiplyAddEstimate(some, some, squares);
        }

        float peak = 0, together = Vector512.Sum(sums), square = Vector512.Sum(squares);
        for (int lane = 0; lane < Lanes; lane++)
            peak = Math.Max(peak, largest[lane]);
        for (; i < dimension; i++)
        {
            peak = Math.Max(peak, Math.Abs(query[i]));
            together += Math.Abs(query[i]);
            square += query[i] * query[i];
        }

        float step = Math.Max(peak / most, together / (MostTogether - dimension)), inverse = step > 0 ? 1 / step : 0;
        Vector512<float> errors = default, limit = Vector512.Create((float)most);
        Vector512<int> units = default;
        for (i = 0; i <= dimension - (2 * Lanes); i += 2 * Lanes)
        {
            Vector512<int> low = Round(query + i, inverse, limit, ref errors), high = Round(query + i + Lanes, inverse, limit, ref errors);
            units += low + high;
            Vector512.Narrow(low, high).Store(target + i);
        }

        float error = Vector512.Sum(errors);
        int sum = Vector512.Sum(units);
        for (; i < dimension; i++)
        {
            float scaled = query[i] * inverse, near = Math.Clamp(MathF.Round(scaled), -most, most);
            error += (scaled - near) * (scaled - near);
            target[i] = unchecked((short)near);
            sum += target[i];
        }

        for (; i < padded; i++)
            target[i] = 0;
        return new RoundedQuery(step, MathF.Sqrt(square), step * MathF.Sqrt(error), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Round(float* from, float inverse, Vector512<float> limit, ref Vector512<float> errors)
    {
        Vector512<float> scaled = Vector512.Load(from) * inverse;
        Vector512<float> near = Vector512.MinNative(Vector512.MaxNative(Vector512.Round(scaled), -limit), limit), off = scaled - near;
        errors = Vector512.MultiplyAddEstimate(off, off, errors);
        return Vector512.ConvertToInt32Native(near);
    }
}
