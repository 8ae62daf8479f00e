using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Milvus.Vectors;

/// <summary>Which bits of a binary pair are counted, and the distance that follows from one or two counts.</summary>
internal interface IBitOperation
{
    static abstract bool CountsTwice { get; }

    /// <summary>Whether it only matters if there are any: then they are marked, not counted.</summary>
    static abstract bool MarksOnly { get; }

    static abstract TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct;

    /// <summary>Only used when <see cref="CountsTwice"/>.</summary>
    static abstract TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct;

    static abstract float Distance(int first, int second);

    /// <summary>The same for sixteen pairs.</summary>
    static abstract Vector512<float> Distances(Vector512<int> first, Vector512<int> second);
}

/// <summary>Differing bits.</summary>
internal readonly struct HammingOperation : IBitOperation
{
    public static bool CountsTwice => false;

    public static bool MarksOnly => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.Xor(query, row);

    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => query;

    public static float Distance(int first, int second) => first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Distances(Vector512<int> first, Vector512<int> second) => Vector512.ConvertToSingle(first);
}

/// <summary>1 − |a∧b| / |a∨b|; 0 for two empty sets.</summary>
internal readonly struct JaccardOperation : IBitOperation
{
    public static bool CountsTwice => true;

    public static bool MarksOnly => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.And(query, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.Or(query, row);

    public static float Distance(int first, int second) => second == 0 ? 0f : 1f - ((float)first / second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Distances(Vector512<int> first, Vector512<int> second)
    {
        Vector512<float> distances = Vector512<float>.One - (Vector512.ConvertToSingle(first) / Vector512.ConvertToSingle(second));
        return Vector512.AndNot(distances.AsInt32(), Vector512.Equals(second, Vector512<int>.Zero)).AsSingle();
    }
}

/// <summary>0 when the query's bits are a subset of the row's, else 1.</summary>
internal readonly struct SubstructureOperation : IBitOperation
{
    public static bool CountsTwice => false;

    public static bool MarksOnly => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.AndNot(query, row);

    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => query;

    public static float Distance(int first, int second) => first == 0 ? 0f : 1f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Distances(Vector512<int> first, Vector512<int> second) =>
        Vector512.AndNot(Vector512<float>.One.AsInt32(), Vector512.Equals(first, Vector512<int>.Zero)).AsSingle();
}

/// <summary>0 when the row's bits are a subset of the query's, else 1.</summary>
internal readonly struct SuperstructureOperation : IBitOperation
{
    public static bool CountsTwice => false;

    public static bool MarksOnly => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector First<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => TLanes.AndNot(row, query);

    public static TVector Second<TLanes, TVector>(TVector query, TVector row)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => query;

    public static float Distance(int first, int second) => first == 0 ? 0f : 1f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Distances(Vector512<int> first, Vector512<int> second) =>
        Vector512.AndNot(Vector512<float>.One.AsInt32(), Vector512.Equals(first, Vector512<int>.Zero)).AsSingle();
}

/// <summary>
/// Binary rows against a binary query; <c>length</c> counts bytes. Exact. Of rows that do not fill their last register that is loaded so
/// that it ends with the row, and bytes counted before are masked; rows shorter than a register are counted by words.
/// </summary>
internal readonly unsafe struct BitKernel<TLanes, TVector, TOperation> : IVectorKernel
    where TLanes : struct, IBitLanes<TVector>
    where TVector : struct
    where TOperation : struct, IBitOperation
{
    /// <summary>A count per byte holds the ones of so many registers.</summary>
    private const int MostSteps = byte.MaxValue / 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length) => length < TLanes.Bytes ? Words(query, row, length) : One(query, row, length);

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

        distances[0] = One(query, row0, length);
        distances[1] = One(query, row1, length);
        distances[2] = One(query, row2, length);
        distances[3] = One(query, row3, length);
    }

    /// <summary>
    /// Sixteen rows at a time, whose totals are added up together: what takes time of short rows is not their bits, but what is done once
    /// for each. Rows that divide a register are counted several at a time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distances(byte* query, byte* rows, int rowBytes, int count, int length, float* distances)
    {
        int whole = count & -RowTotals.Rows;
        if (length >= TLanes.Bytes)
            Long(query, rows, rowBytes, whole, length, distances);
        else if (length >= sizeof(ulong) && length == rowBytes && TLanes.Bytes % length == 0)
            Several(query, rows, whole, length, distances);
        else
            whole = 0;
        FewRows.Distances<BitKernel<TLanes, TVector, TOperation>>(query, rows + ((nint)whole * rowBytes), rowBytes, count - whole, length, distances + whole);
    }

    /// <summary>Rows of at least a register, whose sums are left in memory.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Long(byte* query, byte* rows, int rowBytes, int count, int length, float* distances)
    {
        byte* memory = stackalloc byte[RowTotals.Alignment * (1 + (2 * RowTotals.Rows))];
        byte* firsts = RowTotals.Align(memory), seconds = firsts + (RowTotals.Rows * TLanes.Bytes);
        for (; count > 0; count -= RowTotals.Rows, distances += RowTotals.Rows)
        {
            for (int i = 0; i < RowTotals.Rows * TLanes.Bytes; i += TLanes.Bytes, rows += rowBytes)
            {
                Registers(query, rows, length, out TVector first, out TVector second);
                TLanes.Store(first, firsts + i);
                if (TOperation.CountsTwice)
                    TLanes.Store(second, seconds + i);
            }

            Vector512<int> totals = TLanes.Totals(firsts);
            TOperation.Distances(totals, TOperation.CountsTwice ? TLanes.Totals(seconds) : totals).Store(distances);
        }
    }

    /// <summary>Rows several of which fill a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Several(byte* query, byte* rows, int count, int length, float* distances)
    {
        byte* room = stackalloc byte[TLanes.Bytes];
        TVector repeated = Repeat(query, length, room);
        int perRow = length / sizeof(ulong);
        for (; count > 0; count -= RowTotals.Rows, rows += RowTotals.Rows * length, distances += RowTotals.Rows)
        {
            Vector512<int> totals = TLanes.Totals(new First(repeated, rows), perRow);
            TOperation.Distances(totals, TOperation.CountsTwice ? TLanes.Totals(new Second(repeated, rows), perRow) : totals).Store(distances);
        }
    }

    /// <summary>A register full of the query.</summary>
    /// <param name="room">For as much.</param>
    private static TVector Repeat(byte* query, int length, byte* room)
    {
        for (int i = 0; i < TLanes.Bytes; i += sizeof(ulong))
            *(ulong*)(room + i) = *(ulong*)(query + (i & (length - 1)));
        return TLanes.Load(room);
    }

    /// <summary>The counts of a row of at least a register, by 64-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Registers(byte* query, byte* row, int length, out TVector first, out TVector second)
    {
        first = TLanes.Zero;
        second = TLanes.Zero;
        int i = 0, last = length - TLanes.Bytes;
        do
        {
            TVector firsts = TLanes.Zero, seconds = TLanes.Zero;
            for (int end = Math.Min(last, i + ((MostSteps - 2) * TLanes.Bytes)); i <= end; i += TLanes.Bytes)
                Step(TLanes.Load(query + i), TLanes.Load(row + i), ref firsts, ref seconds);
            if (i > last && i < length)
            {
                TVector lastOfRow = TLanes.Load(row + last), lastOfQuery = TLanes.Load(query + last);
                Step(TLanes.KeepLast(lastOfQuery, length - i), TLanes.KeepLast(lastOfRow, length - i), ref firsts, ref seconds);
                i = length;
            }

            first = TLanes.Add(first, TLanes.Sums(firsts));
            if (TOperation.CountsTwice)
                second = TLanes.Add(second, TLanes.Sums(seconds));
        }
        while (i < length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One(byte* query, byte* row, int length)
    {
        Registers(query, row, length, out TVector first, out TVector second);
        return TOperation.Distance(TLanes.Total(first), TOperation.CountsTwice ? TLanes.Total(second) : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Words(byte* query, byte* row, int length)
    {
        ulong first = 0, second = 0;
        int i = 0;
        for (; i <= length - sizeof(ulong); i += sizeof(ulong))
            BitKernel<BitLanesPortable, ulong, TOperation>.Step(*(ulong*)(query + i), *(ulong*)(row + i), ref first, ref second);
        for (; i < length; i++)
            BitKernel<BitLanesPortable, ulong, TOperation>.Step(query[i], row[i], ref first, ref second);
        return TOperation.Distance((int)first, TOperation.CountsTwice ? (int)second : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(TVector query, TVector row, ref TVector first, ref TVector second)
    {
        first = CountFirst(first, query, row);
        if (TOperation.CountsTwice)
            second = CountSecond(second, query, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector CountFirst(TVector counts, TVector query, TVector row)
    {
        TVector bits = TOperation.First<TLanes, TVector>(query, row);
        return TOperation.MarksOnly ? TLanes.Mark(counts, bits) : TLanes.Count(counts, bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector CountSecond(TVector counts, TVector query, TVector row) =>
        TLanes.Count(counts, TOperation.Second<TLanes, TVector>(query, row));

    /// <summary>The first counts of a register full of rows after the other.</summary>
    private readonly struct First(TVector query, byte* rows) : IRegisters<TVector>
    {
        private readonly TVector _query = query;
        private readonly byte* _rows = rows;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Get(int index) => TLanes.Sums(CountFirst(TLanes.Zero, _query, TLanes.Load(_rows + (index * TLanes.Bytes))));
    }

    /// <summary>The second ones.</summary>
    private readonly struct Second(TVector query, byte* rows) : IRegisters<TVector>
    {
        private readonly TVector _query = query;
        private readonly byte* _rows = rows;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Get(int index) => TLanes.Sums(CountSecond(TLanes.Zero, _query, TLanes.Load(_rows + (index * TLanes.Bytes))));
    }
}
