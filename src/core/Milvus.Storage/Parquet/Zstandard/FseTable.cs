using System.Numerics;

namespace Milvus.Storage.Parquet.Zstandard;

/// <summary>A decoding table of finite state entropy coding (RFC 8878, 4.1): a state gives a symbol, and with some bits more the next state.</summary>
internal sealed class FseTable
{
    private readonly byte[] _symbols;
    private readonly byte[] _bits;
    private readonly ushort[] _bases;

    private FseTable(int log)
    {
        Log = log;
        _symbols = new byte[1 << log];
        _bits = new byte[1 << log];
        _bases = new ushort[1 << log];
    }

    /// <summary>Bits of a state.</summary>
    public int Log { get; }

    /// <summary>One symbol, whatever the bits.</summary>
    public static FseTable Single(byte symbol)
    {
        var table = new FseTable(0);
        table._symbols[0] = symbol;
        return table;
    }

    /// <summary>Reads the distribution of symbols that a table is made of.</summary>
    /// <param name="maxLog">Largest table.</param>
    /// <param name="maxSymbol">Largest symbol.</param>
    /// <param name="used">Bytes that it took.</param>
    /// <exception cref="InvalidDataException">No distribution.</exception>
    public static FseTable Read(ReadOnlySpan<byte> source, int maxLog, int maxSymbol, out int used)
    {
        var bits = new ForwardBits(source);
        var log = (int)bits.Read(4) + 5;
        if (log > maxLog) throw ZstandardDecoder.Damaged();
        Span<short> counts = stackalloc short[256];
        var left = 1 << log;
        var symbols = 0;
        while (left > 0)
        {
            if (symbols > maxSymbol) throw ZstandardDecoder.Damaged();
            // Values below a threshold take a bit less.
            var width = BitOperations.Log2((uint)left + 1) + 1;
            var value = (int)bits.Read(width);
            var low = (1 << (width - 1)) - 1;
            var threshold = (1 << width) - 1 - (left + 1);
            if ((value & low) < threshold)
            {
                bits.Back(1);
                value &= low;
            }
            else if (value > low)
            {
                value -= threshold;
            }
            var count = value - 1;
            left -= Math.Abs(count);
            counts[symbols++] = (short)count;
            if (count != 0) continue;
            uint zeros;
            do
            {
                zeros = bits.Read(2);
                symbols += (int)zeros;
                if (symbols > maxSymbol + 1) throw ZstandardDecoder.Damaged();
            }
            while (zeros == 3);
        }
        if (left != 0) throw ZstandardDecoder.Damaged();
        used = bits.Bytes;
        return Build(counts[..symbols], log);
    }

    /// <param name="counts">How many states each symbol has; -1 for one that takes a whole state's bits anew.</param>
    public static FseTable Build(ReadOnlySpan<short> counts, int log)
    {
        var table = new FseTable(log);
        var size = 1 << log;
        Span<ushort> next = stackalloc ushort[256];
        var high = size;
        for (var s = 0; s < counts.Length; s++)
        {
            if (counts[s] != -1) continue;
            table._symbols[--high] = (byte)s;
            next[s] = 1;
        }
        var step = (size >> 1) + (size >> 3) + 3;
        var at = 0;
        for (var s = 0; s < counts.Length; s++)
        {
            if (counts[s] <= 0) continue;
            next[s] = (ushort)counts[s];
            for (var i = 0; i < counts[s]; i++)
            {
                table._symbols[at] = (byte)s;
                do at = (at + step) & (size - 1);
                while (at >= high);
            }
        }
        if (at != 0) throw ZstandardDecoder.Damaged();
        for (var i = 0; i < size; i++)
        {
            var n = next[table._symbols[i]]++;
            table._bits[i] = (byte)(log - BitOperations.Log2(n));
            table._bases[i] = (ushort)((n << table._bits[i]) - size);
        }
        return table;
    }

    public byte Symbol(int state) => _symbols[state];

    public int Next(int state, ref BackwardBits bits) => _bases[state] + (int)bits.Read(_bits[state]);
}
