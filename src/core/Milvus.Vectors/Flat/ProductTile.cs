using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Inner products of eight rows with a group of packed queries (see <see cref="RegisterTile"/>). Sums run over the components in order, in one accumulator per pair:
/// they differ in rounding from <see cref="IVectorKernel"/>, and whoever needs its exact values compares again.
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
            RegisterTile.Multiply(rows, packed, width, dimension, products);
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
}
