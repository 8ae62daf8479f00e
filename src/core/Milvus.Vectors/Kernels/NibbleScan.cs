using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Sums table entries picked by 4-bit indexes for 32 vectors at once: 16 indexes are looked up per byte shuffle (André, Kermarrec and
/// Le Scouarnec 2015, "Cache locality is not enough"). Group g of the codes is 16 bytes; byte p holds vector p's index in its lower half
/// and vector 16 + p's in its upper half. Group g of the tables is 16 bytes.
/// </summary>
internal static unsafe class NibbleScan
{
    public const int Vectors = 32;
    public const int GroupBytes = 16;

    /// <summary>Groups are scanned four at a time.</summary>
    public const int GroupMultiple = 4;

    /// <summary>The largest table entry whose sums over all groups fit 16 bits.</summary>
    public static int LargestEntry(int groups) => Math.Min(255, ushort.MaxValue / groups);

    /// <summary>Writes the sums of the 32 vectors.</summary>
    /// <param name="groups">A multiple of <see cref="GroupMultiple"/>.</param>
    /// <param name="sums">32 sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(byte* codes, byte* tables, int groups, ushort* sums)
    {
        if (Avx512BW.IsSupported)
            Sum512(codes, tables, groups * GroupBytes, sums);
        else
            SumPortable(codes, tables, groups * GroupBytes, sums);
    }

    /// <summary>For tests and processors without AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumPortable(byte* codes, byte* tables, int bytes, ushort* sums)
    {
        Vector128<byte> nibble = Vector128.Create((byte)0x0F);
        Vector128<ushort> byteMask = Vector128.Create((ushort)0x00FF);
        Vector128<ushort> lowEven = default, lowOdd = default, highEven = default, highOdd = default;
        for (int i = 0; i < bytes; i += GroupBytes)
        {
            Vector128<byte> code = Vector128.Load(codes + i), table = Vector128.Load(tables + i);
            Vector128<ushort> low = Vector128.Shuffle(table, code & nibble).AsUInt16();
            Vector128<ushort> high = Vector128.Shuffle(table, Vector128.ShiftRightLogical(code.AsUInt16(), 4).AsByte() & nibble).AsUInt16();
            lowEven += low & byteMask;
            lowOdd += low >> 8;
            highEven += high & byteMask;
            highOdd += high >> 8;
        }

        for (int i = 0; i < 8; i++)
        {
            sums[2 * i] = lowEven.GetElement(i);
            sums[(2 * i) + 1] = lowOdd.GetElement(i);
            sums[16 + (2 * i)] = highEven.GetElement(i);
            sums[17 + (2 * i)] = highOdd.GetElement(i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum512(byte* codes, byte* tables, int bytes, ushort* sums)
    {
        Vector512<byte> nibble = Vector512.Create((byte)0x0F);

        // Even bytes are added together with the odd bytes above them, which are taken off at the end.
        Vector512<ushort> lowAll = default, lowOdd = default, highAll = default, highOdd = default;
        for (int i = 0; i < bytes; i += 64)
        {
            Vector512<byte> code = Vector512.Load(codes + i), table = Vector512.Load(tables + i);
            Vector512<ushort> low = Avx512BW.Shuffle(table, code & nibble).AsUInt16();
            Vector512<ushort> high = Avx512BW.Shuffle(table, Vector512.ShiftRightLogical(code.AsUInt16(), 4).AsByte() & nibble).AsUInt16();
            lowAll += low;
            lowOdd += Vector512.ShiftRightLogical(low, 8);
            highAll += high;
            highOdd += Vector512.ShiftRightLogical(high, 8);
        }

        Interleave(lowAll - Vector512.ShiftLeft(lowOdd, 8), lowOdd, sums);
        Interleave(highAll - Vector512.ShiftLeft(highOdd, 8), highOdd, sums + 16);
    }

    /// <summary>Adds the four groups of a register and puts even and odd vectors in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(Vector512<ushort> even, Vector512<ushort> odd, ushort* sums)
    {
        Vector256<ushort> evenHalf = even.GetLower() + even.GetUpper(), oddHalf = odd.GetLower() + odd.GetUpper();
        Vector128<ushort> evens = evenHalf.GetLower() + evenHalf.GetUpper(), odds = oddHalf.GetLower() + oddHalf.GetUpper();
        Sse2.UnpackLow(evens, odds).Store(sums);
        Sse2.UnpackHigh(evens, odds).Store(sums + 8);
    }
}
