using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>The few operations on a register of float32 lanes that the float kernels are written in.</summary>
internal unsafe interface IFloatLanes<TVector>
    where TVector : struct
{
    static abstract int Count { get; }

    static abstract TVector Zero { get; }

    static abstract TVector LoadSingle(float* source);

    /// <summary>Converts IEEE binary16, subnormals included; infinities and NaN are not stored in vector fields.</summary>
    static abstract TVector LoadHalf(ushort* source);

    static abstract TVector LoadBFloat16(ushort* source);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    /// <summary>left × right + sum.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector sum);

    /// <summary>Zeroes all but the last <paramref name="lanes"/> lanes.</summary>
    static abstract TVector KeepLast(TVector vector, int lanes);

    static abstract float Sum(TVector vector);
}

/// <summary>Sixteen lanes, AVX-512.</summary>
internal readonly unsafe struct FloatLanes512 : IFloatLanes<Vector512<float>>
{
    public static int Count => 16;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSingle(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalf(ushort* source)
    {
        // Widened with the sign, which the shift leaves in its place.
        Vector512<int> bits = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source));
        Vector512<int> magnitude = (bits << 13) & Vector512.Create(HalfBits.Magnitude);
        Vector512<int> normal = magnitude + Vector512.Create(HalfBits.Rebias);
        Vector512<float> subnormal =
            (magnitude + Vector512.Create(HalfBits.Subnormal)).AsSingle() - Vector512.Create(HalfBits.Subnormal).AsSingle();
        Vector512<int> isSubnormal = Vector512.LessThan(magnitude, Vector512.Create(HalfBits.SmallestNormal));
        return (Vector512.ConditionalSelect(isSubnormal, subnormal.AsInt32(), normal) | (bits & Vector512.Create(int.MinValue))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBFloat16(ushort* source) =>
        (Avx512F.ConvertToVector512Int32(Vector256.Load(source)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> sum) =>
        Avx512F.FusedMultiplyAdd(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> KeepLast(Vector512<float> vector, int lanes) =>
        (vector.AsInt32() & Vector512.LoadUnsafe(ref LaneMasks.ZerosThenOnes, (nuint)lanes)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> vector) => Vector512.Sum(vector);
}

/// <summary>Eight lanes, AVX2 with FMA.</summary>
internal readonly unsafe struct FloatLanes256 : IFloatLanes<Vector256<float>>
{
    public static int Count => 8;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadSingle(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(ushort* source)
    {
        // Widened with the sign, which the shift leaves in its place.
        Vector256<int> bits = Avx2.ConvertToVector256Int32(Vector128.Load((short*)source));
        Vector256<int> magnitude = (bits << 13) & Vector256.Create(HalfBits.Magnitude);
        Vector256<int> normal = magnitude + Vector256.Create(HalfBits.Rebias);
        Vector256<float> subnormal =
            (magnitude + Vector256.Create(HalfBits.Subnormal)).AsSingle() - Vector256.Create(HalfBits.Subnormal).AsSingle();
        Vector256<int> isSubnormal = Vector256.LessThan(magnitude, Vector256.Create(HalfBits.SmallestNormal));
        return (Vector256.ConditionalSelect(isSubnormal, subnormal.AsInt32(), normal) | (bits & Vector256.Create(int.MinValue))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBFloat16(ushort* source) =>
        (Avx2.ConvertToVector256Int32(Vector128.Load(source)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> sum) =>
        Fma.MultiplyAdd(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> KeepLast(Vector256<float> vector, int lanes) =>
        (vector.AsInt32() & Vector256.LoadUnsafe(ref LaneMasks.ZerosThenOnes, (nuint)(8 + lanes))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> vector) => Vector256.Sum(vector);
}

/// <summary>Four lanes in operations that the runtime offers on every processor.</summary>
internal readonly unsafe struct FloatLanesPortable : IFloatLanes<Vector128<float>>
{
    public static int Count => 4;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadSingle(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalf(ushort* source)
    {
        Vector128<int> bits = Widen(source);
        Vector128<int> sign = (bits & Vector128.Create(0x8000)) << 16;
        Vector128<int> magnitude = (bits & Vector128.Create(0x7FFF)) << 13;
        Vector128<int> normal = magnitude + Vector128.Create(HalfBits.Rebias);
        Vector128<float> subnormal =
            (magnitude + Vector128.Create(HalfBits.Subnormal)).AsSingle() - Vector128.Create(HalfBits.Subnormal).AsSingle();
        Vector128<int> isSubnormal = Vector128.LessThan(magnitude, Vector128.Create(HalfBits.SmallestNormal));
        return (Vector128.ConditionalSelect(isSubnormal, subnormal.AsInt32(), normal) | sign).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(ushort* source) => (Widen(source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> sum) => (left * right) + sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> KeepLast(Vector128<float> vector, int lanes) =>
        (vector.AsInt32() & Vector128.LoadUnsafe(ref LaneMasks.ZerosThenOnes, (nuint)(12 + lanes))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> vector) => Vector128.Sum(vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen(ushort* source) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()).AsInt32();
}

/// <summary>Bit patterns of the binary16 → binary32 conversion.</summary>
internal static class HalfBits
{
    /// <summary>The difference of the two exponent biases, in the exponent's place.</summary>
    public const int Rebias = (127 - 15) << 23;

    /// <summary>The exponent of a subnormal binary16 as binary32, so that subtracting it again normalises the mantissa.</summary>
    public const int Subnormal = Rebias + (1 << 23);

    /// <summary>Exponent and mantissa after the shift by 13.</summary>
    public const int Magnitude = 0x7FFF << 13;

    /// <summary>The smallest normal magnitude after the shift by 13.</summary>
    public const int SmallestNormal = 0x0400 << 13;
}

internal static class LaneMasks
{
    private static ReadOnlySpan<int> Table =>
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1];

    /// <summary>Sixteen zero lanes followed by sixteen lanes of ones.</summary>
    public static ref int ZerosThenOnes => ref MemoryMarshal.GetReference(Table);
}
