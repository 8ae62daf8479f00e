using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>What is summed over the components of a pair of byte vectors.</summary>
internal interface IInt8Operation
{
    static abstract TSum Accumulate<TLanes, TWide, TSum>(TWide query, TWide row, TSum sum)
        where TLanes : struct, IInt8Lanes<TWide, TSum>
        where TWide : struct
        where TSum : struct;

    static abstract int Accumulate(int query, int row, int sum);

    static abstract float Distance(int sum);

    /// <summary>The same for sixteen pairs.</summary>
    static abstract Vector512<float> Distances(Vector512<int> sums);
}

/// <summary>Squared Euclidean distance of byte vectors.</summary>
internal readonly struct Int8SquaredDifference : IInt8Operation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TSum Accumulate<TLanes, TWide, TSum>(TWide query, TWide row, TSum sum)
        where TLanes : struct, IInt8Lanes<TWide, TSum>
        where TWide : struct
        where TSum : struct
    {
        TWide difference = TLanes.Subtract(query, row);
        return TLanes.MultiplyAdd(difference, difference, sum);
    }

    public static int Accumulate(int query, int row, int sum) => sum + ((query - row) * (query - row));

    public static float Distance(int sum) => sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Distances(Vector512<int> sums) => Vector512.ConvertToSingle(sums);
}

/// <summary>Negative inner product of byte vectors.</summary>
internal readonly struct Int8NegativeProduct : IInt8Operation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TSum Accumulate<TLanes, TWide, TSum>(TWide query, TWide row, TSum sum)
        where TLanes : struct, IInt8Lanes<TWide, TSum>
        where TWide : struct
        where TSum : struct => TLanes.MultiplyAdd(query, row, sum);

    public static int Accumulate(int query, int row, int sum) => sum + (query * row);

    public static float Distance(int sum) => 0f - sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Distances(Vector512<int> sums) => Vector512<float>.Zero - Vector512.ConvertToSingle(sums);
}

/// <summary>Int8 rows against an Int8 query. Sums are exact in 32 bits up to 32 768 components.</summary>
internal readonly unsafe struct Int8Kernel<TLanes, TWide, TSum, TOperation> : IVectorKernel
    where TLanes : struct, IInt8Lanes<TWide, TSum>
    where TWide : struct
    where TSum : struct
    where TOperation : struct, IInt8Operation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length)
    {
        TSum sum = Registers((sbyte*)query, (sbyte*)row, length, out int done);
        return TOperation.Distance(Finish((sbyte*)query, (sbyte*)row, done, length, TLanes.Total(sum)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        sbyte* q = (sbyte*)query;
        sbyte* r0 = (sbyte*)row0, r1 = (sbyte*)row1, r2 = (sbyte*)row2, r3 = (sbyte*)row3;
        int step = TLanes.Count;
        TSum sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        int i = 0;
        for (; i <= length - step; i += step)
        {
            TWide part = TLanes.Load(q + i);
            sum0 = Step(part, r0 + i, sum0);
            sum1 = Step(part, r1 + i, sum1);
            sum2 = Step(part, r2 + i, sum2);
            sum3 = Step(part, r3 + i, sum3);
        }

        if (i < length && length >= step)
        {
            TWide part = TLanes.KeepLast(TLanes.Load(q + length - step), length - i);
            sum0 = LastStep(part, r0, length, i, sum0);
            sum1 = LastStep(part, r1, length, i, sum1);
            sum2 = LastStep(part, r2, length, i, sum2);
            sum3 = LastStep(part, r3, length, i, sum3);
            i = length;
        }

        distances[0] = TOperation.Distance(Finish(q, r0, i, length, TLanes.Total(sum0)));
        distances[1] = TOperation.Distance(Finish(q, r1, i, length, TLanes.Total(sum1)));
        distances[2] = TOperation.Distance(Finish(q, r2, i, length, TLanes.Total(sum2)));
        distances[3] = TOperation.Distance(Finish(q, r3, i, length, TLanes.Total(sum3)));
    }

    /// <summary>Sums by lanes are left in memory, from which the totals of sixteen rows are added up at a time.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distances(byte* query, byte* rows, int rowBytes, int count, int length, float* distances)
    {
        byte* memory = stackalloc byte[RowTotals.Alignment + (RowTotals.Rows * RowTotals.Alignment)];
        int* sums = (int*)RowTotals.Align(memory);
        for (; length >= TLanes.Count && count >= RowTotals.Rows; count -= RowTotals.Rows, distances += RowTotals.Rows)
        {
            for (int i = 0; i < RowTotals.Rows; i++, rows += rowBytes)
                TLanes.Store(Registers((sbyte*)query, (sbyte*)rows, length, out _), sums + (i * TLanes.Sums));
            TOperation.Distances(TLanes.Totals(sums)).Store(distances);
        }

        FewRows.Distances<Int8Kernel<TLanes, TWide, TSum, TOperation>>(query, rows, rowBytes, count, length, distances);
    }

    /// <param name="done">Components summed: all, but of rows shorter than a register none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TSum Registers(sbyte* query, sbyte* row, int length, out int done)
    {
        TSum sum = TLanes.Zero;
        int i = 0;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
            sum = Step(TLanes.Load(query + i), row + i, sum);
        if (i < length && length >= TLanes.Count)
        {
            sum = LastStep(TLanes.KeepLast(TLanes.Load(query + length - TLanes.Count), length - i), row, length, i, sum);
            i = length;
        }

        done = i;
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TSum Step(TWide query, sbyte* row, TSum sum) =>
        TOperation.Accumulate<TLanes, TWide, TSum>(query, TLanes.Load(row), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TSum LastStep(TWide query, sbyte* row, int length, int done, TSum sum)
    {
        TWide last = TLanes.KeepLast(TLanes.Load(row + length - TLanes.Count), length - done);
        return TOperation.Accumulate<TLanes, TWide, TSum>(query, last, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Finish(sbyte* query, sbyte* row, int done, int length, int sum)
    {
        for (int i = done; i < length; i++)
            sum = TOperation.Accumulate(query[i], row[i], sum);
        return sum;
    }
}
