using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Which rows of a growing field hold a value; costs nothing until the first null arrives. Single writer. Readers take the words
/// after the row count: bits of published rows never change, but the writer still sets later bits in the last word.
/// </summary>
internal sealed class GrowingValidity
{
    private ulong[]? _words;
    private int _count;

    public long MemoryBytes => (Volatile.Read(ref _words)?.LongLength ?? 0) * sizeof(ulong);

    /// <summary>The bits of at least the published rows; null when all of them hold a value. Not to be written to.</summary>
    public ulong[]? Words => Volatile.Read(ref _words);

    /// <summary>A stable copy for the first <paramref name="count"/> rows, which have been published; null when all hold a value.</summary>
    public Validity? View(int count)
    {
        var words = Words;
        return words is null ? null : new Validity(words.AsSpan(0, Validity.WordCount(count)).ToArray(), count);
    }

    public void Append(Validity? source, int start, int count)
    {
        if (source is not null || _words is not null)
        {
            var words = Reserve(_count + count);
            for (var i = 0; i < count; i++)
            {
                var row = _count + i;
                if (source is null || source[start + i]) words[row >> 6] |= 1UL << (row & 63);
            }
        }
        _count += count;
    }

    private ulong[] Reserve(int rows)
    {
        var needed = Validity.WordCount(rows);
        if (_words is not null && _words.Length >= needed) return _words;
        var grown = new ulong[Math.Max(needed, (_words?.Length ?? 8) * 2)];
        if (_words is null) RowBits.FillPrefix(grown, _count);
        else _words.CopyTo(grown, 0);
        Volatile.Write(ref _words, grown);
        return grown;
    }
}
