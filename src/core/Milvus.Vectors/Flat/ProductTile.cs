using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Inner products of eight rows with a group of packed queries: every row component is broadcast once and every query register used eight
/// times, so that the multipliers are the bound and not the loads (the register blocking of Goto and van de Geijn 2008). Sums run over
/// the components in order, in one accumulator per pair: they differ in rounding from <see cref="IVectorKernel"/>, and whoever needs its
/// exact values compares again.
/// </summary>
internal static unsafe class ProductTile
{
    /// <summary>Rows of one call.</summary>
    public const int Rows = 8;

    /// <summary>Queries come in multiples of this; missing ones are packed as zeros.</summary>
    public const int QueryStep = 16;

    /// <summary>Most queries of one group.</summary>
    public const int MaxQueries = 48;

    /// <summary>The error of one product relative to the product of the norms: one rounding per component.</summary>
    public static float RelativeError(int dimension) => (dimension + 16) * 5.97e-8f;

    /// <summary>Queries of the group that starts at <paramref name="first"/>, a multiple of <see cref="QueryStep"/>.</summary>
    public static int GroupWidth(int first, int count) => Math.Min(MaxQueries, (count - first + QueryStep - 1) / QueryStep * QueryStep);

    /// <summary>Floats that <see cref="Pack"/> writes for <paramref name="count"/> queries.</summary>
    public static long PackedLength(int count, int dimension) => (long)((count + QueryStep - 1) / QueryStep * QueryStep) * dimension;

    /// <summary>Lays queries out in groups, each group component by component.</summary>
    /// <param name="queries">Where the first query starts.</param>
    /// <param name="strideBytes">From one query to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* queries, long strideBytes, int count, int dimension, float* packed)
    {
        for (int first = 0; first < count; first += MaxQueries)
        {
            int width = GroupWidth(first, count);
            for (int i = 0; i < width; i++)
            {
                float* query = first + i < count ? (float*)(queries + ((first + i) * strideBytes)) : null;
                for (int k = 0; k < dimension; k++)
                    packed[((long)k * width) + i] = query == null ? 0f : query[k];
            }

            packed += (long)width * dimension;
        }
    }

    /// <summary>Multiplies eight rows by one packed group.</summary>
    /// <param name="rows">Eight addresses of float32 rows; an address may occur twice.</param>
    /// <param name="packed">The group.</param>
    /// <param name="width">Its <see cref="GroupWidth"/>.</param>
    /// <param name="products">Receives row i with query j at [i × <see cref="MaxQueries"/> + j].</param>
    public static void Multiply(byte** rows, float* packed, int width, int dimension, float* products)
    {
        if (InstructionSets.Best == InstructionSet.Avx512)
        {
            if (width == 48)
                Eight<ThreeRegisters>(rows, packed, dimension, products);
            else if (width == 32)
                Eight<TwoRegisters>(rows, packed, dimension, products);
            else
                Eight<OneRegister>(rows, packed, dimension, products);
            return;
        }

        for (int first = 0; first < width; first += QueryStep)
        {
            Four16(rows, packed + first, width, dimension, products + first);
            Four16(rows + 4, packed + first, width, dimension, products + (4 * MaxQueries) + first);
        }
    }

    /// <summary>For processors with sixteen registers or fewer lanes; 256-bit operations become pairs where there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Four16(byte** rows, float* packed, int width, int dimension, float* products)
    {
        float* r0 = (float*)rows[0], r1 = (float*)rows[1], r2 = (float*)rows[2], r3 = (float*)rows[3];
        Vector256<float> s00 = default, s01 = default, s10 = default, s11 = default;
        Vector256<float> s20 = default, s21 = default, s30 = default, s31 = default;
        for (int k = 0; k < dimension; k++, packed += width)
        {
            Vector256<float> q0 = Vector256.Load(packed), q1 = Vector256.Load(packed + 8);
            Vector256<float> r = Vector256.Create(r0[k]);
            s00 = Vector256.MultiplyAddEstimate(r, q0, s00);
            s01 = Vector256.MultiplyAddEstimate(r, q1, s01);
            r = Vector256.Create(r1[k]);
            s10 = Vector256.MultiplyAddEstimate(r, q0, s10);
            s11 = Vector256.MultiplyAddEstimate(r, q1, s11);
            r = Vector256.Create(r2[k]);
            s20 = Vector256.MultiplyAddEstimate(r, q0, s20);
            s21 = Vector256.MultiplyAddEstimate(r, q1, s21);
            r = Vector256.Create(r3[k]);
            s30 = Vector256.MultiplyAddEstimate(r, q0, s30);
            s31 = Vector256.MultiplyAddEstimate(r, q1, s31);
        }

        s00.Store(products);
        s01.Store(products + 8);
        s10.Store(products + MaxQueries);
        s11.Store(products + MaxQueries + 8);
        s20.Store(products + (2 * MaxQueries));
        s21.Store(products + (2 * MaxQueries) + 8);
        s30.Store(products + (3 * MaxQueries));
        s31.Store(products + (3 * MaxQueries) + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight<TGroup>(byte** rows, float* packed, int dimension, float* products)
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
        for (int k = 0; k < dimension; k++, packed += TGroup.Count * QueryStep)
        {
            Vector512<float> q0 = Vector512.Load(packed);
            Vector512<float> q1 = TGroup.Count > 1 ? Vector512.Load(packed + QueryStep) : default;
            Vector512<float> q2 = TGroup.Count > 2 ? Vector512.Load(packed + (2 * QueryStep)) : default;
            Vector512<float> r = Vector512.Create(r0[k]);
            s00 = Avx512F.FusedMultiplyAdd(r, q0, s00);
            s01 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s01) : s01;
            s02 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s02) : s02;
            r = Vector512.Create(r1[k]);
            s10 = Avx512F.FusedMultiplyAdd(r, q0, s10);
            s11 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s11) : s11;
            s12 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s12) : s12;
            r = Vector512.Create(r2[k]);
            s20 = Avx512F.FusedMultiplyAdd(r, q0, s20);
            s21 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s21) : s21;
            s22 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s22) : s22;
            r = Vector512.Create(r3[k]);
            s30 = Avx512F.FusedMultiplyAdd(r, q0, s30);
            s31 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s31) : s31;
            s32 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s32) : s32;
            r = Vector512.Create(r4[k]);
            s40 = Avx512F.FusedMultiplyAdd(r, q0, s40);
            s41 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s41) : s41;
            s42 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s42) : s42;
            r = Vector512.Create(r5[k]);
            s50 = Avx512F.FusedMultiplyAdd(r, q0, s50);
            s51 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s51) : s51;
            s52 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s52) : s52;
            r = Vector512.Create(r6[k]);
            s60 = Avx512F.FusedMultiplyAdd(r, q0, s60);
            s61 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s61) : s61;
            s62 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s62) : s62;
            r = Vector512.Create(r7[k]);
            s70 = Avx512F.FusedMultiplyAdd(r, q0, s70);
            s71 = TGroup.Count > 1 ? Avx512F.FusedMultiplyAdd(r, q1, s71) : s71;
            s72 = TGroup.Count > 2 ? Avx512F.FusedMultiplyAdd(r, q2, s72) : s72;
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
    private static void Store<TGroup>(float* target, Vector512<float> first, Vector512<float> second, Vector512<float> third)
        where TGroup : struct, IQueryRegisters
    {
        first.Store(target);
        if (TGroup.Count > 1)
            second.Store(target + QueryStep);
        if (TGroup.Count > 2)
            third.Store(target + (2 * QueryStep));
    }
}
