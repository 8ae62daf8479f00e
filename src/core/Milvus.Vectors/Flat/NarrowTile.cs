using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Inner products of six rows of six bits with up to 48 queries of seven, by <c>vpmaddubsw</c>: a lane of sixteen bits holds the sum of eight such products
/// (8 × 63 × 64 &lt; 2¹⁵), so that only every fourth of these instructions is followed by the one that widens, which takes as long. With two rows at a time
/// 18 sums in 32 bits, six in 16, both rows and the queries they share stay in the 32 registers of AVX-512.
/// </summary>
internal static unsafe class NarrowTile
{
    /// <summary>Rows of one call.</summary>
    public const int Rows = 6;

    /// <summary>The largest component of a row, and of a query of either sign.</summary>
    public const int MostOfRow = 63, MostOfQuery = 64;

    /// <summary>Components that are added before they are widened: rows and queries are filled up with zeros to a multiple.</summary>
    public const int Step = Quads * ByteTile.Quad;

    private const int Quads = 4, MaxQueries = ProductTile.MaxQueries, QueryStep = ProductTile.QueryStep;

    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>Multiplies six rows by one group of queries.</summary>
    /// <param name="rows">The rows, <paramref name="padded"/> bytes each.</param>
    /// <param name="group">For each four components of a row those of all queries, one behind the other.</param>
    /// <param name="padded">A multiple of <see cref="Step"/>.</param>
    /// <param name="width">Queries of the group: 16, 32 or 48.</param>
    /// <param name="products">Receives row i with query j at [i × <see cref="ProductTile.MaxQueries"/> + j].</param>
    public static void Multiply(byte* rows, sbyte* group, int padded, int width, int* products)
    {
        if (width == MaxQueries)
            Six<ThreeRegisters>(rows, group, padded, products);
        else if (width == 2 * QueryStep)
            Six<TwoRegisters>(rows, group, padded, products);
        else
            Six<OneRegister>(rows, group, padded, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six<TGroup>(byte* rows, sbyte* group, int padded, int* products)
        where TGroup : struct, IQueryRegisters
    {
        byte* r0 = rows;
        byte* r1 = r0 + padded;
        byte* r2 = r1 + padded;
        byte* r3 = r2 + padded;
        byte* r4 = r3 + padded;
        byte* r5 = r4 + padded;
        Vector512<int> s00 = default, s01 = default, s02 = default;
        Vector512<int> s10 = default, s11 = default, s12 = default;
        Vector512<int> s20 = default, s21 = default, s22 = default;
        Vector512<int> s30 = default, s31 = default, s32 = default;
        Vector512<int> s40 = default, s41 = default, s42 = default;
        Vector512<int> s50 = default, s51 = default, s52 = default;

        // Three pointers to the same, so that the compiler loads queries once for every two rows: keeping them in registers would put sums on the stack.
        sbyte* q0 = group;
        sbyte* q1 = group;
        sbyte* q2 = group;
        const int PerStep = Step * QueryStep;
        for (int k = 0; k < padded; k += Step, q0 += PerStep * TGroup.Count, q1 += PerStep * TGroup.Count, q2 += PerStep * TGroup.Count)
        {
            Two<TGroup>(r0 + k, r1 + k, q0, ref s00, ref s01, ref s02, ref s10, ref s11, ref s12);
            Two<TGroup>(r2 + k, r3 + k, q1, ref s20, ref s21, ref s22, ref s30, ref s31, ref s32);
            Two<TGroup>(r4 + k, r5 + k, q2, ref s40, ref s41, ref s42, ref s50, ref s51, ref s52);
        }

        QueryRegisters.Store<TGroup, int>(products, s00, s01, s02);
        QueryRegisters.Store<TGroup, int>(products + MaxQueries, s10, s11, s12);
        QueryRegisters.Store<TGroup, int>(products + (2 * MaxQueries), s20, s21, s22);
        QueryRegisters.Store<TGroup, int>(products + (3 * MaxQueries), s30, s31, s32);
        QueryRegisters.Store<TGroup, int>(products + (4 * MaxQueries), s40, s41, s42);
        QueryRegisters.Store<TGroup, int>(products + (5 * MaxQueries), s50, s51, s52);
    }

    /// <summary>Sixteen components of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two<TGroup>(
        byte* a, byte* b, sbyte* group, ref Vector512<int> a0, ref Vector512<int> a1, ref Vector512<int> a2, ref Vector512<int> b0, ref Vector512<int> b1, ref Vector512<int> b2)
        where TGroup : struct, IQueryRegisters
    {
        Vector512<short> c0 = default, c1 = default, c2 = default, d0 = default, d1 = default, d2 = default;
        Quad<TGroup>(a, b, group, 0, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
        Quad<TGroup>(a, b, group, 1, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
        Quad<TGroup>(a, b, group, 2, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
        Quad<TGroup>(a, b, group, 3, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
        Widen(ref a0, c0);
        Widen(ref b0, d0);
        if (TGroup.Count > 1)
        {
            Widen(ref a1, c1);
            Widen(ref b1, d1);
        }

        if (TGroup.Count > 2)
        {
            Widen(ref a2, c2);
            Widen(ref b2, d2);
        }
    }

    /// <summary>Four components of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quad<TGroup>(
        byte* a, byte* b, sbyte* group, int quad, ref Vector512<short> c0, ref Vector512<short> c1, ref Vector512<short> c2,
        ref Vector512<short> d0, ref Vector512<short> d1, ref Vector512<short> d2)
        where TGroup : struct, IQueryRegisters
    {
        Vector512<byte> first = Vector512.Create(((int*)a)[quad]).AsByte(), second = Vector512.Create(((int*)b)[quad]).AsByte();
        sbyte* queries = group + (quad * ByteTile.Quad * QueryStep * TGroup.Count);
        Multiply(first, second, queries, quad, ref c0, ref d0);
        if (TGroup.Count > 1)
            Multiply(first, second, queries + Vector512<sbyte>.Count, quad, ref c1, ref d1);
        if (TGroup.Count > 2)
            Multiply(first, second, queries + (2 * Vector512<sbyte>.Count), quad, ref c2, ref d2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(Vector512<byte> first, Vector512<byte> second, sbyte* queries, int quad, ref Vector512<short> c, ref Vector512<short> d)
    {
        Vector512<sbyte> some = Vector512.Load(queries);
        Vector512<short> x = Avx512BW.MultiplyAddAdjacent(first, some), y = Avx512BW.MultiplyAddAdjacent(second, some);
        if (quad == 0)
        {
            c = x;
            d = y;
        }
        else
        {
            c += x;
            d += y;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(ref Vector512<int> sum, Vector512<short> some) => sum += Avx512BW.MultiplyAddAdjacent(some, Vector512<short>.One);
}
