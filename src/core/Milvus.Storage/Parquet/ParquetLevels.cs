namespace Milvus.Storage.Parquet;

/// <summary>Reads small integers that are stored as runs and as packed bits by turns (levels, dictionary indexes, booleans).</summary>
internal ref struct RunReader(ReadOnlySpan<byte> data, int bits)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private readonly int _bits = bits is >= 0 and <= 32 ? bits : throw Damaged();
    private int _position;
    private int _run;
    private uint _value;
    private int _packed;
    private int _bit;

    public uint Next()
    {
        if (_run == 0 && _packed == 0) Begin();
        if (_run > 0)
        {
            _run--;
            return _value;
        }
        _packed--;
        var value = ParquetBits.Read(_data[_position..], _bit, _bits);
        _bit += _bits;
        if (_packed == 0) _position += (_bit + 7) >> 3;
        return value;
    }

    private void Begin()
    {
        var header = ReadVarint();
        if ((header & 1) == 0)
        {
            _run = (int)(header >> 1);
            var bytes = (_bits + 7) >> 3;
            if (_run <= 0 || _position + bytes > _data.Length) throw Damaged();
            _value = 0;
            for (var i = 0; i < bytes; i++) _value |= (uint)_data[_position++] << (8 * i);
            return;
        }
        var groups = header >> 1;
        if (groups is 0 or > int.MaxValue / 8) throw Damaged();
        _packed = (int)groups * 8;
        _bit = 0;
        // The last group may be cut off where no values are left.
        if (_bits > 0) _packed = (int)Math.Min(_packed, (long)(_data.Length - _position) * 8 / _bits);
        if (_packed == 0) throw Damaged();
    }

    private uint ReadVarint()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (_position >= _data.Length) throw Damaged();
            var b = _data[_position++];
            value |= (uint)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw Damaged();
    }

    private static InvalidDataException Damaged() => new("a page of the Parquet file is damaged: its levels or indexes are cut off");
}

/// <summary>Reads numbers of any width out of bits, the least significant first.</summary>
internal static class ParquetBits
{
    public static uint Read(ReadOnlySpan<byte> data, int bit, int width) => (uint)ReadLong(data, bit, width);

    public static ulong ReadLong(ReadOnlySpan<byte> data, int bit, int width)
    {
        ulong value = 0;
        for (var done = 0; done < width;)
        {
            var index = (bit + done) >> 3;
            if (index >= data.Length) throw new InvalidDataException("a page of the Parquet file is damaged: packed numbers are cut off");
            var shift = (bit + done) & 7;
            var take = Math.Min(8 - shift, width - done);
            value |= (((ulong)data[index] >> shift) & ((1UL << take) - 1)) << done;
            done += take;
        }
        return value;
    }

    /// <summary>Bits that the numbers 0…<paramref name="largest"/> take.</summary>
    public static int WidthOf(int largest) => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)largest);
}
