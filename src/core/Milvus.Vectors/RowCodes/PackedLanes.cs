using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>Adds products of unsigned bytes below 64 and signed bytes, four to a lane; exact.</summary>
internal interface IByteProducts
{
    static abstract Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> weights);
}

/// <summary>AVX-VNNI: one instruction.</summary>
internal readonly struct ByteProductsVnni : IByteProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> weights) => AvxVnni.MultiplyWideningAndAdd(sum, codes, weights);
}

/// <summary>AVX2: sums of two products of bytes below 64 fit 16 bits.</summary>
internal readonly struct ByteProducts256 : IByteProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> weights) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes, weights), Vector256<short>.One);
}

/// <summary>What every processor has.</summary>
internal readonly struct ByteProductsPortable : IByteProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> weights)
    {
        (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(codes);
        (Vector256<short> lowWeights, Vector256<short> highWeights) = Vector256.Widen(weights);
        (Vector256<int> first, Vector256<int> second) = Vector256.Widen(low.AsInt16() * lowWeights);
        (Vector256<int> third, Vector256<int> fourth) = Vector256.Widen(high.AsInt16() * highWeights);
        return sum + first + second + third + fourth;
    }
}

/// <summary>Codes of 4 bits as <see cref="ScalarQuantiser"/> packs them: 32 bytes for 64 components.</summary>
internal readonly unsafe struct NibbleLanes<TProducts> : ICodeLanes
    where TProducts : struct, IByteProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, int length)
    {
        Vector256<byte> mask = Vector256.Create((byte)15);
        Vector256<int> low = default, high = default;
        for (int i = 0; i < length; i += 64, row += 32)
        {
            Vector256<byte> both = Vector256.Load(row);
            low = TProducts.Add(low, both & mask, Vector256.Load(query + i));
            high = TProducts.Add(high, Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & mask, Vector256.Load(query + i + 32));
        }

        return Vector256.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int length, int* dots)
    {
        Vector256<byte> mask = Vector256.Create((byte)15);
        Vector256<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int i = 0, j = 0; i < length; i += 64, j += 32)
        {
            Vector256<sbyte> low = Vector256.Load(query + i), high = Vector256.Load(query + i + 32);
            Vector256<byte> both = Vector256.Load(row0 + j);
            sum0 = TProducts.Add(TProducts.Add(sum0, both & mask, low), Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & mask, high);
            both = Vector256.Load(row1 + j);
            sum1 = TProducts.Add(TProducts.Add(sum1, both & mask, low), Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & mask, high);
            both = Vector256.Load(row2 + j);
            sum2 = TProducts.Add(TProducts.Add(sum2, both & mask, low), Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & mask, high);
            both = Vector256.Load(row3 + j);
            sum3 = TProducts.Add(TProducts.Add(sum3, both & mask, low), Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & mask, high);
        }

        WordProducts.Sums(sum0, sum1, sum2, sum3).Store(dots);
    }
}

/// <summary>Codes of 6 bits as <see cref="ScalarQuantiser"/> packs them: 48 bytes for 64 components.</summary>
internal readonly unsafe struct SixBitLanes<TProducts> : ICodeLanes
    where TProducts : struct, IByteProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, int length)
    {
        Vector256<int> low = default, high = default;
        for (int i = 0; i < length; i += 64, row += 48)
        {
            Unpack(row, out Vector256<byte> first, out Vector256<byte> second);
            low = TProducts.Add(low, first, Vector256.Load(query + i));
            high = TProducts.Add(high, second, Vector256.Load(query + i + 32));
        }

        return Vector256.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int length, int* dots)
    {
        Vector256<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int i = 0, j = 0; i < length; i += 64, j += 48)
        {
            Vector256<sbyte> low = Vector256.Load(query + i), high = Vector256.Load(query + i + 32);
            Unpack(row0 + j, out Vector256<byte> first, out Vector256<byte> second);
            sum0 = TProducts.Add(TProducts.Add(sum0, first, low), second, high);
            Unpack(row1 + j, out first, out second);
            sum1 = TProducts.Add(TProducts.Add(sum1, first, low), second, high);
            Unpack(row2 + j, out first, out second);
            sum2 = TProducts.Add(TProducts.Add(sum2, first, low), second, high);
            Unpack(row3 + j, out first, out second);
            sum3 = TProducts.Add(TProducts.Add(sum3, first, low), second, high);
        }

        WordProducts.Sums(sum0, sum1, sum2, sum3).Store(dots);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(byte* row, out Vector256<byte> first, out Vector256<byte> second)
    {
        Vector128<byte> six = Vector128.Create((byte)63), two = Vector128.Create((byte)3);
        Vector128<byte> a = Vector128.Load(row), b = Vector128.Load(row + 16), c = Vector128.Load(row + 32);
        Vector128<byte> low = Vector128.ShiftRightLogical(a.AsUInt16(), 6).AsByte() & two;
        Vector128<byte> middle = Vector128.ShiftRightLogical(b.AsUInt16(), 6).AsByte() & two;
        Vector128<byte> high = Vector128.ShiftRightLogical(c.AsUInt16(), 6).AsByte() & two;
        Vector128<byte> d = low | Vector128.ShiftLeft(middle.AsUInt16(), 2).AsByte() | Vector128.ShiftLeft(high.AsUInt16(), 4).AsByte();
        first = Vector256.Create(a & six, b & six);
        second = Vector256.Create(c & six, d);
    }
}
