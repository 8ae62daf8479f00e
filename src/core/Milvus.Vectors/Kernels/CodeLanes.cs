using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Sums of products of unsigned bytes of rows and signed bytes of a query, exact in 32 bits up to 65 536 components. Lengths are
/// multiples of <see cref="CodeLanes.Multiple"/>.
/// </summary>
internal unsafe interface ICodeLanes
{
    static abstract int Dot(byte* row, sbyte* query, int length);

    /// <summary>Four rows, sharing the query's loads.</summary>
    static abstract void Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int length, int* dots);
}

internal static class CodeLanes
{
    /// <summary>Codes are padded to whole cache lines.</summary>
    public const int Multiple = 64;

    public static int Pad(int dimension) => (dimension + (Multiple - 1)) & ~(Multiple - 1);
}

/// <summary>AVX-VNNI: four products are summed per lane and instruction.</summary>
internal readonly unsafe struct CodeLanesVnni : ICodeLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, int length)
    {
        Vector256<int> even = default, odd = default, third = default, fourth = default;
        int i = 0;
        for (; i <= length - 128; i += 128)
        {
            even = AvxVnni.MultiplyWideningAndAdd(even, Vector256.Load(row + i), Vector256.Load(query + i));
            odd = AvxVnni.MultiplyWideningAndAdd(odd, Vector256.Load(row + i + 32), Vector256.Load(query + i + 32));
            third = AvxVnni.MultiplyWideningAndAdd(third, Vector256.Load(row + i + 64), Vector256.Load(query + i + 64));
            fourth = AvxVnni.MultiplyWideningAndAdd(fourth, Vector256.Load(row + i + 96), Vector256.Load(query + i + 96));
        }

        if (i < length)
        {
            even = AvxVnni.MultiplyWideningAndAdd(even, Vector256.Load(row + i), Vector256.Load(query + i));
            odd = AvxVnni.MultiplyWideningAndAdd(odd, Vector256.Load(row + i + 32), Vector256.Load(query + i + 32));
        }

        return Vector256.Sum((even + odd) + (third + fourth));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int length, int* dots)
    {
        Vector256<int> even0 = default, even1 = default, even2 = default, even3 = default;
        Vector256<int> odd0 = default, odd1 = default, odd2 = default, odd3 = default;
        for (int i = 0; i < length; i += 64)
        {
            Vector256<sbyte> part = Vector256.Load(query + i);
            even0 = AvxVnni.MultiplyWideningAndAdd(even0, Vector256.Load(row0 + i), part);
            even1 = AvxVnni.MultiplyWideningAndAdd(even1, Vector256.Load(row1 + i), part);
            even2 = AvxVnni.MultiplyWideningAndAdd(even2, Vector256.Load(row2 + i), part);
            even3 = AvxVnni.MultiplyWideningAndAdd(even3, Vector256.Load(row3 + i), part);
            part = Vector256.Load(query + i + 32);
            odd0 = AvxVnni.MultiplyWideningAndAdd(odd0, Vector256.Load(row0 + i + 32), part);
            odd1 = AvxVnni.MultiplyWideningAndAdd(odd1, Vector256.Load(row1 + i + 32), part);
            odd2 = AvxVnni.MultiplyWideningAndAdd(odd2, Vector256.Load(row2 + i + 32), part);
            odd3 = AvxVnni.MultiplyWideningAndAdd(odd3, Vector256.Load(row3 + i + 32), part);
        }

        WordProducts.Sums(even0 + odd0, even1 + odd1, even2 + odd2, even3 + odd3).Store(dots);
    }
}

/// <summary>AVX-512 without VNNI: bytes are widened to 16 bits, multiplied and added in pairs.</summary>
internal readonly unsafe struct CodeLanes512 : ICodeLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, int length)
    {
        Vector512<int> even = default, odd = default;
        for (int i = 0; i < length; i += 64)
        {
            even = Step(row + i, Avx512BW.ConvertToVector512Int16(Vector256.Load(query + i)), even);
            odd = Step(row + i + 32, Avx512BW.ConvertToVector512Int16(Vector256.Load(query + i + 32)), odd);
        }

        return Vector512.Sum(even + odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int length, int* dots)
    {
        Vector512<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int i = 0; i < length; i += 32)
        {
            Vector512<short> part = Avx512BW.ConvertToVector512Int16(Vector256.Load(query + i));
            sum0 = Step(row0 + i, part, sum0);
            sum1 = Step(row1 + i, part, sum1);
            sum2 = Step(row2 + i, part, sum2);
            sum3 = Step(row3 + i, part, sum3);
        }

        WordProducts.Sums(sum0.GetLower() + sum0.GetUpper(), sum1.GetLower() + sum1.GetUpper(), sum2.GetLower() + sum2.GetUpper(), sum3.GetLower() + sum3.GetUpper()).Store(dots);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Step(byte* row, Vector512<short> query, Vector512<int> sum) =>
        sum + Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row)), query);
}

/// <summary>AVX2: bytes are widened to 16 bits, multiplied and added in pairs.</summary>
internal readonly unsafe struct CodeLanes256 : ICodeLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, int length)
    {
        Vector256<int> even = default, odd = default;
        for (int i = 0; i < length; i += 32)
        {
            even = Step(row + i, Avx2.ConvertToVector256Int16(Vector128.Load(query + i)), even);
            odd = Step(row + i + 16, Avx2.ConvertToVector256Int16(Vector128.Load(query + i + 16)), odd);
        }

        return Vector256.Sum(even + odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int length, int* dots)
    {
        Vector256<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int i = 0; i < length; i += 16)
        {
            Vector256<short> part = Avx2.ConvertToVector256Int16(Vector128.Load(query + i));
            sum0 = Step(row0 + i, part, sum0);
            sum1 = Step(row1 + i, part, sum1);
            sum2 = Step(row2 + i, part, sum2);
            sum3 = Step(row3 + i, part, sum3);
        }

        WordProducts.Sums(sum0, sum1, sum2, sum3).Store(dots);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Step(byte* row, Vector256<short> query, Vector256<int> sum) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(row)), query);
}

/// <summary>128-bit operations that every processor has.</summary>
internal readonly unsafe struct CodeLanesPortable : ICodeLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, int length)
    {
        Vector128<int> sum = default;
        for (int i = 0; i < length; i += 16)
        {
            (Vector128<ushort> rowLow, Vector128<ushort> rowHigh) = Vector128.Widen(Vector128.Load(row + i));
            (Vector128<short> queryLow, Vector128<short> queryHigh) = Vector128.Widen(Vector128.Load(query + i));
            sum = Step(rowLow.AsInt16(), queryLow, Step(rowHigh.AsInt16(), queryHigh, sum));
        }

        return Vector128.Sum(sum);
    }

    public static void Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int length, int* dots)
    {
        dots[0] = Dot(row0, query, length);
        dots[1] = Dot(row1, query, length);
        dots[2] = Dot(row2, query, length);
        dots[3] = Dot(row3, query, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Step(Vector128<short> row, Vector128<short> query, Vector128<int> sum)
    {
        (Vector128<int> rowLow, Vector128<int> rowHigh) = Vector128.Widen(row);
        (Vector128<int> queryLow, Vector128<int> queryHigh) = Vector128.Widen(query);
        return sum + (rowLow * queryLow) + (rowHigh * queryHigh);
    }
}
