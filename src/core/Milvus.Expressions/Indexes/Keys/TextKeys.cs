using System.Runtime.InteropServices;

namespace Milvus.Expressions.Indexes.Keys;

/// <summary>
/// Byte strings in ascending order, front-coded: in groups of <see cref="GroupSize"/> the first is stored whole and each other one as
/// the number of bytes it shares with the one before and the rest. Equal keys may repeat.
/// </summary>
internal sealed class TextKeys
{
    public const int GroupSize = 16;

    private readonly byte[] _data;
    private readonly int[] _groups;
    private readonly int _longest;

    /// <param name="groups">Where each group starts in <paramref name="data"/>.</param>
    public TextKeys(int count, int longest, int[] groups, byte[] data)
    {
        Count = count;
        _longest = longest;
        _groups = groups;
        _data = data;
    }

    public int Count { get; }

    public int LongestBytes => _longest;

    public ReadOnlyMemory<byte> Data => _data;

    public ReadOnlyMemory<byte> Groups => MemoryMarshal.AsBytes(_groups.AsSpan()).ToArray();

    public long MemoryBytes => _data.LongLength + _groups.LongLength * sizeof(int);

    public static TextKeys Build(IReadOnlyList<ReadOnlyMemory<byte>> sorted)
    {
        var groups = new int[(sorted.Count + GroupSize - 1) / GroupSize];
        using var data = new MemoryStream();
        var longest = 0;
        for (var i = 0; i < sorted.Count; i++)
        {
            var key = sorted[i].Span;
            longest = Math.Max(longest, key.Length);
            var shared = 0;
            if (i % GroupSize == 0) groups[i / GroupSize] = checked((int)data.Length);
            else
            {
                shared = key.CommonPrefixLength(sorted[i - 1].Span);
                WriteNumber(data, shared);
            }
            WriteNumber(data, key.Length - shared);
            data.Write(key[shared..]);
        }
        return new TextKeys(sorted.Count, longest, groups, data.ToArray());
    }

    /// <summary>The position of the first key that is not less than the given one, or with <paramref name="after"/> the first greater one.</summary>
    public int Bound(ReadOnlySpan<byte> key, bool after = false)
    {
        // The last group whose first key is still before the bound.
        int low = 0, high = _groups.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (IsBefore(Head(middle).SequenceCompareTo(key), after)) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return 0;
        var reader = new Reader(this, (low - 1) * GroupSize);
        while (reader.Position < Math.Min(Count, low * GroupSize) && reader.MoveNext())
            if (!IsBefore(reader.Current.SequenceCompareTo(key), after)) return reader.Position - 1;
        return Math.Min(Count, low * GroupSize);
    }

    /// <summary>The positions of the keys that start with the bytes.</summary>
    public (int First, int Last) Prefixed(ReadOnlySpan<byte> prefix)
    {
        var first = Bound(prefix);
        var end = prefix.ToArray();
        var length = end.Length;
        while (length > 0 && end[length - 1] == 0xFF) length--;
        if (length == 0) return (first, Count);
        end[length - 1]++;
        return (first, Bound(end.AsSpan(0, length)));
    }

    /// <summary>Reads keys from a position on; the position must be the first of a group or reached by moving.</summary>
    public Reader From(int position)
    {
        var reader = new Reader(this, position / GroupSize * GroupSize);
        while (reader.Position < position) reader.MoveNext();
        return reader;
    }

    /// <summary>Everything can be read and lies in order: what a valid checksum over a writer's mistake does not say.</summary>
    public bool IsSound(bool distinct)
    {
        try
        {
            if (_groups.Length != (Count + GroupSize - 1) / GroupSize) return false;
            var reader = new Reader(this, 0);
            byte[] before = [];
            for (var i = 0; i < Count; i++)
            {
                if (i % GroupSize == 0 && reader.Offset != _groups[i / GroupSize]) return false;
                if (!reader.MoveNext() || reader.Current.Length > _longest) return false;
                var order = i == 0 ? -1 : before.AsSpan().SequenceCompareTo(reader.Current);
                if (order > 0 || (order == 0 && distinct)) return false;
                before = reader.Current.ToArray();
            }
            return reader.Offset == _data.Length;
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException)
        {
            return false;
        }
    }

    private static bool IsBefore(int order, bool after) => order < 0 || (after && order == 0);

    private ReadOnlySpan<byte> Head(int group)
    {
        var at = _groups[group];
        var length = ReadNumber(_data, ref at);
        return _data.AsSpan(at, length);
    }

    private static void WriteNumber(MemoryStream data, int value)
    {
        for (; value >= 0x80; value >>= 7) data.WriteByte((byte)(value | 0x80));
        data.WriteByte((byte)value);
    }

    private static int ReadNumber(byte[] data, ref int at)
    {
        var value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var b = data[at++];
            value |= (b & 0x7F) << shift;
            if (b < 0x80) break;
        }
        return value;
    }

    /// <summary>Walks the keys in order.</summary>
    internal ref struct Reader
    {
        private readonly TextKeys _keys;
        private readonly byte[] _current;
        private int _length;

        public Reader(TextKeys keys, int firstOfGroup)
        {
            _keys = keys;
            _current = new byte[keys._longest];
            Position = firstOfGroup;
            Offset = firstOfGroup < keys.Count ? keys._groups[firstOfGroup / GroupSize] : keys._data.Length;
        }

        /// <summary>The position of the key that <see cref="MoveNext"/> reads next.</summary>
        public int Position { get; private set; }

        public int Offset { get; private set; }

        public readonly ReadOnlySpan<byte> Current => _current.AsSpan(0, _length);

        public bool MoveNext()
        {
            if (Position >= _keys.Count) return false;
            var at = Offset;
            var shared = Position % GroupSize == 0 ? 0 : ReadNumber(_keys._data, ref at);
            var rest = ReadNumber(_keys._data, ref at);
            _keys._data.AsSpan(at, rest).CopyTo(_current.AsSpan(shared));
            _length = shared + rest;
            Offset = at + rest;
            Position++;
            return true;
        }
    }
}
