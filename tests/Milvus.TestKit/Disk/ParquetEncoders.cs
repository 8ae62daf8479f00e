using System.Text;

namespace Milvus.TestKit.Disk;

/// <summary>Encodings of Parquet pages beyond the plain one, and LZ4 blocks, after the formats' descriptions.</summary>
internal static class ParquetEncoders
{
    private const int BlockSize = 128;
    private const int MiniSize = 32;

    /// <summary>DELTA_BINARY_PACKED.</summary>
    public static byte[] Deltas(long[] values)
    {
        var target = new MemoryStream();
        ParquetBytes.Varint(target, BlockSize);
        ParquetBytes.Varint(target, BlockSize / MiniSize);
        ParquetBytes.Varint(target, (ulong)values.Length);
        ZigZag(target, values.Length == 0 ? 0 : values[0]);
        for (var start = 1; start < values.Length; start += BlockSize)
        {
            var deltas = Enumerable.Range(start, Math.Min(BlockSize, values.Length - start)).Select(i => values[i] - values[i - 1]).ToArray();
            var least = deltas.Min();
            ZigZag(target, least);
            var minis = deltas.Chunk(MiniSize).ToArray();
            var widths = Array.ConvertAll(minis, m => 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(m.Max() - least)));
            for (var m = 0; m < BlockSize / MiniSize; m++) target.WriteByte((byte)(m < widths.Length ? widths[m] : 0));
            for (var m = 0; m < minis.Length; m++)
            {
                var packed = new byte[MiniSize * widths[m] / 8];
                for (var i = 0; i < minis[m].Length; i++)
                    for (var b = 0; b < widths[m]; b++)
                        if (((minis[m][i] - least) >> b & 1) != 0) packed[((i * widths[m]) + b) / 8] |= (byte)(1 << (((i * widths[m]) + b) % 8));
                target.Write(packed);
            }
        }
        return target.ToArray();
    }

    /// <summary>DELTA_LENGTH_BYTE_ARRAY.</summary>
    public static byte[] Lengths(IReadOnlyList<byte[]> values) => [.. Deltas([.. values.Select(v => (long)v.Length)]), .. values.SelectMany(v => v)];

    /// <summary>DELTA_BYTE_ARRAY.</summary>
    public static byte[] Prefixes(IReadOnlyList<byte[]> values)
    {
        var shared = values.Select((v, i) => i == 0 ? 0 : v.AsSpan().CommonPrefixLength(values[i - 1])).ToArray();
        return [.. Deltas(Array.ConvertAll(shared, s => (long)s)), .. Lengths([.. values.Select((v, i) => v[shared[i]..])])];
    }

    /// <summary>BYTE_STREAM_SPLIT of values of one size, given one after the other.</summary>
    public static byte[] Split(byte[] plain, int size)
    {
        var count = plain.Length / size;
        var split = new byte[plain.Length];
        for (var i = 0; i < count; i++)
            for (var b = 0; b < size; b++) split[(b * count) + i] = plain[(i * size) + b];
        return split;
    }

    /// <summary>An LZ4 block.</summary>
    public static byte[] Lz4(byte[] bytes)
    {
        var target = new MemoryStream();
        var seen = new Dictionary<int, int>();
        var from = 0;
        for (var at = 0; at + 12 < bytes.Length;)
        {
            var word = BitConverter.ToInt32(bytes, at);
            var isKnown = seen.TryGetValue(word, out var before) && at - before <= ushort.MaxValue;
            seen[word] = at;
            if (!isKnown)
            {
                at++;
                continue;
            }
            var length = 4;
            while (at + length < bytes.Length - 5 && bytes[at + length] == bytes[before + length]) length++;
            Sequence(target, bytes.AsSpan(from, at - from), at - before, length - 4);
            from = at += length;
        }
        Sequence(target, bytes.AsSpan(from), 0, 0);
        return target.ToArray();
    }

    public static byte[] Text(object value) => value as byte[] ?? Encoding.UTF8.GetBytes((string)value);

    // Literals, and a copy of what stands some bytes back; none at the end.
    private static void Sequence(MemoryStream target, ReadOnlySpan<byte> literals, int offset, int length)
    {
        target.WriteByte((byte)((Math.Min(15, literals.Length) << 4) | Math.Min(15, length)));
        More(target, literals.Length);
        target.Write(literals);
        if (offset == 0) return;
        target.Write(BitConverter.GetBytes((ushort)offset));
        More(target, length);
    }

    private static void More(MemoryStream target, int length)
    {
        if (length < 15) return;
        for (length -= 15; length >= 255; length -= 255) target.WriteByte(255);
        target.WriteByte((byte)length);
    }

    private static void ZigZag(Stream target, long value) => ParquetBytes.Varint(target, (ulong)((value << 1) ^ (value >> 63)));
}
