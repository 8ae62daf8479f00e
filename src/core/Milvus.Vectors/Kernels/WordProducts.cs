using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Products of rows of unsigned bytes with one vector of signed words (<see cref="RoundedQuery"/>), exact in 32 bits. One row after the other, so that memory is read in its
/// order: four rows at a time are four streams, which processors follow badly.
/// </summary>
internal static unsafe class WordProducts
{
    /// <summary>Lengths are multiples of this.</summary>
    public const int Lanes = 32;

    private const int Half = Lanes / 2;

    /// <summary>Four rows' products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Of(byte* a, byte* b, byte* c, byte* d, short* units, int length)
    {
        if (Avx512BW.IsSupported)
            return Sums(Multiply512(a, units, length), Multiply512(b, units, length), Multiply512(c, units, length), Multiply512(d, units, length));
        return Avx2.IsSupported
            ? Sums(Multiply256(a, units, length), Multiply256(b, units, length), Multiply256(c, units, length), Multiply256(d, units, length))
            : Vector128.Create(Portable(a, units, length), Portable(b, units, length), Portable(c, units, length), Portable(d, units, length));
    }

    /// <summary>One row's product.</summary>
    public static int Of(byte* row, short* units, int length) =>
        Avx512BW.IsSupported ? Vector256.Sum(Multiply512(row, units, length))
        : Avx2.IsSupported ? Vector256.Sum(Multiply256(row, units, length))
        : Portable(row, units, length);

    /// <summary>The sum of each register's lanes, by two steps of horizontal additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        if (!Avx2.IsSupported)
            return Vector128.Create(Vector256.Sum(a), Vector256.Sum(b), Vector256.Sum(c), Vector256.Sum(d));
        Vector256<int> sums = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
        return sums.GetLower() + sums.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Multiply512(byte* row, short* units, int length)
    {
        Vector512<int> even = default, odd = default;
        int i = 0;
        for (; i <= length - (2 * Lanes); i += 2 * Lanes)
        {
            even += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row + i)), Vector512.Load(units + i));
            odd += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row + i + Lanes)), Vector512.Load(units + i + Lanes));
        }

        if (i < length)
            even += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row + i)), Vector512.Load(units + i));
        even += odd;
        return even.GetLower() + even.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Multiply256(byte* row, short* units, int length)
    {
        Vector256<int> even = default, odd = default;
        for (int i = 0; i < length; i += Lanes)
        {
            even += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(row + i)), Vector256.Load(units + i));
            odd += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(row + i + Half)), Vector256.Load(units + i + Half));
        }

        return even + odd;
    }

    /// <summary>128-bit operations that every processor has.</summary>
    private static int Portable(byte* row, short* units, int length)
    {
        Vector128<int> sum = default;
        for (int i = 0; i < length; i += Half)
        {
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Load(row + i));
            sum += Step(low.AsInt16(), Vector128.Load(units + i)) + Step(high.AsInt16(), Vector128.Load(units + i + 8));
        }

        return Vector128.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Step(Vector128<short> row, Vector128<short> units)
    {
        (Vector128<int> rowLow, Vector128<int> rowHigh) = Vector128.Widen(row);
        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(units);
        return (rowLow * low) + (rowHigh * high);
    }
}
