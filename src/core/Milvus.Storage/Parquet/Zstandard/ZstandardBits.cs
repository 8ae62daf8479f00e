using System.Buffers.Binary;
using System.Numerics;

namespace Milvus.Storage.Parquet.Zstandard;

/// <summary>Bits read from the end of a stream to its beginning; the last byte's highest set bit only marks where they start. Below the beginning there are zeros.</summary>
internal ref struct BackwardBits
{
    private readonly ReadOnlySpan<byte> _bytes;
    private long _left;

    public BackwardBits(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[^1] == 0) throw ZstandardDecoder.Damaged();
        _bytes = bytes;
        _left = ((long)(bytes.Length - 1) * 8) + BitOperations.Log2(bytes[^1]);
    }

    /// <summary>Bits that are left; negative when more were read than there are.</summary>
    public readonly long Left => _left;

    /// <param name="count">0 to 32.</param>
    public uint Read(int count)
    {
        _left -= count;
        if (_left >= 0) return Take(_left, count);
        var there = count + _left;
        return there <= 0 ? 0 : Take(0, (int)there) << (int)-_left;
    }

    private readonly uint Take(long at, int count)
    {
        var start = (int)(at >> 3);
        ulong word = 0;
        if (start + 8 <= _bytes.Length) word = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[start..]);
        else
            for (var i = start; i < _bytes.Length; i++) word |= (ulong)_bytes[i] << (8 * (i - start));
        return (uint)((word >> (int)(at & 7)) & ((1UL << count) - 1));
    }
}

/// <summary>Bits read from the beginning, the lowest of each byte first.</summary>
internal ref struct ForwardBits(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>Bytes of which at least one bit was read.</summary>
    public readonly int Bytes => (_at + 7) / 8;

    public uint Read(int count)
    {
        if (_at + count > _bytes.Length * 8) throw ZstandardDecoder.Damaged();
        uint value = 0;
        for (var i = 0; i < count; i++, _at++) value |= (uint)((_bytes[_at >> 3] >> (_at & 7)) & 1) << i;
        return value;
    }

    public void Back(int count) => _at -= count;
}
