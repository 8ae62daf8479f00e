using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>What four bytes of a row add to its products with sixteen queries.</summary>
internal interface ITileProduct
{
    /// <param name="sum">Sixteen sums so far.</param>
    /// <param name="row">The four bytes, sixteen times.</param>
    /// <param name="queries">Four bytes of each query.</param>
    static abstract Vector512<int> Add(Vector512<int> sum, Vector512<int> row, Vector512<int> queries);
}

/// <summary>
/// Eight rows by up to 48 queries: every four bytes of a row are broadcast once and every query register used eight times, so that the multipliers are the bound and not the
/// loads (the register blocking of Goto and van de Geijn 2008). The 24 sums stay in the 32 registers of AVX-512.
/// </summary>
internal static unsafe class RegisterTile<TProduct>
    where TProduct : struct, ITileProduct
{
    private const int MaxQueries = ProductTile.MaxQueries, QueryStep = ProductTile.QueryStep;

    /// <summary>Multiplies eight rows by one group of queries.</summary>
    /// <param name="rows">Eight addresses; an address may occur twice.</param>
    /// <param name="group">For each four bytes of a row those of all queries, one behind the other.</param>
    /// <param name="width">Queries of the group: 16, 32 or 48.</param>
    /// <param name="steps">Four bytes of a row are one.</param>
    /// <param name="products">Receives row i with query j at [i × <see cref="ProductTile.MaxQueries"/> + j].</param>
    public static void Multiply(byte** rows, byte* group, int width, int steps, int* products)
    {
        if (width == MaxQueries)
            Eight<Three>(rows, group, steps, products);
        else if (width == 2 * QueryStep)
            Eight<Two>(rows, group, steps, products);
        else
            Eight<One>(rows, group, steps, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight<TGroup>(byte** rows, byte* group, int steps, int* products)
        where TGroup : struct, IQueryRegisters
    {
        int* r0 = (int*)rows[0]; int* r1 = (int*)rows[1]; int* r2 = (int*)rows[2]; int* r3 = (int*)rows[3];
        int* r4 = (int*)rows[4]; int* r5 = (int*)rows[5]; int* r6 = (int*)rows[6]; int* r7 = (int*)rows[7];
        Vector512<int> s00 = default, s01 = default, s02 = default;
        Vector512<int> s10 = default, s11 = default, s12 = default;
        Vector512<int> s20 = default, s21 = default, s22 = default;
        Vector512<int> s30 = default, s31 = default, s32 = default;
        Vector512<int> s40 = default, s41 = default, s42 = default;
        Vector512<int> s50 = default, s51 = default, s52 = default;
        Vector512<int> s60 = default, s61 = default, s62 = default;
        Vector512<int> s70 = default, s71 = default, s72 = default;
        int* queries = (int*)group;
        for (int k = 0; k < steps; k++, queries += TGroup.Count * QueryStep)
        {
            Vector512<int> q0 = Vector512.Load(queries);
            Vector512<int> q1 = TGroup.Count > 1 ? Vector512.Load(queries + QueryStep) : default;
            Vector512<int> q2 = TGroup.Count > 2 ? Vector512.Load(queries + (2 * QueryStep)) : default;
            Add<TGroup>(r0, k, q0, q1, q2, ref s00, ref s01, ref s02);
            Add<TGroup>(r1, k, q0, q1, q2, ref s10, ref s11, ref s12);
            Add<TGroup>(r2, k, q0, q1, q2, ref s20, ref s21, ref s22);
            Add<TGroup>(r3, k, q0, q1, q2, ref s30, ref s31, ref s32);
            Add<TGroup>(r4, k, q0, q1, q2, ref s40, ref s41, ref s42);
            Add<TGroup>(r5, k, q0, q1, q2, ref s50, ref s51, ref s52);
            Add<TGroup>(r6, k, q0, q1, q2, ref s60, ref s61, ref s62);
            Add<TGroup>(r7, k, q0, q1, q2, ref s70, ref s71, ref s72);
        }

        Store<TGroup>(products, s00, s01, s02);
        Store<TGroup>(products + MaxQueries, s10, s11, s12);
        Store<TGroup>(products + (2 * MaxQueries), s20, s21, s22);
        Store<TGroup>(products + (3 * MaxQueries), s30, s31, s32);
        Store<TGroup>(products + (4 * MaxQueries), s40, s41, s42);
        Store<TGroup>(products + (5 * MaxQueries), s50, s51, s52);
        Store<TGroup>(products + (6 * MaxQueries), s60, s61, s62);
        Store<TGroup>(products + (7 * MaxQueries), s70, s71, s72);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TGroup>(
        int* row, int k, Vector512<int> q0, Vector512<int> q1, Vector512<int> q2, ref Vector512<int> s0, ref Vector512<int> s1, ref Vector512<int> s2)
        where TGroup : struct, IQueryRegisters
    {
        Vector512<int> r = Vector512.Create(row[k]);
        s0 = TProduct.Add(s0, r, q0);
        if (TGroup.Count > 1)
            s1 = TProduct.Add(s1, r, q1);
        if (TGroup.Count > 2)
            s2 = TProduct.Add(s2, r, q2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TGroup>(int* target, Vector512<int> first, Vector512<int> second, Vector512<int> third)
        where TGroup : struct, IQueryRegisters
    {
        first.Store(target);
        if (TGroup.Count > 1)
            second.Store(target + QueryStep);
        if (TGroup.Count > 2)
            third.Store(target + (2 * QueryStep));
    }

    /// <summary>Registers of sixteen queries in a group: a constant to the compiler, which leaves out what is beyond.</summary>
    private interface IQueryRegisters
    {
        static abstract int Count { get; }
    }

    private readonly struct One : IQueryRegisters
    {
        public static int Count => 1;
    }

    private readonly struct Two : IQueryRegisters
    {
        public static int Count => 2;
    }

    private readonly struct Three : IQueryRegisters
    {
        public static int Count => 3;
    }
}
