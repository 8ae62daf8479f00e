using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>
/// A query against product codes: what every centroid of every part adds to the distance, as integers, so that the table of a usual code stays in the first-level
/// cache: a distance is constant + step × the sum of a row's entries. Up to <see cref="FineParts"/> parts entries have 16 bits, beyond 8: the errors of so many
/// entries even out.
/// </summary>
/// <remarks>Centroids per part (int32), constant and step (float32), room to a cache line, the entries part by part, and as far again the products they are made of, and for each part the product that adds nothing.</remarks>
internal static unsafe class ProductTable
{
    public const int HeaderBytes = 64;
    private const int FineParts = 64;

    public static bool IsFine(int parts) => parts <= FineParts;

    /// <summary>Bytes of a prepared query.</summary>
    public static int Bytes(int parts, int centroids) => HeaderBytes + EntryBytes(parts, centroids) + (parts * (centroids + 1) * sizeof(float));

    /// <summary>Where the inner products of the query's parts with all centroids are to be written before <see cref="Set"/>.</summary>
    public static float* Products(byte* query, int parts, int centroids) => (float*)(query + HeaderBytes + EntryBytes(parts, centroids));

    /// <summary>Makes the table of the products.</summary>
    /// <param name="factor">What a product adds to the distance.</param>
    /// <param name="constant">What belongs to the query alone.</param>
    public static void Set(byte* query, int parts, int centroids, float factor, float constant)
    {
        float* products = Products(query, parts, centroids), zeros = products + (parts * centroids);
        float widest = 0;
        double offset = constant;
        for (int part = 0; part < parts; part++)
        {
            (float least, float largest) = Range(products + (part * centroids), centroids);
            zeros[part] = factor < 0 ? largest : least;
            offset += factor * zeros[part];
            widest = Math.Max(widest, (largest - least) * Math.Abs(factor));
        }

        bool isFine = IsFine(parts);
        float step = widest / (isFine ? ushort.MaxValue : byte.MaxValue), inverse = step > 0 ? 1 / step : 0;
        *(int*)query = centroids;
        ((float*)query)[1] = (float)offset;
        ((float*)query)[2] = step;
        for (int part = 0; part < parts; part++)
        {
            float* from = products + (part * centroids);
            if (isFine)
                Round(from, centroids, zeros[part], factor * inverse, (ushort*)(query + HeaderBytes) + (part * centroids));
            else
                Round(from, centroids, zeros[part], factor * inverse, query + HeaderBytes + (part * centroids));
        }
    }

    private static int EntryBytes(int parts, int centroids) => ((parts * centroids * (IsFine(parts) ? sizeof(ushort) : sizeof(byte))) + 63) & ~63;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Least, float Largest) Range(float* products, int count)
    {
        float least = products[0], largest = least;
        int i = 0;
        if (count >= Vector512<float>.Count)
        {
            Vector512<float> low = Vector512.Load(products), high = low;
            for (i = Vector512<float>.Count; i <= count - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                Vector512<float> some = Vector512.Load(products + i);
                low = Vector512.Min(low, some);
                high = Vector512.Max(high, some);
            }

            for (int lane = 0; lane < Vector512<float>.Count; lane++)
                (least, largest) = (Math.Min(least, low[lane]), Math.Max(largest, high[lane]));
        }

        for (; i < count; i++)
            (least, largest) = (Math.Min(least, products[i]), Math.Max(largest, products[i]));
        return (least, largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(float* products, int count, float zero, float scale, ushort* entries)
    {
        int i = 0;
        for (; i <= count - 32; i += 32)
            Vector512.Narrow(Rounded(products + i, zero, scale), Rounded(products + i + 16, zero, scale)).Store(entries + i);
        for (; i < count; i++)
            entries[i] = (ushort)(((products[i] - zero) * scale) + 0.5f);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(float* products, int count, float zero, float scale, byte* entries)
    {
        int i = 0;
        for (; i <= count - 64; i += 64)
        {
            Vector512<ushort> low = Vector512.Narrow(Rounded(products + i, zero, scale), Rounded(products + i + 16, zero, scale));
            Vector512<ushort> high = Vector512.Narrow(Rounded(products + i + 32, zero, scale), Rounded(products + i + 48, zero, scale));
            Vector512.Narrow(low, high).Store(entries + i);
        }

        for (; i < count; i++)
            entries[i] = (byte)(((products[i] - zero) * scale) + 0.5f);
    }

    /// <summary>Differences from what gives zero, in steps: they have no sign, and half a step is not enough to leave the range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rounded(float* products, float zero, float scale) =>
        Vector512.ConvertToInt32(((Vector512.Load(products) - Vector512.Create(zero)) * scale) + Vector512.Create(0.5f)).AsUInt32();
}

/// <summary>Sums a table's entries for the numbers of a row; see <see cref="ProductTable"/>.</summary>
internal readonly unsafe struct ProductKernel<TNumber, TEntry> : IVectorKernel
    where TNumber : unmanaged, IBinaryInteger<TNumber>
    where TEntry : unmanaged, IBinaryInteger<TEntry>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length)
    {
        int centroids = *(int*)query, even = 0, odd = 0, part = 0;
        TEntry* table = (TEntry*)(query + ProductTable.HeaderBytes);
        TNumber* numbers = (TNumber*)row;
        for (; part <= length - 2; part += 2, table += 2 * centroids)
        {
            even += int.CreateTruncating(table[int.CreateTruncating(numbers[part])]);
            odd += int.CreateTruncating(table[centroids + int.CreateTruncating(numbers[part + 1])]);
        }

        if (part < length)
            even += int.CreateTruncating(table[int.CreateTruncating(numbers[part])]);
        return Of(query, even + odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distances(byte* query, byte* rows, int rowBytes, int count, int length, float* distances) =>
        FewRows.Distances<ProductKernel<TNumber, TEntry>>(query, rows, rowBytes, count, length, distances);

    /// <summary>The four sums do not wait for one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        int centroids = *(int*)query, sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        TEntry* table = (TEntry*)(query + ProductTable.HeaderBytes);
        TNumber* first = (TNumber*)row0;
        TNumber* second = (TNumber*)row1;
        TNumber* third = (TNumber*)row2;
        TNumber* fourth = (TNumber*)row3;
        for (int part = 0; part < length; part++, table += centroids)
        {
            sum0 += int.CreateTruncating(table[int.CreateTruncating(first[part])]);
            sum1 += int.CreateTruncating(table[int.CreateTruncating(second[part])]);
            sum2 += int.CreateTruncating(table[int.CreateTruncating(third[part])]);
            sum3 += int.CreateTruncating(table[int.CreateTruncating(fourth[part])]);
        }

        distances[0] = Of(query, sum0);
        distances[1] = Of(query, sum1);
        distances[2] = Of(query, sum2);
        distances[3] = Of(query, sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Of(byte* query, int sum) => ((float*)query)[1] + (((float*)query)[2] * sum);
}
