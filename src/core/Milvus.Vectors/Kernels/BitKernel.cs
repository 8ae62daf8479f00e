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

/// <summary>
/// Binary rows against a binary query; <c>length</c> counts bytes. Exact. Rows shorter than a register are counted by words; of longer
/// ones the last, partial register is loaded so that it ends with the row, and bytes counted before are masked.
/// </summary>
internal readonly unsafe struct BitKernel<TLanes, TVector, TOperation> : IVectorKernel
    where TLanes : struct, IBitLanes<TVector>
    where TVector : struct
    where TOperation : struct, IBitOperation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length) =>
        length < TLanes.Bytes ? Words(query, row, length) : Registers(query, row, length);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        if (length < TLanes.Bytes)
        {
            distances[0] = Words(query, row0, length);
            distances[1] = Words(query, row1, length);
            distances[2] = Words(query, row2, length);
            distances[3] = Words(query, row3, length);
            return;
        }

        TVector first0 = TLanes.Zero, first1 = TLanes.Zero, first2 = TLanes.Zero, first3 = TLanes.Zero;
        TVector second0 = TLanes.Zero, second1 = TLanes.Zero, second2 = TLanes.Zero, second3 = TLanes.Zero;
        int i = 0;
        for (; i <= length - TLanes.Bytes; i += TLanes.Bytes)
        {
            TVector part = TLanes.Load(query + i);
            Step(part, TLanes.Load(row0 + i), ref first0, ref second0);
            Step(part, TLanes.Load(row1 + i), ref first1, ref second1);
            Step(part, TLanes.Load(row2 + i), ref first2, ref second2);
            Step(part, TLanes.Load(row3 + i), ref first3, ref second3);
        }

        if (i < length)
        {
            int last = length - TLanes.Bytes, fresh = length - i;
            TVector part = TLanes.KeepLast(TLanes.Load(query + last), fresh);
            Step(part, TLanes.KeepLast(TLanes.Load(row0 + last), fresh), ref first0, ref second0);
            Step(part, TLanes.KeepLast(TLanes.Load(row1 + last), fresh), ref first1, ref second1);
            Step(part, TLanes.KeepLast(TLanes.Load(row2 + last), fresh), ref first2, ref second2);
            Step(part, TLanes.KeepLast(TLanes.Load(row3 + last), fresh), ref first3, ref second3);
        }

        int* firsts = stackalloc int[8];
        TLanes.Totals(first0, first1, first2, first3, firsts);
        if (TOperation.CountsTwice)
            TLanes.Totals(second0, second1, second2, second3, firsts + 4);
        for (int row = 0; row < 4; row++)
            distances[row] = TOperation.Distance(firsts[row], TOperation.CountsTwice ? firsts[row + 4] : 0);
    }

    /// <summary>
    /// Short rows, several to a register: what takes time is not their bits but one comparison for each, so that registers are compared first. Hamming only.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Beyond(byte* query, byte* rows, int count, int length, float bound) =>
        typeof(TLanes) == typeof(BitLanes512) && typeof(TOperation) == typeof(HammingOperation) && length is 8 or 16 or 32 && bound < length * 8
            ? ShortRows.Beyond(query, rows, count, length, (ulong)bound)
            : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Registers(byte* query, byte* row, int length)
    {
        TVector firsts = TLanes.Zero, seconds = TLanes.Zero;
        int i = 0;
        for (; i <= length - TLanes.Bytes; i += TLanes.Bytes)
            Step(TLanes.Load(query + i), TLanes.Load(row + i), ref firsts, ref seconds);
        if (i < length)
        {
            int last = length - TLanes.Bytes;
            Step(TLanes.KeepLast(TLanes.Load(query + last), length - i), TLanes.KeepLast(TLanes.Load(row + last), length - i), ref firsts, ref seconds);
        }

        return TOperation.Distance(TLanes.Total(firsts), TOperation.CountsTwice ? TLanes.Total(seconds) : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Words(byte* query, byte* row, int length)
    {
        ulong first = 0, second = 0;
        int i = 0;
        for (; i <= length - sizeof(ulong); i += sizeof(ulong))
            Count(*(ulong*)(query + i), *(ulong*)(row + i), ref first, ref second);
        for (; i < length; i++)
            Count(query[i], row[i], ref first, ref second);
        return TOperation.Distance((int)first, TOperation.CountsTwice ? (int)second : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(TVector query, TVector row, ref TVector first, ref TVector second)
    {
        first = TLanes.CountInto(first, TOperation.First<TLanes, TVector>(query, row));
        if (TOperation.CountsTwice)
            second = TLanes.CountInto(second, TOperation.Second<TLanes, TVector>(query, row));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Count(ulong query, ulong row, ref ulong first, ref ulong second)
    {
        first = BitLanesPortable.CountInto(first, TOperation.First<BitLanesPortable, ulong>(query, row));
        if (TOperation.CountsTwice)
            second = BitLanesPortable.CountInto(second, TOperation.Second<BitLanesPortable, ulong>(query, row));
    }
}
