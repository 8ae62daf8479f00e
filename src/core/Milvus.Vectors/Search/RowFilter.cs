using System.Numerics;
using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// Which rows a search may return: bit r % 64 of word r / 64 is 1 when row r may be returned. Rows beyond the last word are not
/// returned. The default value lets every row pass. Deleted and not yet visible rows are kept out by the same bits.
/// </summary>
public readonly ref struct RowFilter
{
    private readonly ReadOnlySpan<ulong> _words;
    private readonly bool _present;

    /// <param name="words">One bit per row; the caller keeps them unchanged during the search.</param>
    public RowFilter(ReadOnlySpan<ulong> words)
    {
        _words = words;
        _present = true;
    }

    /// <summary>Lets every row pass.</summary>
    public static RowFilter All => default;

    /// <summary>True when every row passes because no bits were given.</summary>
    public bool PassesAll => !_present;

    /// <summary>The bits as given; empty when <see cref="PassesAll"/>.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>Whether a row may be returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Passes(int row)
    {
        if (!_present)
            return true;
        int word = row >> 6;
        return (uint)word < (uint)_words.Length && ((_words[word] >> row) & 1) != 0;
    }

    /// <summary>How many of the rows 0…<paramref name="rows"/>−1 pass.</summary>
    public int CountPassing(int rows)
    {
        if (!_present)
            return rows;
        int whole = Math.Min(rows >> 6, _words.Length);
        int passing = 0;
        for (int word = 0; word < whole; word++)
            passing += BitOperations.PopCount(_words[word]);
        int rest = rows & 63;
        if (rest != 0 && whole < _words.Length && whole == rows >> 6)
            passing += BitOperations.PopCount(_words[whole] & ((1UL << rest) - 1));
        return passing;
    }
}
