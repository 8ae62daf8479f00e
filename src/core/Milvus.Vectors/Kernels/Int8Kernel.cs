using System.Runtime.CompilerServices;

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
        sbyte* q = (sbyte*)query, r = (sbyte*)row;
        int step = TLanes.Count;
        TSum even = TLanes.Zero;
        int i = 0;
        for (; i <= length - step; i += step)
            even = Step(TLanes.Load(q + i), r + i, even);
        if (i < length && length >= step)
        {
            even = LastStep(TLanes.KeepLast(TLanes.Load(q + length - step), length - i), r, length, i, even);
            i = length;
        }

        return Finish(q, r, i, length, even);
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

        distances[0] = Finish(q, r0, i, length, sum0);
        distances[1] = Finish(q, r1, i, length, sum1);
        distances[2] = Finish(q, r2, i, length, sum2);
        distances[3] = Finish(q, r3, i, length, sum3);
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
    private static float Finish(sbyte* query, sbyte* row, int done, int length, TSum lanes)
    {
        int sum = TLanes.Total(lanes);
        for (int i = done; i < length; i++)
            sum = TOperation.Accumulate(query[i], row[i], sum);
        return TOperation.Distance(sum);
    }
}
