using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>The sum of a register of unsigned bytes.</summary>
internal static class ByteSums
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(Vector512<byte> bytes)
    {
        if (Avx512BW.IsSupported)
            return (int)Vector512.Sum(Avx512BW.SumAbsoluteDifferences(bytes, Vector512<byte>.Zero).AsUInt64());
        (Vector512<ushort> low, Vector512<ushort> high) = Vector512.Widen(bytes);
        return Vector512.Sum(low + high);
    }
}
