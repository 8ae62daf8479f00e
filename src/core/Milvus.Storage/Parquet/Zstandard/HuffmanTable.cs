using System.Numerics;

namespace Milvus.Storage.Parquet.Zstandard;

/// <summary>The prefix codes of literals (RFC 8878, 4.2).</summary>
internal sealed class HuffmanTable
{
    private const int MaxBits = 11;
    private const int MaxWeightLog = 6;

    private readonly int _maxBits;
    private readonly byte[] _symbols;
    private readonly byte[] _bits;

    private HuffmanTable(int maxBits)
    {
        _maxBits = maxBits;
        _symbols = new byte[1 << maxBits];
        _bits = new byte[1 << maxBits];
    }

    /// <param name="used">Bytes of the description.</param>
    /// <exception cref="InvalidDataException">No description of codes.</exception>
    public static HuffmanTable Read(ReadOnlySpan<byte> source, out int used)
    {
        if (source.IsEmpty) throw ZstandardDecoder.Damaged();
        Span<byte> weights = stackalloc byte[256];
        int count;
        if (source[0] >= 128)
        {
            count = source[0] - 127;
            used = 1 + ((count + 1) / 2);
            if (source.Length < used) throw ZstandardDecoder.Damaged();
            for (var i = 0; i < count; i++) weights[i] = (byte)(i % 2 == 0 ? source[1 + (i / 2)] >> 4 : source[1 + (i / 2)] & 15);
        }
        else
        {
            used = 1 + source[0];
            if (source.Length < used) throw ZstandardDecoder.Damaged();
            count = ReadWeights(source[1..used], weights);
        }
        return Build(weights, count);
    }

    // Two states take turns at one stream until its bits are over.
    private static int ReadWeights(ReadOnlySpan<byte> source, Span<byte> weights)
    {
        var table = FseTable.Read(source, MaxWeightLog, 255, out var used);
        var bits = new BackwardBits(source[used..]);
        var first = (int)bits.Read(table.Log);
        var second = (int)bits.Read(table.Log);
        var count = 0;
        while (true)
        {
            // One weight is implied, so there are 255 at most.
            if (count > 252) throw ZstandardDecoder.Damaged();
            weights[count++] = table.Symbol(first);
            first = table.Next(first, ref bits);
            if (bits.Left < 0)
            {
                weights[count++] = table.Symbol(second);
                return count;
            }
            weights[count++] = table.Symbol(second);
            second = table.Next(second, ref bits);
            if (bits.Left < 0)
            {
                weights[count++] = table.Symbol(first);
                return count;
            }
        }
    }

    private static HuffmanTable Build(Span<byte> weights, int count)
    {
        var sum = 0;
        for (var i = 0; i < count; i++)
        {
            if (weights[i] > MaxBits) throw ZstandardDecoder.Damaged();
            sum += weights[i] == 0 ? 0 : 1 << (weights[i] - 1);
        }
        if (sum == 0) throw ZstandardDecoder.Damaged();
        var maxBits = BitOperations.Log2((uint)sum) + 1;
        var left = (1 << maxBits) - sum;
        if (maxBits > MaxBits || !BitOperations.IsPow2(left)) throw ZstandardDecoder.Damaged();
        weights[count++] = (byte)(BitOperations.Log2((uint)left) + 1);
        var table = new HuffmanTable(maxBits);
        // The longest codes come first, codes of one length in the order of their symbols.
        Span<int> starts = stackalloc int[MaxBits + 2];
        for (var i = 0; i < count; i++)
            if (weights[i] > 0) starts[weights[i]] += 1 << (weights[i] - 1);
        var at = 0;
        for (var w = 1; w <= maxBits; w++)
        {
            var length = starts[w];
            starts[w] = at;
            at += length;
        }
        for (var i = 0; i < count; i++)
        {
            if (weights[i] == 0) continue;
            var length = 1 << (weights[i] - 1);
            table._symbols.AsSpan(starts[weights[i]], length).Fill((byte)i);
            table._bits.AsSpan(starts[weights[i]], length).Fill((byte)(maxBits + 1 - weights[i]));
            starts[weights[i]] += length;
        }
        return table;
    }

    /// <summary>Fills the target from one stream, which must end with it.</summary>
    public void Decode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var bits = new BackwardBits(source);
        var state = (int)bits.Read(_maxBits);
        var mask = (1 << _maxBits) - 1;
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = _symbols[state];
            var width = _bits[state];
            state = ((state << width) | (int)bits.Read(width)) & mask;
        }
        if (bits.Left != -_maxBits) throw ZstandardDecoder.Damaged();
    }
}
