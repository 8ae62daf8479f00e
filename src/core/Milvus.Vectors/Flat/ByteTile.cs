using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Inner products of some rows of unsigned bytes with a group of queries of signed ones, four components at a time, exact. With AVX-VNNI six rows meet sixteen queries: with
/// two registers of queries and one of a row beside them the twelve sums stay in the sixteen registers that these instructions reach. Elsewhere with AVX-512 eight rows
/// meet up to 48 queries in 24 sums; sums of two products must fit 16 bits there, so queries have units up to 64 only.
/// </summary>
internal static unsafe class ByteTile
{
    /// <summary>Most queries of a group; products of a row are so far from those of the next.</summary>
    public const int MaxQueries = ProductTile.MaxQueries;

    /// <summary>Queries come in multiples of this; missing ones are zeros.</summary>
    public const int QueryStep = ProductTile.QueryStep;

    /// <summary>Most rows of one call.</summary>
    public const int MaxRows = 8;

    /// <summary>Components that are multiplied at a time: rows and queries are filled up with zeros to a multiple.</summary>
    public const int Quad = 4;

    private const int Half = QueryStep / 2;

    public static bool IsSupported => AvxVnni.IsSupported || Avx512BW.IsSupported;

    /// <summary>Rows of one call.</summary>
    public static int Rows => AvxVnni.IsSupported ? 6 : MaxRows;

    /// <summary>Queries of a full group.</summary>
    public static int Queries => AvxVnni.IsSupported ? QueryStep : MaxQueries;

    /// <summary>The largest unit of a query: 2 × 255 × 64 is below 2¹⁵.</summary>
    public static int MostUnits => AvxVnni.IsSupported ? sbyte.MaxValue : 64;

    /// <summary>Components of a filled up row.</summary>
    public static int Pad(int dimension) => (dimension + (Quad - 1)) / Quad * Quad;

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
        if (AvxVnni.IsSupported)
            Six(rows, group, padded, products);
        else
            Eight(rows, (byte*)group, padded, width, products);
    }

    private static void Eight(byte* rows, byte* group, int padded, int width, int* products)
    {
        byte** pointers = stackalloc byte*[MaxRows];
        for (int i = 0; i < MaxRows; i++)
            pointers[i] = rows + ((nint)i * padded);
        RegisterTile<BytePairs>.Multiply(pointers, group, width, padded / Quad, products);
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

    /// <summary>Two products are added in sixteen bits, two of these sums in 32.</summary>
    private readonly struct BytePairs : ITileProduct
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<int> Add(Vector512<int> sum, Vector512<int> row, Vector512<int> queries) =>
            sum + Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(row.AsByte(), queries.AsSByte()), Vector512<short>.One);
    }
}
