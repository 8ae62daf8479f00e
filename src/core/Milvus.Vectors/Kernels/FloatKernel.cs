using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>What is summed over the components of a floating pair.</summary>
internal interface IFloatOperation
{
    static abstract TVector Accumulate<TLanes, TVector>(TVector query, TVector row, TVector sum)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct;

    static abstract float Accumulate(float query, float row, float sum);

    static abstract float Distance(float sum);

    /// <summary>The same for sixteen pairs.</summary>
    static abstract Vector512<float> Distances(Vector512<float> sums);
}

/// <summary>Squared Euclidean distance.</summary>
internal readonly struct SquaredDifference : IFloatOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Accumulate<TLanes, TVector>(TVector query, TVector row, TVector sum)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        TVector difference = TLanes.Subtract(query, row);
        return TLanes.MultiplyAdd(difference, difference, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Accumulate(float query, float row, float sum) => sum + ((query - row) * (query - row));

    public static float Distance(float sum) => sum;

    public static Vector512<float> Distances(Vector512<float> sums) => sums;
}

/// <summary>Negative inner product, so that smaller is better.</summary>
internal readonly struct NegativeProduct : IFloatOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Accumulate<TLanes, TVector>(TVector query, TVector row, TVector sum)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct => TLanes.MultiplyAdd(query, row, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Accumulate(float query, float row, float sum) => sum + (query * row);

    public static float Distance(float sum) => 0f - sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Distances(Vector512<float> sums) => Vector512<float>.Zero - sums;
}

/// <summary>
/// Float32, Float16 and BFloat16 rows against a float32 query. Two accumulators per row: one row alone then waits on latency, but four
/// rows at once keep both multipliers busy, and both paths add in the same order.
/// </summary>
internal readonly unsafe struct FloatKernel<TLanes, TVector, TElement, TOperation> : IVectorKernel
    where TLanes : struct, IFloatLanes<TVector>
    where TVector : struct
    where TElement : struct, IFloatElement
    where TOperation : struct, IFloatOperation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length)
    {
        TVector sums = Registers((float*)query, row, length, out int done);
        return Finish((float*)query, row, done, length, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        float* q = (float*)query;
        int step = TLanes.Count;
        TVector even0 = TLanes.Zero, even1 = TLanes.Zero, even2 = TLanes.Zero, even3 = TLanes.Zero;
        TVector odd0 = TLanes.Zero, odd1 = TLanes.Zero, odd2 = TLanes.Zero, odd3 = TLanes.Zero;
        int i = 0;
        for (; i <= length - (2 * step); i += 2 * step)
        {
            TVector part = TLanes.LoadSingle(q + i);
            even0 = Step(part, row0, i, even0);
            even1 = Step(part, row1, i, even1);
            even2 = Step(part, row2, i, even2);
            even3 = Step(part, row3, i, even3);
            part = TLanes.LoadSingle(q + i + step);
            odd0 = Step(part, row0, i + step, odd0);
            odd1 = Step(part, row1, i + step, odd1);
            odd2 = Step(part, row2, i + step, odd2);
            odd3 = Step(part, row3, i + step, odd3);
        }

        if (i <= length - step)
        {
            TVector part = TLanes.LoadSingle(q + i);
            even0 = Step(part, row0, i, even0);
            even1 = Step(part, row1, i, even1);
            even2 = Step(part, row2, i, even2);
            even3 = Step(part, row3, i, even3);
            i += step;
        }

        if (i < length && length >= step)
        {
            TVector part = TLanes.KeepLast(TLanes.LoadSingle(q + length - step), length - i);
            odd0 = LastStep(part, row0, length, i, odd0);
            odd1 = LastStep(part, row1, length, i, odd1);
            odd2 = LastStep(part, row2, length, i, odd2);
            odd3 = LastStep(part, row3, length, i, odd3);
            i = length;
        }

        distances[0] = Finish(q, row0, i, length, TLanes.Add(even0, odd0));
        distances[1] = Finish(q, row1, i, length, TLanes.Add(even1, odd1));
        distances[2] = Finish(q, row2, i, length, TLanes.Add(even2, odd2));
        distances[3] = Finish(q, row3, i, length, TLanes.Add(even3, odd3));
    }

    /// <summary>Sums by lanes are left in memory, from which the totals of sixteen rows are added up at a time.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distances(byte* query, byte* rows, int rowBytes, int count, int length, float* distances)
    {
        byte* memory = stackalloc byte[RowTotals.Alignment + (RowTotals.Rows * RowTotals.Alignment)];
        float* sums = (float*)RowTotals.Align(memory);
        for (; length >= TLanes.Count && count >= RowTotals.Rows; count -= RowTotals.Rows, distances += RowTotals.Rows)
        {
            for (int i = 0; i < RowTotals.Rows; i++, rows += rowBytes)
                TLanes.Store(Registers((float*)query, rows, length, out _), sums + (i * TLanes.Count));
            TOperation.Distances(TLanes.Sums(sums)).Store(distances);
        }

        FewRows.Distances<FloatKernel<TLanes, TVector, TElement, TOperation>>(query, rows, rowBytes, count, length, distances);
    }

    /// <param name="done">Components summed: all, but of rows shorter than a register none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Registers(float* query, byte* row, int length, out int done)
    {
        int step = TLanes.Count;
        TVector even = TLanes.Zero, odd = TLanes.Zero;
        int i = 0;
        for (; i <= length - (2 * step); i += 2 * step)
        {
            even = Step(TLanes.LoadSingle(query + i), row, i, even);
            odd = Step(TLanes.LoadSingle(query + i + step), row, i + step, odd);
        }

        if (i <= length - step)
        {
            even = Step(TLanes.LoadSingle(query + i), row, i, even);
            i += step;
        }

        if (i < length && length >= step)
        {
            odd = LastStep(TLanes.KeepLast(TLanes.LoadSingle(query + length - step), length - i), row, length, i, odd);
            i = length;
        }

        done = i;
        return TLanes.Add(even, odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Step(TVector query, byte* row, int index, TVector sum) =>
        TOperation.Accumulate<TLanes, TVector>(query, TElement.Load<TLanes, TVector>(row, index), sum);

    /// <summary>The last, partial register is loaded so that it ends with the row; lanes already summed are zeroed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector LastStep(TVector query, byte* row, int length, int done, TVector sum)
    {
        TVector last = TLanes.KeepLast(TElement.Load<TLanes, TVector>(row, length - TLanes.Count), length - done);
        return TOperation.Accumulate<TLanes, TVector>(query, last, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(float* query, byte* row, int done, int length, TVector sums)
    {
        float sum = TLanes.Sum(sums);
        for (int i = done; i < length; i++)
            sum = TOperation.Accumulate(query[i], TElement.Read(row, i), sum);
        return TOperation.Distance(sum);
    }
}
