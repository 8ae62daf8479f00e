using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>Which bits of a binary pair are counted, and the distance that follows from one or two counts.</summary>
internal interface IBitOperation
{
    static abstract bool CountsTwice { get; }

    static abstract TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct;

    /// <summary>Only used when <see cref="CountsTwice"/>.</summary>
    static abstract TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct;

    static abstract float Distance(int first, int second);
}

/// <summary>Differing bits.</summary>
internal readonly struct HammingOperation : IBitOperation
{
    public static bool CountsTwice => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.Xor(query, row);

    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => query;

    public static float Distance(int first, int second) => first;
}

/// <summary>1 − |a∧b| / |a∨b|; 0 for two empty sets.</summary>
internal readonly struct JaccardOperation : IBitOperation
{
    public static bool CountsTwice => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.And(query, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.Or(query, row);

    public static float Distance(int first, int second) => second == 0 ? 0f : 1f - ((float)first / second);
}

/// <summary>0 when the query's bits are a subset of the row's, else 1.</summary>
internal readonly struct SubstructureOperation : IBitOperation
{
    public static bool CountsTwice => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.AndNot(query, row);

    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => query;

    public static float Distance(int first, int second) => first == 0 ? 0f : 1f;
}

/// <summary>0 when the row's bits are a subset of the query's, else 1.</summary>
internal readonly struct SuperstructureOperation : IBitOperation
{
    public static bool CountsTwice => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.AndNot(row, query);

    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => query;

    public static float Distance(int first, int second) => first == 0 ? 0f : 1f;
}

/// <summary>Binary rows against a binary query; <c>length</c> counts bytes. Exact.</summary>
internal readonly unsafe struct BitKernel<TLanes, TVector, TOperation> : IVectorKernel
    where TLanes : struct, IBitLanes<TVector>
    where TVector : struct
    where TOperation : struct, IBitOperation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length)
    {
        TVector firsts = TLanes.Zero, seconds = TLanes.Zero;
        int i = 0;
        for (; i <= length - TLanes.Bytes; i += TLanes.Bytes)
        {
            TVector q = TLanes.Load(query + i), r = TLanes.Load(row + i);
            firsts = TLanes.CountInto(firsts, TOperation.First<TLanes, TVector>(q, r));
            if (TOperation.CountsTwice)
                seconds = TLanes.CountInto(seconds, TOperation.Second<TLanes, TVector>(q, r));
        }

        ulong first = 0, second = 0;
        for (; i <= length - sizeof(ulong); i += sizeof(ulong))
            Count(*(ulong*)(query + i), *(ulong*)(row + i), ref first, ref second);
        for (; i < length; i++)
            Count(query[i], row[i], ref first, ref second);
        return TOperation.Distance(
            TLanes.Total(firsts) + (int)first, TOperation.CountsTwice ? TLanes.Total(seconds) + (int)second : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        distances[0] = Distance(query, row0, length);
        distances[1] = Distance(query, row1, length);
        distances[2] = Distance(query, row2, length);
        distances[3] = Distance(query, row3, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Count(ulong query, ulong row, ref ulong first, ref ulong second)
    {
        first = BitLanesPortable.CountInto(first, TOperation.First<BitLanesPortable, ulong>(query, row));
        if (TOperation.CountsTwice)
            second = BitLanesPortable.CountInto(second, TOperation.Second<BitLanesPortable, ulong>(query, row));
    }
}
