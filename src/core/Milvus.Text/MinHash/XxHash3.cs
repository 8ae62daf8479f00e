using System.Buffers.Binary;
using System.Numerics;

namespace Milvus.Text.MinHash;

/// <summary>XXH3 of 64 bits with seed 0 and the usual secret, as the xxHash specification (version 0.2) describes it.</summary>
public static class XxHash3
{
    private const uint P32A = 0x9E3779B1;
    private const uint P32B = 0x85EBCA77;
    private const uint P32C = 0xC2B2AE3D;
    private const ulong P1 = 0x9E3779B185EBCA87UL;
    private const ulong P2 = 0xC2B2AE3D27D4EB4FUL;
    private const ulong P3 = 0x165667B19E3779F9UL;
    private const ulong P4 = 0x85EBCA77C2B2AE63UL;
    private const ulong P5 = 0x27D4EB2F165667C5UL;
    private const int StripeBytes = 64;
    private const int StripesPerBlock = 16;
    private const int BlockBytes = StripeBytes * StripesPerBlock;

    private static ReadOnlySpan<byte> Secret =>
    [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb,
        0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
        0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
        0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc,
        0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ];

    /// <summary>The 64-bit hash of some bytes.</summary>
    public static ulong Hash(ReadOnlySpan<byte> data) => data.Length switch
    {
        0 => Finish64(Key(56) ^ Key(64)),
        <= 3 => UpTo3(data),
        <= 8 => UpTo8(data),
        <= 16 => UpTo16(data),
        <= 128 => UpTo128(data),
        <= 240 => UpTo240(data),
        _ => Long(data),
    };

    private static ulong UpTo3(ReadOnlySpan<byte> data)
    {
        var bytes = ((uint)data[0] << 16) | ((uint)data[data.Length >> 1] << 24) | data[^1] | ((uint)data.Length << 8);
        return Finish64(bytes ^ (ulong)(Word32(Secret, 0) ^ Word32(Secret, 4)));
    }

    private static ulong UpTo8(ReadOnlySpan<byte> data)
    {
        const ulong Factor = 0x9FB21C651E98DF25UL;
        var hash = (Word32(data, data.Length - 4) + ((ulong)Word32(data, 0) << 32)) ^ Key(8) ^ Key(16);
        hash ^= BitOperations.RotateLeft(hash, 49) ^ BitOperations.RotateLeft(hash, 24);
        hash *= Factor;
        hash ^= (hash >> 35) + (ulong)data.Length;
        hash *= Factor;
        return hash ^ (hash >> 28);
    }

    private static ulong UpTo16(ReadOnlySpan<byte> data)
    {
        var low = Word(data, 0) ^ Key(24) ^ Key(32);
        var high = Word(data, data.Length - 8) ^ Key(40) ^ Key(48);
        return Finish((ulong)data.Length + BinaryPrimitives.ReverseEndianness(low) + high + Fold(low, high));
    }

    private static ulong UpTo128(ReadOnlySpan<byte> data)
    {
        var sum = (ulong)data.Length * P1;
        // From both ends to the middle, 16 bytes each.
        for (var i = (data.Length - 1) / 32; i >= 0; i--) sum += Mix(data, 16 * i, 32 * i) + Mix(data, data.Length - (16 * (i + 1)), (32 * i) + 16);
        return Finish(sum);
    }

    private static ulong UpTo240(ReadOnlySpan<byte> data)
    {
        var sum = (ulong)data.Length * P1;
        for (var i = 0; i < 8; i++) sum += Mix(data, 16 * i, 16 * i);
        sum = Finish(sum);
        for (var i = 8; i < data.Length / 16; i++) sum += Mix(data, 16 * i, (16 * (i - 8)) + 3);
        return Finish(sum + Mix(data, data.Length - 16, 119));
    }

    private static ulong Long(ReadOnlySpan<byte> data)
    {
        Span<ulong> lanes = [P32C, P1, P2, P3, P4, P32B, P5, P32A];
        var rest = data;
        for (; rest.Length > BlockBytes; rest = rest[BlockBytes..])
        {
            for (var s = 0; s < StripesPerBlock; s++) Accumulate(lanes, rest[(s * StripeBytes)..], 8 * s);
            for (var i = 0; i < lanes.Length; i++) lanes[i] = (lanes[i] ^ (lanes[i] >> 47) ^ Key(Secret.Length - StripeBytes + (8 * i))) * P32A;
        }
        for (var s = 0; s < (rest.Length - 1) / StripeBytes; s++) Accumulate(lanes, rest[(s * StripeBytes)..], 8 * s);
        Accumulate(lanes, data[^StripeBytes..], Secret.Length - StripeBytes - 7);
        var sum = (ulong)data.Length * P1;
        for (var i = 0; i < 4; i++) sum += Fold(lanes[2 * i] ^ Key(11 + (16 * i)), lanes[(2 * i) + 1] ^ Key(19 + (16 * i)));
        return Finish(sum);
    }

    private static void Accumulate(Span<ulong> lanes, ReadOnlySpan<byte> stripe, int key)
    {
        for (var i = 0; i < lanes.Length; i++)
        {
            var value = Word(stripe, 8 * i);
            var keyed = value ^ Key(key + (8 * i));
            lanes[i ^ 1] += value;
            lanes[i] += (uint)keyed * (keyed >> 32);
        }
    }

    private static ulong Mix(ReadOnlySpan<byte> data, int at, int key) => Fold(Word(data, at) ^ Key(key), Word(data, at + 8) ^ Key(key + 8));

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    private static ulong Finish(ulong hash)
    {
        hash = (hash ^ (hash >> 37)) * 0x165667919E3779F9UL;
        return hash ^ (hash >> 32);
    }

    private static ulong Finish64(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * P2;
        hash = (hash ^ (hash >> 29)) * P3;
        return hash ^ (hash >> 32);
    }

    private static ulong Key(int at) => Word(Secret, at);

    private static ulong Word(ReadOnlySpan<byte> data, int at) => BinaryPrimitives.ReadUInt64LittleEndian(data[at..]);

    private static uint Word32(ReadOnlySpan<byte> data, int at) => BinaryPrimitives.ReadUInt32LittleEndian(data[at..]);
}
