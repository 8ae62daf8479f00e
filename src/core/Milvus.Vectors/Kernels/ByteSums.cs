using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>Registers of bytes: their sum, and how integers become them.</summary>
internal static class ByteSums
{
    /// <summary>The sum of unsigned bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(Vector512<byte> bytes)
    {
        if (Avx512BW.IsSupported)
            return (int)Vector512.Sum(Avx512BW.SumAbsoluteDifferences(bytes, Vector512<byte>.Zero).AsUInt64());
        (Vector512<ushort> low, Vector512<ushort> high) = Vector512.Widen(bytes);
        return Vector512.Sum(low + high);
    }

    /// <summary>Writes the lowest bytes of sixteen integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector512<int> values, byte* target)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128Byte(values).Store(target);
            return;
        }

        for (int i = 0; i < 16; i++)
            target[i] = (byte)values.GetElement(i);
    }
}
