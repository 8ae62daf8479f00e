using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>Signed bytes widened to 16 bits, multiplied and added in pairs to 32 bits: exact.</summary>
/// <typeparam name="TWide">A register of 16-bit lanes.</typeparam>
/// <typeparam name="TSum">A register of 32-bit lanes.</typeparam>
internal unsafe interface IInt8Lanes<TWide, TSum>
    where TWide : struct
    where TSum : struct
{
    /// <summary>Bytes per step.</summary>
    static abstract int Count { get; }

    static abstract TSum Zero { get; }

    static abstract TWide Load(sbyte* source);

    static abstract TWide Subtract(TWide left, TWide right);

    static abstract TWide KeepLast(TWide vector, int lanes);

    static abstract TSum MultiplyAdd(TWide left, TWide right, TSum sum);

    static abstract int Total(TSum sum);

    /// <summary>Lanes of a register of sums.</summary>
    static abstract int Sums { get; }

    static abstract void Store(TSum sum, int* target);

    /// <summary>The totals of sixteen rows, a register of sums behind the other; the sums may be overwritten.</summary>
    static abstract Vector512<int> Totals(int* sums);
}

internal readonly unsafe struct Int8Lanes512 : IInt8Lanes<Vector512<short>, Vector512<int>>
{
    public static int Count => 32;

    public static Vector512<int> Zero => Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Load(sbyte* source) => Avx512BW.ConvertToVector512Int16(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Subtract(Vector512<short> left, Vector512<short> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> KeepLast(Vector512<short> vector, int lanes) =>
        vector & Vector512.LoadUnsafe(ref ShortMasks.ZerosThenOnes, (nuint)lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd(Vector512<short> left, Vector512<short> right, Vector512<int> sum) =>
        sum + Avx512BW.MultiplyAddAdjacent(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector512<int> sum) => Vector512.Sum(sum);

    public static int Sums => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> sum, int* target) => sum.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals(int* sums) => RowTotals.Totals512(sums);
}

internal readonly unsafe struct Int8Lanes256 : IInt8Lanes<Vector256<short>, Vector256<int>>
{
    public static int Count => 16;

    public static Vector256<int> Zero => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(sbyte* source) => Avx2.ConvertToVector256Int16(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Subtract(Vector256<short> left, Vector256<short> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> KeepLast(Vector256<short> vector, int lanes) =>
        vector & Vector256.LoadUnsafe(ref ShortMasks.ZerosThenOnes, (nuint)(16 + lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<short> left, Vector256<short> right, Vector256<int> sum) =>
        sum + Avx2.MultiplyAddAdjacent(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector256<int> sum) => Vector256.Sum(sum);

    public static int Sums => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> sum, int* target) => sum.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals(int* sums) => RowTotals.Totals256(sums);
}

internal readonly unsafe struct Int8LanesPortable : IInt8Lanes<Vector128<short>, Vector128<int>>
{
    public static int Count => 8;

    public static Vector128<int> Zero => Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Load(sbyte* source) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Subtract(Vector128<short> left, Vector128<short> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> KeepLast(Vector128<short> vector, int lanes) =>
        vector & Vector128.LoadUnsafe(ref ShortMasks.ZerosThenOnes, (nuint)(24 + lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<short> left, Vector128<short> right, Vector128<int> sum)
    {
        (Vector128<int> leftLow, Vector128<int> leftHigh) = Vector128.Widen(left);
        (Vector128<int> rightLow, Vector128<int> rightHigh) = Vector128.Widen(right);
        return sum + (leftLow * rightLow) + (leftHigh * rightHigh);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector128<int> sum) => Vector128.Sum(sum);

    public static int Sums => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<int> sum, int* target) => sum.Store(target);

    public static Vector512<int> Totals(int* sums)
    {
        for (int row = 0; row < RowTotals.Rows; row++)
            sums[row] = Total(Vector128.Load(sums + (row * Sums)));
        return Vector512.Load(sums);
    }
}

internal static class ShortMasks
{
    private static ReadOnlySpan<short> Table =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    ];

    /// <summary>32 zero lanes followed by 32 lanes of ones.</summary>
    public static ref short ZerosThenOnes => ref MemoryMarshal.GetReference(Table);
}
