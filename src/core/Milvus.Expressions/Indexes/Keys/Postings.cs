using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Expressions.Indexes.Keys;

/// <summary>
/// The rows of every key, ascending. A key's rows are a list or, where that takes less memory, a bitmap over all rows. Without starts, key
/// i has exactly row i of the list.
/// </summary>
internal sealed class Postings
{
    /// <summary>Bit 31 of a start: the key has the bitmap of that number.</summary>
    private const int BitmapFlag = int.MinValue;

    private readonly int[]? _starts;
    private readonly int[]? _counts;
    private readonly int[] _rows;
    private readonly ulong[] _bitmaps;
    private readonly int _words;

    /// <param name="starts">Per key its place in <paramref name="rows"/>, or the number of its bitmap with bit 31 set; null for one row per key.</param>
    /// <param name="counts">Per key its number of rows; null without bitmaps, when the next start tells.</param>
    public Postings(int keyCount, int rowCount, int[]? starts, int[]? counts, int[] rows, ulong[] bitmaps)
    {
        KeyCount = keyCount;
        _starts = starts;
        _counts = counts;
        _rows = rows;
        _bitmaps = bitmaps;
        _words = Validity.WordCount(rowCount);
    }

    public int KeyCount { get; }

    public long MemoryBytes => ((_starts?.LongLength ?? 0) + (_counts?.LongLength ?? 0) + _rows.LongLength) * sizeof(int) + _bitmaps.LongLength * sizeof(ulong);

    /// <summary>Starts, counts, rows, bitmaps.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Sections =>
        [Bytes<int>(_starts ?? []), Bytes<int>(_counts ?? []), Bytes<int>(_rows), Bytes<ulong>(_bitmaps)];

    /// <summary>Gives keys with so many rows that a bitmap is smaller one.</summary>
    /// <param name="starts">keyCount + 1 places in <paramref name="rows"/>.</param>
    public static Postings WithBitmaps(int rowCount, int[] starts, int[] rows)
    {
        var words = Validity.WordCount(rowCount);
        var keys = starts.Length - 1;
        var (newStarts, counts, lists, bitmaps) = (new int[keys], new int[keys], new List<int>(), new List<ulong>());
        for (var key = 0; key < keys; key++)
        {
            var list = rows.AsSpan(starts[key]..starts[key + 1]);
            counts[key] = list.Length;
            if (list.Length <= words * 2)
            {
                newStarts[key] = lists.Count;
                lists.AddRange(list);
                continue;
            }
            newStarts[key] = (bitmaps.Count / words) | BitmapFlag;
            var first = bitmaps.Count;
            CollectionsMarshal.SetCount(bitmaps, first + words);
            var bits = CollectionsMarshal.AsSpan(bitmaps)[first..];
            bits.Clear();
            foreach (var row in list) bits[row >> 6] |= 1UL << (row & 63);
        }
        return new Postings(keys, rowCount, newStarts, counts, [.. lists], [.. bitmaps]);
    }

    /// <summary>Rows of the keys from <paramref name="first"/> up to before <paramref name="last"/>, those of several keys counted several times.</summary>
    public long Count(int first, int last)
    {
        if (first >= last) return 0;
        if (_starts is null) return last - first;
        if (_counts is null) return _starts[last] - _starts[first];
        long sum = 0;
        for (var key = first; key < last; key++) sum += _counts[key];
        return sum;
    }

    /// <summary>Rough nanoseconds of <see cref="Mark"/>.</summary>
    public long Cost(int first, int last)
    {
        if (first >= last) return 0;
        if (_counts is null) return Count(first, last) * 3 / 2 + 20;
        long sum = 0;
        for (var key = first; key < last; key++) sum += _starts![key] < 0 ? _words / 4 + 5 : _counts[key] * 3 / 2 + 5;
        return sum;
    }

    /// <summary>Sets the bits of the keys' rows.</summary>
    public void Mark(int first, int last, Span<ulong> bits)
    {
        if (first >= last) return;
        if (_counts is null)
        {
            var (from, to) = _starts is null ? (first, last) : (_starts[first], _starts[last]);
            MarkRows(_rows.AsSpan(from..to), bits);
            return;
        }
        for (var key = first; key < last; key++)
        {
            var start = _starts![key];
            if (start < 0) Kernels.Bitmaps.Or(bits, _bitmaps.AsSpan((start & ~BitmapFlag) * _words, _words));
            else MarkRows(_rows.AsSpan(start, _counts[key]), bits);
        }
    }

    /// <summary>Numbers lie where they may: a writer's mistake under a valid checksum must not become a wrong answer or a crash.</summary>
    public bool IsSound(int rowCount)
    {
        foreach (var row in _rows)
            if ((uint)row >= (uint)rowCount) return false;
        if (_starts is null) return _counts is null && _rows.Length == KeyCount;
        if (_counts is null)
        {
            if (_starts.Length != KeyCount + 1 || _starts[0] != 0 || _starts[^1] != _rows.Length) return false;
            for (var i = 0; i < KeyCount; i++)
                if (_starts[i + 1] < _starts[i]) return false;
            return true;
        }
        if (_starts.Length != KeyCount || _counts.Length != KeyCount || (_words > 0 && _bitmaps.Length % _words != 0)) return false;
        for (var key = 0; key < KeyCount; key++)
        {
            var start = _starts[key];
            var fits = start < 0
                ? (long)((start & ~BitmapFlag) + 1) * _words <= _bitmaps.Length
                : _counts[key] >= 0 && (long)start + _counts[key] <= _rows.Length;
            if (!fits) return false;
        }
        return true;
    }

    private static void MarkRows(ReadOnlySpan<int> rows, Span<ulong> bits)
    {
        foreach (var row in rows) bits[row >> 6] |= 1UL << (row & 63);
    }

    private static ReadOnlyMemory<byte> Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
