using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// Eight rows by up to 48 queries: every component of a row is broadcast once and every query register used eight times, so that the multipliers are the bound and not the
/// loads (the register blocking of Goto and van de Geijn 2008). The 24 sums stay in the 32 registers of AVX-512.
/// </summary>
internal static unsafe class RegisterTile
{
    private const int MaxQueries = ProductTile.MaxQueries, QueryStep = ProductTile.QueryStep;

    /// <summary>Multiplies eight rows by one group of queries.</summary>
    /// <param name="rows">Eight addresses of float32 rows; an address may occur twice.</param>
    /// <param name="group">Component by component, those of all queries one behind the other.</param>
    /// <param name="width">Queries of the group: 16, 32 or 48.</param>
    /// <param name="products">Receives row i with query j at [i × <see cref="ProductTile.MaxQueries"/> + j].</param>
    public static void Multiply(byte** rows, float* group, int width, int dimension, float* products)
    {
        if (width == MaxQueries)
            Eight<ThreeRegisters>(rows, group, dimension, products);
        else if (width == 2 * QueryStep)
            Eight<TwoRegisters>(rows, group, dimension, products);
        else
            Eight<OneRegister>(rows, group, dimension, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight<TGroup>(byte** rows, float* group, int dimension, float* products)
        where TGroup : struct, IQueryRegisters
    {
        float* r0 = (float*)rows[0]; float* r1 = (float*)rows[1]; float* r2 = (float*)rows[2]; float* r3 = (float*)rows[3];
        float* r4 = (float*)rows[4]; float* r5 = (float*)rows[5]; float* r6 = (float*)rows[6]; float* r7 = (float*)rows[7];
        Vector512<float> s00 = default, s01 = default, s02 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default;
        Vector512<float> s20 = default, s21 = default, s22 = default;
        Vector512<float> s30 = default, s31 = default, s32 = default;
        Vector512<float> s40 = default, s41 = default, s42 = default;
        Vector512<float> s50 = default, s51 = default, s52 = default;
        Vector512<float> s60 = default, s61 = default, s62 = default;
        Vector512<float> s70 = default, s71 = default, s72 = default;
        float* queries = group;
        for (int k = 0; k < dimension; k++, queries += TGroup.Count * QueryStep)
        {
            Vector512<float> q0 = Vector512.Load(queries);
            Vector512<float> q1 = TGroup.Count > 1 ? Vector512.Load(queries + QueryStep) : default;
            Vector512<float> q2 = TGroup.Count > 2 ? Vector512.Load(queries + (2 * QueryStep)) : default;
            Add<TGroup>(r0, k, q0, q1, q2, ref s00, ref s01, ref s02);
            Add<TGroup>(r1, k, q0, q1, q2, ref s10, ref s11, ref s12);
            Add<TGroup>(r2, k, q0, q1, q2, ref s20, ref s21, ref s22);
            Add<TGroup>(r3, k, q0, q1, q2, ref s30, ref s31, ref s32);
            Add<TGroup>(r4, k, q0, q1, q2, ref s40, ref s41, ref s42);
            Add<TGroup>(r5, k, q0, q1, q2, ref s50, ref s51, ref s52);
            Add<TGroup>(r6, k, q0, q1, q2, ref s60, ref s61, ref s62);
            Add<TGroup>(r7, k, q0, q1, q2, ref s70, ref s71, ref s72);
        }

        QueryRegisters.Store<TGroup, float>(products, s00, s01, s02);
        QueryRegisters.Store<TGroup, float>(products + MaxQueries, s10, s11, s12);
        QueryRegisters.Store<TGroup, float>(products + (2 * MaxQueries), s20, s21, s22);
        QueryRegisters.Store<TGroup, float>(products + (3 * MaxQueries), s30, s31, s32);
        QueryRegisters.Store<TGroup, float>(products + (4 * MaxQueries), s40, s41, s42);
        QueryRegisters.Store<TGroup, float>(products + (5 * MaxQueries), s50, s51, s52);
        QueryRegisters.Store<TGroup, float>(products + (6 * MaxQueries), s60, s61, s62);
        QueryRegisters.Store<TGroup, float>(products + (7 * MaxQueries), s70, s71, s72);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TGroup>(
        float* row, int k, Vector512<float> q0, Vector512<float> q1, Vector512<float> q2, ref Vector512<float> s0, ref Vector512<float> s1, ref Vector512<float> s2)
        where TGroup : struct, IQueryRegisters
    {
        Vector512<float> r = Vector512.Create(row[k]);
        s0 = Vector512.MultiplyAddEstimate(r, q0, s0);
        if (TGroup.Count > 1)
            s1 = Vector512.MultiplyAddEstimate(r, q1, s1);
        if (TGroup.Count > 2)
            s2 = Vector512.MultiplyAddEstimate(r, q2, s2);
    }
}
