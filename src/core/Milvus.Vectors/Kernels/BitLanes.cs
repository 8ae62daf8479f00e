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

    /// <summary>Adds the number of one bits in every byte to a register of counts.</summary>
    static abstract TVector Count(TVector counts, TVector bits);

    /// <summary>Where there is a one bit, the count does not stay zero.</summary>
    static abstract TVector Mark(TVector counts, TVector bits);

    /// <summary>The sums of eight counts, by 64-bit lanes.</summary>
    static abstract TVector Sums(TVector counts);

    static abstract TVector Add(TVector left, TVector right);

    /// <summary>Zeroes all but the last <paramref name="bytes"/> bytes.</summary>
    static abstract TVector KeepLast(TVector vector, int bytes);

    static abstract void Store(TVector vector, byte* target);

    static abstract int Total(TVector sums);

    /// <summary>The totals of sixteen rows of so many 64-bit lanes each: a power of two, and less than a register has.</summary>
    static abstract Vector512<int> Totals<TRegisters>(TRegisters sums, int perRow)
        where TRegisters : struct, IRegisters<TVector>;

    /// <summary>The totals of sixteen rows with a register of sums each.</summary>
    static abstract Vector512<int> Totals(byte* sums);
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
    public static Vector512<byte> Count(Vector512<byte> counts, Vector512<byte> bits)
    {
        if (Avx512Vbmi.IsSupported && Gfni.V512.IsSupported)
        {
            // Seven bits of each byte are looked up; the eighth is moved to the place of the first.
            Vector512<byte> seven = Avx512Vbmi.PermuteVar64x8x2(NibbleCounts.Low512, bits, NibbleCounts.Low512 + Vector512<byte>.One);
            return counts + seven + Gfni.V512.GaloisFieldAffineTransform(bits, Vector512.Create(1UL << 63).AsByte(), 0);
        }

        Vector512<byte> table = NibbleCounts.Table512;
        Vector512<byte> nibble = Vector512.Create((byte)0x0F);
        Vector512<byte> low = Avx512BW.Shuffle(table, bits & nibble);
        Vector512<byte> high = Avx512BW.Shuffle(table, (bits.AsUInt16() >> 4).AsByte() & nibble);
        return counts + low + high;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Mark(Vector512<byte> counts, Vector512<byte> bits) => counts | bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Sums(Vector512<byte> counts) => Avx512BW.SumAbsoluteDifferences(counts, Vector512<byte>.Zero).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Add(Vector512<byte> left, Vector512<byte> right) => (left.AsUInt64() + right.AsUInt64()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> KeepLast(Vector512<byte> vector, int bytes) => vector & Vector512.LoadUnsafe(ref ByteMasks.ZerosThenOnes, (nuint)bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<byte> vector, byte* target) => vector.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector512<byte> sums) => (int)Vector512.Sum(sums.AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals<TRegisters>(TRegisters sums, int perRow)
        where TRegisters : struct, IRegisters<Vector512<byte>> => RowTotals.Totals512(sums, perRow);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals(byte* sums) => RowTotals.Totals512((ulong*)sums);
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
    public static Vector256<byte> Count(Vector256<byte> counts, Vector256<byte> bits)
    {
        Vector256<byte> table = NibbleCounts.Table256;
        Vector256<byte> nibble = Vector256.Create((byte)0x0F);
        Vector256<byte> low = Avx2.Shuffle(table, bits & nibble);
        Vector256<byte> high = Avx2.Shuffle(table, (bits.AsUInt16() >> 4).AsByte() & nibble);
        return counts + low + high;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Mark(Vector256<byte> counts, Vector256<byte> bits) => counts | bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Sums(Vector256<byte> counts) => Avx2.SumAbsoluteDifferences(counts, Vector256<byte>.Zero).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> left, Vector256<byte> right) => (left.AsUInt64() + right.AsUInt64()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> KeepLast(Vector256<byte> vector, int bytes) => vector & Vector256.LoadUnsafe(ref ByteMasks.ZerosThenOnes, (nuint)(32 + bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> vector, byte* target) => vector.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector256<byte> sums) => (int)Vector256.Sum(sums.AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals<TRegisters>(TRegisters sums, int perRow)
        where TRegisters : struct, IRegisters<Vector256<byte>> => RowTotals.Totals256(sums, perRow);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals(byte* sums) => RowTotals.Totals256((ulong*)sums);
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
    public static ulong Count(ulong counts, ulong bits) => counts + (ulong)BitOperations.PopCount(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mark(ulong counts, ulong bits) => Count(counts, bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sums(ulong counts) => counts;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ulong left, ulong right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong KeepLast(ulong vector, int bytes) => vector & (ulong.MaxValue << (64 - (8 * bytes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ulong vector, byte* target) => *(ulong*)target = vector;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(ulong sums) => (int)sums;

    public static Vector512<int> Totals<TRegisters>(TRegisters sums, int perRow)
        where TRegisters : struct, IRegisters<ulong> => throw new NotSupportedException("no row is shorter than a register");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals(byte* sums) => Vector512.Narrow(Vector512.Load((long*)sums), Vector512.Load((long*)sums + 8));
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

    /// <summary>The number of one bits of 0…63.</summary>
    public static Vector512<byte> Low512
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            1, 2, 2, 3, 2, 3, 3, 4, 2, 3, 3, 4, 3, 4, 4, 5,
            1, 2, 2, 3, 2, 3, 3, 4, 2, 3, 3, 4, 3, 4, 4, 5,
            2, 3, 3, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 5, 5, 6);
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
