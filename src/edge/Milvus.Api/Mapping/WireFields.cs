namespace Milvus.Api.Mapping;

/// <summary>
/// Walks over the fields of one protobuf message without decoding them. What is malformed, or uses the old groups, ends the walk with
/// <see cref="IsMalformed"/>: then the generated parser is asked, which says what is wrong.
/// </summary>
internal ref struct WireFields(ReadOnlySpan<byte> message)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;
    private readonly ReadOnlySpan<byte> _message = message;
    private int _next;

    /// <summary>The field's number.</summary>
    public int Number { get; private set; }

    /// <summary>True when the field has a length: texts, bytes, messages, packed lists.</summary>
    public readonly bool IsDelimited => _wire == Delimited;

    /// <summary>True when the field is a number of any length, which <see cref="Number64"/> holds.</summary>
    public readonly bool IsVarint => _wire == Varint;

    /// <summary>The value of the last field that was a <see cref="IsVarint">varint</see>.</summary>
    public ulong Number64 { get; private set; }

    /// <summary>Where the field begins, with its tag.</summary>
    public int Start { get; private set; }

    /// <summary>Where the content of a field with a length begins.</summary>
    public int Content { get; private set; }

    /// <summary>Where the field ends.</summary>
    public readonly int End => _next;

    public bool IsMalformed { get; private set; }

    private int _wire;

    /// <summary>Moves to the next field; false at the end.</summary>
    public bool Next()
    {
        if (_next == _message.Length || IsMalformed) return false;
        Start = _next;
        if (!TryVarint(ref _next, out var tag)) return Fail();
        _wire = (int)(tag & 7);
        if (tag >> 3 is 0 or > int.MaxValue) return Fail();
        Number = (int)(tag >> 3);
        Content = _next;
        switch (_wire)
        {
            case Varint:
                if (!TryVarint(ref _next, out var value)) return Fail();
                Number64 = value;
                return true;
            case Fixed64:
                return Skip(sizeof(ulong));
            case Fixed32:
                return Skip(sizeof(uint));
            case Delimited:
                if (!TryVarint(ref _next, out var length)) return Fail();
                Content = _next;
                return Skip(length);
            default:
                return Fail();
        }
    }

    private bool Skip(ulong bytes)
    {
        if (bytes > (ulong)(_message.Length - _next)) return Fail();
        _next += (int)bytes;
        return true;
    }

    private readonly bool TryVarint(ref int at, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && at < _message.Length; shift += 7)
        {
            var b = _message[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return true;
        }
        return false;
    }

    private bool Fail()
    {
        IsMalformed = true;
        return false;
    }
}
