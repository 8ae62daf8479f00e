using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Inner products of six rows of unsigned bytes with a group of queries of signed ones, exact. With AVX-VNNI the group has sixteen queries: with two registers of queries and
/// one of a row beside them the twelve sums stay in the sixteen registers that these instructions reach. Elsewhere with AVX-512 it has up to 48, and rows have fewer bits
/// (<see cref="NarrowTile"/>).
/// </summary>
internal static unsafe class ByteTile
{
    /// <summary>Most queries of a group; products of a row are so far from those of the next.</summary>
    public const int MaxQueries = ProductTile.MaxQueries;

    /// <summary>Queries come in multiples of this; missing ones are zeros.</summary>
    public const int QueryStep = ProductTile.QueryStep;

    /// <summary>Rows of one call.</summary>
    public const int Rows = NarrowTile.Rows;

    /// <summary>Components of a query that lie together.</summary>
    public const int Quad = 4;

    private const int Half = QueryStep / 2;

    public static bool IsSupported => AvxVnni.IsSupported || NarrowTile.IsSupported;

    /// <summary>Whether rows have to be <see cref="RoundedRow.Narrow"/>.</summary>
    public static bool IsNarrow => !AvxVnni.IsSupported;

    /// <summary>Queries of a full group.</summary>
    public static int Queries => IsNarrow ? MaxQueries : QueryStep;

    /// <summary>The largest unit of a query.</summary>
    public static int MostUnits => IsNarrow ? NarrowTile.MostOfQuery : sbyte.MaxValue;

    /// <summary>Components of a row that is filled up with zeros, as <see cref="Multiply"/> needs it.</summary>
    public static int Pad(int dimension)
    {
        int step = IsNarrow ? NarrowTile.Step : Quad;
        return (dimension + (step - 1)) / step * step;
    }

    /// <summary>Queries of the group that starts at <paramref name="first"/>, filled up to a multiple of <see cref="QueryStep"/>.</summary>
    public static int GroupWidth(int first, int count) => Math.Min(Queries, (count - first + QueryStep - 1) / QueryStep * QueryStep);

    /// <summary>Writes a query where <see cref="Multiply"/> reads it.</summary>
    /// <param name="units">Its components.</param>
    /// <param name="group">The group; components that are not written are zeros.</param>
    /// <param name="width">The <see cref="GroupWidth"/>.</param>
    /// <param name="query">Its number in the group.</param>
    public static void Pack(short* units, int dimension, sbyte* group, int width, int query)
    {
        for (int k = 0; k < dimension; k++)
            group[(((k / Quad * width) + query) * Quad) + (k % Quad)] = (sbyte)units[k];
    }

    /// <summary>Multiplies <see cref="Rows"/> rows by one group.</summary>
    /// <param name="rows">The rows, <paramref name="padded"/> bytes each.</param>
    /// <param name="width">The <see cref="GroupWidth"/>.</param>
    /// <param name="products">Receives row i with query j at [i × <see cref="MaxQueries"/> + j].</param>
    public static void Multiply(byte* rows, sbyte* group, int padded, int width, int* products)
    {
        if (IsNarrow)
            NarrowTile.Multiply(rows, group, padded, width, products);
        else
            Six(rows, group, padded, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six(byte* rows, sbyte* group, int padded, int* products)
    {
        byte* r0 = rows;
        byte* r1 = r0 + padded;
        byte* r2 = r1 + padded;
        byte* r3 = r2 + padded;
        byte* r4 = r3 + padded;
        byte* r5 = r4 + padded;
        Vector256<int> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        Vector256<int> s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        for (int k = 0; k < padded; k += Quad, group += QueryStep * Quad)
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
        s10.Store(products + MaxQueries);
        s11.Store(products + MaxQueries + Half);
        s20.Store(products + (2 * MaxQueries));
        s21.Store(products + (2 * MaxQueries) + Half);
        s30.Store(products + (3 * MaxQueries));
        s31.Store(products + (3 * MaxQueries) + Half);
        s40.Store(products + (4 * MaxQueries));
        s41.Store(products + (4 * MaxQueries) + Half);
        s50.Store(products + (5 * MaxQueries));
        s51.Store(products + (5 * MaxQueries) + Half);
    }
}
