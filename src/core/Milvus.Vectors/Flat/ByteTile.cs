using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Inner products of six rows of unsigned bytes with sixteen queries of signed ones, exact: twice as many components per step as <see cref="ProductTile"/> has. With
/// two registers of queries and one of a row beside them the twelve sums stay in the sixteen registers that these instructions reach.
/// </summary>
internal static unsafe class ByteTile
{
    /// <summary>Rows of one call.</summary>
    public const int Rows = 6;

    /// <summary>Queries of one call.</summary>
    public const int Queries = 16;

    /// <summary>Components that are multiplied at a time: rows and queries are filled up with zeros to a multiple.</summary>
    public const int Quad = 4;

    private const int Half = Queries / 2;

    public static bool IsSupported => AvxVnni.IsSupported;

    /// <summary>Components of a filled up row.</summary>
    public static int Pad(int dimension) => (dimension + (Quad - 1)) / Quad * Quad;

    /// <summary>Writes a query's component where <see cref="Multiply"/> reads it.</summary>
    /// <param name="group">Sixteen queries, four components of each behind one another.</param>
    public static void Set(sbyte* group, int query, int component, sbyte value) =>
        group[(((component / Quad * Queries) + query) * Quad) + (component % Quad)] = value;

    /// <summary>Multiplies six rows by one group.</summary>
    /// <param name="rows">Six rows, <paramref name="padded"/> bytes each.</param>
    /// <param name="products">Receives row i with query j at [i × <see cref="Queries"/> + j].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* rows, sbyte* group, int padded, int* products)
    {
        byte* r0 = rows;
        byte* r1 = r0 + padded;
        byte* r2 = r1 + padded;
        byte* r3 = r2 + padded;
        byte* r4 = r3 + padded;
        byte* r5 = r4 + padded;
        Vector256<int> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        Vector256<int> s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        for (int k = 0; k < padded; k += Quad, group += Queries * Quad)
        {
            Vector256<sbyte> q0 = Vector256.Load(group), q1 = Vector256.Load(group + (Half * Quad));
            Vector256<byte> r = Vector256.Create(*(int*)(r0 + k)).AsByte();
            s00 = AvxVnni.MultiplyWideningAndAdd(s00, r, q0);
            s01 = AvxVnni.MultiplyWideningAndAdd(s01, r, q1);
            r = Vector256.Create(*(int*)(r1 + k)).AsByte();
            s10 = AvxVnni.MultiplyWideningAndAdd(s10, r, q0);
            s11 = AvxVnni.MultiplyWideningAndAdd(s11, r, q1);
            r = Vector256.Create(*(int*)(r2 + k)).AsByte();
            s20 = AvxVnni.MultiplyWideningAndAdd(s20, r, q0);
            s21 = AvxVnni.MultiplyWideningAndAdd(s21, r, q1);
            r = Vector256.Create(*(int*)(r3 + k)).AsByte();
            s30 = AvxVnni.MultiplyWideningAndAdd(s30, r, q0);
            s31 = AvxVnni.MultiplyWideningAndAdd(s31, r, q1);
            r = Vector256.Create(*(int*)(r4 + k)).AsByte();
            s40 = AvxVnni.MultiplyWideningAndAdd(s40, r, q0);
            s41 = AvxVnni.MultiplyWideningAndAdd(s41, r, q1);
            r = Vector256.Create(*(int*)(r5 + k)).AsByte();
            s50 = AvxVnni.MultiplyWideningAndAdd(s50, r, q0);
            s51 = AvxVnni.MultiplyWideningAndAdd(s51, r, q1);
        }

        s00.Store(products);
        s01.Store(products + Half);
        s10.Store(products + Queries);
        s11.Store(products + Queries + Half);
        s20.Store(products + (2 * Queries));
        s21.Store(products + (2 * Queries) + Half);
        s30.Store(products + (3 * Queries));
        s31.Store(products + (3 * Queries) + Half);
        s40.Store(products + (4 * Queries));
        s41.Store(products + (4 * Queries) + Half);
        s50.Store(products + (5 * Queries));
        s51.Store(products + (5 * Queries) + Half);
    }

    /// <summary>Rounds a vector to −127…127 by one step for all components.</summary>
    /// <param name="target"><see cref="Pad"/> bytes, signed; those that fill up are 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Rounded Round(float* vector, int dimension, byte* target)
    {
        Vector512<float> largest = default, squares = default;
        int i = 0;
        for (; i <= dimension - 16; i += 16)
        {
            Vector512<float> some = Vector512.Load(vector + i);
            largest = Vector512.Max(largest, Vector512.Abs(some));
            squares = Vector512.MultiplyAddEstimate(some, some, squares);
        }

        Vector256<float> eight = Vector256.Max(largest.GetLower(), largest.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        float most = Math.Max(Math.Max(four[0], four[1]), Math.Max(four[2], four[3])), square = Vector512.Sum(squares);
        for (; i < dimension; i++)
        {
            most = Math.Max(most, Math.Abs(vector[i]));
            square += vector[i] * vector[i];
        }

        float step = most / sbyte.MaxValue, inverse = step > 0 ? 1 / step : 0;
        Vector512<float> errors = default;
        for (i = 0; i <= dimension - 64; i += 64)
        {
            Vector512<short> low = Vector512.Narrow(RoundSome(vector + i, inverse, ref errors), RoundSome(vector + i + 16, inverse, ref errors));
            Vector512<short> high = Vector512.Narrow(RoundSome(vector + i + 32, inverse, ref errors), RoundSome(vector + i + 48, inverse, ref errors));
            Vector512.Narrow(low, high).AsByte().Store(target + i);
        }

        float error = Vector512.Sum(errors);
        for (; i < dimension; i++)
        {
            float scaled = vector[i] * inverse, near = MathF.Round(scaled);
            error += (scaled - near) * (scaled - near);
            target[i] = unchecked((byte)(int)near);
        }

        for (; i < Pad(dimension); i++)
            target[i] = 0;
        return new Rounded(step, MathF.Sqrt(square), step * MathF.Sqrt(error));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> RoundSome(float* from, float inverse, ref Vector512<float> errors)
    {
        Vector512<float> scaled = Vector512.Load(from) * inverse, near = Vector512.Round(scaled), off = scaled - near;
        errors = Vector512.MultiplyAddEstimate(off, off, errors);
        return Vector512.ConvertToInt32(near);
    }

    /// <param name="Step">What one unit is worth.</param>
    /// <param name="Norm">|vector|.</param>
    /// <param name="Error">|vector − its rounded form|.</param>
    public readonly record struct Rounded(float Step, float Norm, float Error);
}
