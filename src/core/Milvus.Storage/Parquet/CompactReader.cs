using System.Text;

namespace Milvus.Storage.Parquet;

/// <summary>Types of Thrift's compact protocol.</summary>
internal enum CompactType : byte
{
    Stop = 0,
    True = 1,
    False = 2,
    Byte = 3,
    Int16 = 4,
    Int32 = 5,
    Int64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Set = 10,
    Map = 11,
    Struct = 12,
}

/// <summary>Reads what Thrift's compact protocol wrote, as far as Parquet uses it. Every malformed or cut-off input throws <see cref="InvalidDataException"/>.</summary>
internal ref struct CompactReader(ReadOnlySpan<byte> data)
{
    private const int MaxDepth = 64;
    private readonly ReadOnlySpan<byte> _data = data;
    private int _depth;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>The next field of a struct; false at its end.</summary>
    /// <param name="id">In: the id before it, 0 at first. Out: its own.</param>
    public bool NextField(scoped ref short id, out CompactType type)
    {
        var header = ReadByte();
        type = (CompactType)(header & 0x0F);
        if (type == CompactType.Stop) return false;
        var delta = header >> 4;
        id = delta != 0 ? (short)(id + delta) : (short)ReadZigZag();
        return true;
    }

    public int ReadInt32() => ReadZigZag() is var value and >= int.MinValue and <= int.MaxValue ? (int)value : throw Malformed();

    public long ReadInt64() => ReadZigZag();

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>The number and type of a list's elements.</summary>
    public int ReadListHeader(out CompactType type)
    {
        var header = ReadByte();
        type = (CompactType)(header & 0x0F);
        var count = header >> 4;
        if (count == 15) count = ReadCount();
        // Every element takes a byte at least.
        return count <= _data.Length - Position ? count : throw Malformed();
    }

    public void Skip(CompactType type)
    {
        if (++_depth > MaxDepth) throw Malformed();
        switch (type)
        {
            case CompactType.True or CompactType.False:
                break;
            case CompactType.Byte:
                ReadByte();
                break;
            case CompactType.Int16 or CompactType.Int32 or CompactType.Int64:
                ReadVarint();
                break;
            case CompactType.Double:
                Advance(8);
                break;
            case CompactType.Binary:
                ReadBytes();
                break;
            case CompactType.List or CompactType.Set:
                for (var n = ReadListHeader(out var element); n > 0; n--) SkipElement(element);
                break;
            case CompactType.Map:
                SkipMap();
                break;
            case CompactType.Struct:
                short id = 0;
                while (NextField(ref id, out var field)) Skip(field);
                break;
            default:
                throw Malformed();
        }
        _depth--;
    }

    // Booleans have their value in the field header, but take a byte each in a list.
    private void SkipElement(CompactType type)
    {
        if (type is CompactType.True or CompactType.False) ReadByte();
        else Skip(type);
    }

    private void SkipMap()
    {
        var count = ReadCount();
        if (count == 0) return;
        var types = ReadByte();
        for (; count > 0; count--)
        {
            SkipElement((CompactType)(types >> 4));
            SkipElement((CompactType)(types & 0x0F));
        }
    }

    private ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadCount();
        var start = Position;
        Advance(length);
        return _data.Slice(start, length);
    }

    private int ReadCount() => ReadVarint() is var value and <= int.MaxValue ? (int)value : throw Malformed();

    private long ReadZigZag()
    {
        var raw = ReadVarint();
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = ReadByte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw Malformed();
    }

    private byte ReadByte() => Position < _data.Length ? _data[Position++] : throw Malformed();

    private void Advance(int count)
    {
        if (count < 0 || count > _data.Length - Position) throw Malformed();
        Position += count;
    }

    private static InvalidDataException Malformed() => new("malformed Parquet metadata");
}
