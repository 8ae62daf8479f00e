using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>Binary rows of 8, 16 or 32 bytes, as many at a time as four registers of 64 bytes hold.</summary>
internal static unsafe class ShortRows
{
    private const int Registers = 4;

    /// <summary>Swap the halves of 16 bytes, and of 32.</summary>
    private const byte SwapWords = 0b01_00_11_10, SwapLanes = 0b10_11_00_01;

    /// <summary>Rows from the first on that differ from the query in more bits than the bound; a multiple of what is looked at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Beyond(byte* query, byte* rows, int count, int length, ulong bound)
    {
        int perStep = Registers * BitLanes512.Bytes / length, done = 0;
        if (count < perStep)
            return 0;
        Vector512<byte> repeated = length switch
        {
            8 => Vector512.Create(*(ulong*)query).AsByte(),
            16 => Twice(Twice(Vector128.Load(query))),
            _ => Twice(Vector256.Load(query)),
        };
        Vector512<ulong> limit = Vector512.Create(bound);
        for (; done <= count - perStep; done += perStep, rows += Registers * BitLanes512.Bytes)
        {
            Vector512<ulong> least = Vector512.Min(
                Vector512.Min(Bits(repeated, rows, length), Bits(repeated, rows + 64, length)),
                Vector512.Min(Bits(repeated, rows + 128, length), Bits(repeated, rows + 192, length)));
            if (Vector512.LessThanOrEqualAny(least, limit))
                break;
        }

        return done;
    }

    /// <summary>The bits that differ: every word of a row holds those of the whole row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Bits(Vector512<byte> query, byte* rows, int length)
    {
        Vector512<int> counts = BitLanes512.CountInto(Vector512<byte>.Zero, query ^ Vector512.Load(rows)).AsInt32();
        if (length >= 16)
            counts += Avx512F.Shuffle(counts, SwapWords);
        if (length == 32)
            counts += Avx512F.Shuffle4x128(counts, counts, SwapLanes);
        return counts.AsUInt64();
    }

    private static Vector256<byte> Twice(Vector128<byte> half) => Vector256.Create(half, half);

    private static Vector512<byte> Twice(Vector256<byte> half) => Vector512.Create(half, half);
}
