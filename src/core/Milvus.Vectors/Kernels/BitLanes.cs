using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>Boolean operations and bit counts over a register.</summary>
internal unsafe interface IBitLanes<TVector>
    where TVector : struct
{
    static abstract int Bytes { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(byte* source);

    static abstract TVector And(TVector left, TVector right);

    static abstract TVector Or(TVector left, TVector right);

    static abstract TVector Xor(TVector left, TVector right);

    /// <summary>left and not right.</summary>
    static abstract TVector AndNot(TVector left, TVector right);

    /// <summary>Adds the number of one bits to a register of counts.</summary>
    static abstract TVector CountInto(TVector counts, TVector bits);

    /// <summary>Zeroes all but the last <paramref name="bytes"/> bytes.</summary>
    static abstract TVector KeepLast(TVector vector, int bytes);

    static abstract int Total(TVector counts);

    /// <summary>The totals of four registers of counts.</summary>
    static abstract void Totals(TVector counts0, TVector counts1, TVector counts2, TVector counts3, int* totals);
}

/// <summary>64 bytes, AVX-512BW: bits are counted by looking up both nibbles of every byte.</summary>
internal readonly unsafe struct BitLanes512 : IBitLanes<Vector512<byte>>
{
    public static int Bytes => 64;

    public static Vector512<byte> Zero => Vector512<byte>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(byte* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> And(Vector512<byte> left, Vector512<byte> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Or(Vector512<byte> left, Vector512<byte> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Xor(Vector512<byte> left, Vector512<byte> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> AndNot(Vector512<byte> left, Vector512<byte> right) => Vector512.AndNot(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> CountInto(Vector512<byte> counts, Vector512<byte> bits)
    {
        Vector512<byte> table = NibbleCounts.Table512;
        Vector512<byte> nibble = Vector512.Create((byte)0x0F);
        Vector512<byte> low = Avx512BW.Shuffle(table, bits & nibble);
        Vector512<byte> high = Avx512BW.Shuffle(table, (bits.AsUInt16() >> 4).AsByte() & nibble);
        Vector512<ushort> sums = Avx512BW.SumAbsoluteDifferences(low + high, Vector512<byte>.Zero);
        return (counts.AsUInt64() + sums.AsUInt64()).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> KeepLast(Vector512<byte> vector, int bytes) => vector & Vector512.LoadUnsafe(ref ByteMasks.ZerosThenOnes, (nuint)bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector512<byte> counts) => (int)Vector512.Sum(counts.AsUInt64());

    /// <summary>Counts stay below 2³², so that pairs of 64-bit lanes fold into 32-bit ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Totals(Vector512<byte> counts0, Vector512<byte> counts1, Vector512<byte> counts2, Vector512<byte> counts3, int* totals) =>
        BitLanes256.Totals(Halve(counts0), Halve(counts1), Halve(counts2), Halve(counts3), totals);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Halve(Vector512<byte> counts) => (counts.GetLower().AsUInt64() + counts.GetUpper().AsUInt64()).AsByte();
}

/// <summary>32 bytes, AVX2.</summary>
internal readonly unsafe struct BitLanes256 : IBitLanes<Vector256<byte>>
{
    public static int Bytes => 32;

    public static Vector256<byte> Zero => Vector256<byte>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> And(Vector256<byte> left, Vector256<byte> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Or(Vector256<byte> left, Vector256<byte> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Xor(Vector256<byte> left, Vector256<byte> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> AndNot(Vector256<byte> left, Vector256<byte> right) => Vector256.AndNot(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> CountInto(Vector256<byte> counts, Vector256<byte> bits)
    {
        Vector256<byte> table = NibbleCounts.Table256;
        Vector256<byte> nibble = Vector256.Create((byte)0x0F);
        Vector256<byte> low = Avx2.Shuffle(table, bits & nibble);
        Vector256<byte> high = Avx2.Shuffle(table, (bits.AsUInt16() >> 4).AsByte() & nibble);
        Vector256<ushort> sums = Avx2.SumAbsoluteDifferences(low + high, Vector256<byte>.Zero);
        return (counts.AsUInt64() + sums.AsUInt64()).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> KeepLast(Vector256<byte> vector, int bytes) => vector & Vector256.LoadUnsafe(ref ByteMasks.ZerosThenOnes, (nuint)(32 + bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector256<byte> counts) => (int)Vector256.Sum(counts.AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Totals(Vector256<byte> counts0, Vector256<byte> counts1, Vector256<byte> counts2, Vector256<byte> counts3, int* totals)
    {
        Vector256<int> front = Avx2.HorizontalAdd(counts0.AsInt32(), counts1.AsInt32()), back = Avx2.HorizontalAdd(counts2.AsInt32(), counts3.AsInt32());
        Vector256<int> all = Avx2.HorizontalAdd(front, back);
        (all.GetLower() + all.GetUpper()).Store(totals);
    }
}

/// <summary>Eight bytes in a general register.</summary>
internal readonly unsafe struct BitLanesPortable : IBitLanes<ulong>
{
    public static int Bytes => 8;

    public static ulong Zero => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(byte* source) => *(ulong*)source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong And(ulong left, ulong right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Or(ulong left, ulong right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Xor(ulong left, ulong right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong AndNot(ulong left, ulong right) => left & ~right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CountInto(ulong counts, ulong bits) => counts + (ulong)BitOperations.PopCount(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong KeepLast(ulong vector, int bytes) => vector & (ulong.MaxValue << (64 - (8 * bytes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(ulong counts) => (int)counts;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Totals(ulong counts0, ulong counts1, ulong counts2, ulong counts3, int* totals)
    {
        totals[0] = (int)counts0;
        totals[1] = (int)counts1;
        totals[2] = (int)counts2;
        totals[3] = (int)counts3;
    }
}

/// <summary>The number of one bits of 0…15, in every 16 bytes; written out so that it is a constant to the compiler.</summary>
internal static class NibbleCounts
{
    public static Vector256<byte> Table256
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    }

    public static Vector512<byte> Table512
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    }
}

internal static class ByteMasks
{
    private static ReadOnlySpan<byte> Table =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ];

    /// <summary>64 zero bytes followed by 64 bytes of ones.</summary>
    public static ref byte ZerosThenOnes => ref System.Runtime.InteropServices.MemoryMarshal.GetReference(Table);
}
