using System.Numerics;

namespace Milvus.Model;

/// <summary>One bit per row, 1 = the value is present. A column without one has no nulls. Immutable once published.</summary>
public sealed class Validity
{
    private readonly ulong[] _words;

    /// <param name="words">At least ⌈count / 64⌉ words, least significant bit first; owned by this instance from now on.</param>
    /// <param name="count">Number of rows.</param>
    public Validity(ulong[] words, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(words.Length, WordCount(count));
        _words = words;
        Count = count;
    }

    public int Count { get; }

    public ReadOnlySpan<ulong> Words => _words.AsSpan(0, WordCount(Count));

    public bool this[int row] => (_words[row >> 6] >> (row & 63) & 1) != 0;

    public static int WordCount(int count) => (count + 63) >> 6;

    /// <summary>Rows whose value is present.</summary>
    public int CountValid()
    {
        var n = 0;
        var full = Count >> 6;
        for (var i = 0; i < full; i++) n += BitOperations.PopCount(_words[i]);
        if ((Count & 63) != 0) n += BitOperations.PopCount(_words[full] & ((1UL << (Count & 63)) - 1));
        return n;
    }

    /// <summary>Null when every flag is set, so that "no nulls" has one representation.</summary>
    public static Validity? FromFlags(ReadOnlySpan<bool> flags)
    {
        if (!flags.Contains(false)) return null;
        var words = new ulong[WordCount(flags.Length)];
        for (var i = 0; i < flags.Length; i++)
            if (flags[i]) words[i >> 6] |= 1UL << (i & 63);
        return new Validity(words, flags.Length);
    }

    /// <summary>A validity whose every row is null.</summary>
    public static Validity NoneValid(int count) => new(new ulong[WordCount(count)], count);

    public Validity Slice(int start, int count)
    {
        var words = new ulong[WordCount(count)];
        if ((start & 63) == 0) _words.AsSpan(start >> 6, words.Length).CopyTo(words);
        else
            for (var i = 0; i < count; i++)
                if (this[start + i]) words[i >> 6] |= 1UL << (i & 63);
        return new Validity(words, count);
    }
}
