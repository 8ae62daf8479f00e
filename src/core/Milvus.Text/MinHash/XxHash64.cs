using System.Buffers.Binary;
using System.Numerics;

namespace Milvus.Text.MinHash;

/// <summary>XXH64 with seed 0, as the xxHash specification (version 0.1.1) describes it.</summary>
public static class XxHash64
{
    private const ulong P1 = 0x9E3779B185EBCA87UL;
    private const ulong P2 = 0xC2B2AE3D27D4EB4FUL;
    private const ulong P3 = 0x165667B19E3779F9UL;
    private const ulong P4 = 0x85EBCA77C2B2AE63UL;
    private const ulong P5 = 0x27D4EB2F165667C5UL;
    private const int StripeBytes = 32;

    /// <summary>The 64-bit hash of some bytes.</summary>
    public static ulong Hash(ReadOnlySpan<byte> data)
    {
        var rest = data;
        ulong hash;
        if (data.Length >= StripeBytes)
        {
            var (a, b, c, d) = (unchecked(P1 + P2), P2, 0UL, unchecked(0UL - P1));
            for (; rest.Length >= StripeBytes; rest = rest[StripeBytes..])
            {
                a = Round(a, rest);
                b = Round(b, rest[8..]);
                c = Round(c, rest[16..]);
                d = Round(d, rest[24..]);
            }
            hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
            hash = Merge(Merge(Merge(Merge(hash, a), b), c), d);
        }
        else hash = P5;
        hash += (ulong)data.Length;
        for (; rest.Length >= 8; rest = rest[8..]) hash = (BitOperations.RotateLeft(hash ^ Round(0, rest), 27) * P1) + P4;
        if (rest.Length >= 4)
        {
            hash = (BitOperations.RotateLeft(hash ^ (BinaryPrimitives.ReadUInt32LittleEndian(rest) * P1), 23) * P2) + P3;
            rest = rest[4..];
        }
        foreach (var one in rest) hash = BitOperations.RotateLeft(hash ^ (one * P5), 11) * P1;
        hash = (hash ^ (hash >> 33)) * P2;
        hash = (hash ^ (hash >> 29)) * P3;
        return hash ^ (hash >> 32);
    }

    private static ulong Round(ulong lane, ReadOnlySpan<byte> data) =>
        BitOperations.RotateLeft(lane + (BinaryPrimitives.ReadUInt64LittleEndian(data) * P2), 31) * P1;

    private static ulong Merge(ulong hash, ulong lane) => ((hash ^ Round0(lane)) * P1) + P4;

    private static ulong Round0(ulong lane) => BitOperations.RotateLeft(lane * P2, 31) * P1;
}
