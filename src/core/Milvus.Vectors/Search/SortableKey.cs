using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// A (distance, row) pair as one unsigned integer that sorts by distance and then by row: heaps compare one number and ties are
/// always broken the same way. NaN sorts last, −0 equals +0.
/// </summary>
internal static class SortableKey
{
    /// <summary>Larger than the key of every pair.</summary>
    public const ulong Largest = ulong.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(float distance, int row)
    {
        if (float.IsNaN(distance))
            return (0xFFFF_FFFFUL << 32) | (uint)row;
        uint bits = BitConverter.SingleToUInt32Bits(distance + 0f);
        uint flip = (uint)((int)bits >> 31) | 0x8000_0000u;
        return ((ulong)(bits ^ flip) << 32) | (uint)row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row(ulong key) => (int)(uint)key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(ulong key)
    {
        uint bits = (uint)(key >> 32);
        uint flip = (uint)((int)~bits >> 31) | 0x8000_0000u;
        return BitConverter.UInt32BitsToSingle(bits ^ flip);
    }
}
