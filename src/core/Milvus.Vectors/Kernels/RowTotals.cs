using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>Registers by number, computed when they are asked for.</summary>
internal interface IRegisters<TVector>
    where TVector : struct
{
    TVector Get(int index);
}

/// <summary>
/// Adds up the partial sums of sixteen rows, which lie in memory row by row: neighbours are added until one is left of each row, so that a
/// row takes two or three instructions of its own. Float32 sums are added in the order in which <c>Vector512.Sum</c> adds those of one row.
/// </summary>
internal static unsafe class RowTotals
{
    /// <summary>Rows whose totals fill a register of 512 bits.</summary>
    public const int Rows = 16;

    /// <summary>Bytes of the widest register.</summary>
    public const int Alignment = 64;

    /// <summary>The first place in some memory from which on whole registers do not cross lines.</summary>
    public static byte* Align(byte* memory) => (byte*)(((nint)memory + Alignment - 1) & -Alignment);

    /// <param name="perRow">1, 2 or 4 sums of 64 bits, below 2³¹.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals512<TRegisters>(TRegisters sums, int perRow)
        where TRegisters : struct, IRegisters<Vector512<byte>> => perRow switch
        {
            1 => One512(sums, 0),
            2 => Two512(sums, 0),
            _ => Pairs(Two512(sums, 0), Two512(sums, 4)),
        };

    /// <param name="perRow">1 or 2 sums of 64 bits, below 2³¹.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals256<TRegisters>(TRegisters sums, int perRow)
        where TRegisters : struct, IRegisters<Vector256<byte>> => perRow switch
        {
            1 => Vector512.Create(One256(sums, 0), One256(sums, 2)),
            _ => Vector512.Create(Two256(sums, 0), Two256(sums, 4)),
        };

    /// <summary>Of a register of 512 bits of 64-bit sums per row, below 2³¹.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals512(ulong* sums) => Pairs(Four512(sums), Four512(sums + 64));

    /// <summary>Of a register of 256 bits of 64-bit sums per row, below 2³¹.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Totals256(ulong* sums) => Vector512.Create(Four256(sums), Four256(sums + 32));

    /// <summary>Of a register of 512 bits of sums per row.</summary>
    /// <typeparam name="T">32 bits wide.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Totals512<T>(T* sums)
        where T : unmanaged => Pairs(Eight512(sums), Eight512(sums + 128));

    /// <summary>Of a register of 256 bits of sums per row.</summary>
    /// <typeparam name="T">32 bits wide.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Totals256<T>(T* sums)
        where T : unmanaged => Vector512.Create(Pairs(Four256(sums), Four256(sums + 32)), Pairs(Four256(sums + 64), Four256(sums + 96)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Eight512<T>(T* sums)
        where T : unmanaged => Pairs(Pairs(Two512(sums), Two512(sums + 32)), Pairs(Two512(sums + 64), Two512(sums + 96)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Two512<T>(T* sums)
        where T : unmanaged => Pairs(Vector512.Load(sums), Vector512.Load(sums + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> Four256<T>(T* sums)
        where T : unmanaged => Pairs(Pairs(Vector256.Load(sums), Vector256.Load(sums + 8)), Pairs(Vector256.Load(sums + 16), Vector256.Load(sums + 24)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Four512(ulong* sums) => Pairs(Two512(sums), Two512(sums + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Two512(ulong* sums) => Pairs(One512(sums), One512(sums + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> One512(ulong* sums) => Even(Vector512.Load((int*)sums), Vector512.Load((int*)sums + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Four256(ulong* sums) => Pairs(Two256(sums), Two256(sums + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Two256(ulong* sums) => Pairs(One256(sums), One256(sums + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> One256(ulong* sums) => Even(Vector256.Load((int*)sums), Vector256.Load((int*)sums + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Two512<TRegisters>(TRegisters sums, int first)
        where TRegisters : struct, IRegisters<Vector512<byte>> => Pairs(One512(sums, first), One512(sums, first + 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> One512<TRegisters>(TRegisters sums, int first)
        where TRegisters : struct, IRegisters<Vector512<byte>> => Even(sums.Get(first).AsInt32(), sums.Get(first + 1).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Two256<TRegisters>(TRegisters sums, int first)
        where TRegisters : struct, IRegisters<Vector256<byte>> => Pairs(One256(sums, first), One256(sums, first + 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> One256<TRegisters>(TRegisters sums, int first)
        where TRegisters : struct, IRegisters<Vector256<byte>> => Even(sums.Get(first).AsInt32(), sums.Get(first + 1).AsInt32());

    /// <summary>The sums of neighbouring lanes, first of one register and then of the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Pairs<T>(Vector512<T> left, Vector512<T> right)
        where T : unmanaged => Even(left, right) + Odd(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> Pairs<T>(Vector256<T> left, Vector256<T> right)
        where T : unmanaged => Even(left, right) + Odd(left, right);

    /// <summary>Every other lane, first of one register and then of the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Even<T>(Vector512<T> left, Vector512<T> right)
        where T : unmanaged =>
        Avx512F.PermuteVar16x32x2(left.AsInt32(), Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), right.AsInt32()).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Odd<T>(Vector512<T> left, Vector512<T> right)
        where T : unmanaged =>
        Avx512F.PermuteVar16x32x2(left.AsInt32(), Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), right.AsInt32()).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> Even<T>(Vector256<T> left, Vector256<T> right)
        where T : unmanaged => Sorted<T>(Avx.Shuffle(left.AsSingle(), right.AsSingle(), 0b10_00_10_00));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> Odd<T>(Vector256<T> left, Vector256<T> right)
        where T : unmanaged => Sorted<T>(Avx.Shuffle(left.AsSingle(), right.AsSingle(), 0b11_01_11_01));

    /// <summary>Brings what comes from one register together again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> Sorted<T>(Vector256<float> halves)
        where T : unmanaged => Avx2.Permute4x64(halves.AsInt64(), 0b11_01_10_00).As<long, T>();
}
