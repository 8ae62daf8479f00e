namespace Milvus.Text.Indexing;

/// <summary>Writes ascending rows as gaps minus one in groups of seven bits, lowest first; the high bit says that more follow.</summary>
internal sealed class PostingWriter(int expectedRows)
{
    private byte[] _bytes = new byte[Math.Max(16, expectedRows)];
    private int _previous = -1;

    public int Length { get; private set; }

    public void StartList() => _previous = -1;

    public void Write(int row)
    {
        uint gap = (uint)(row - _previous - 1);
        _previous = row;
        if (_bytes.Length - Length < 5)
            Array.Resize(ref _bytes, checked((int)Math.Min(Array.MaxLength, 2L * _bytes.Length)));
        for (; gap >= 0x80; gap >>= 7)
            _bytes[Length++] = (byte)(gap | 0x80);
        _bytes[Length++] = (byte)gap;
    }

    public byte[] ToArray() => _bytes.AsSpan(0, Length).ToArray();
}

/// <summary>Reads what <see cref="PostingWriter"/> wrote.</summary>
internal ref struct PostingReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;
    private long _row = -1;

    /// <summary>The row last read.</summary>
    public readonly int Row => (int)_row;

    public bool Read()
    {
        if (_at >= _bytes.Length)
            return false;
        ulong gap = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = _bytes[_at++];
            gap |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                break;
        }
        _row += (long)gap + 1;
        return true;
    }
}
