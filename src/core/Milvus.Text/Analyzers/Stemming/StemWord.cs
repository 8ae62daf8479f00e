namespace Milvus.Text.Analyzers.Stemming;

/// <summary>A word being stemmed in place, and the regions that most rules are confined to. Positions count letters from 0.</summary>
internal ref struct StemWord(Span<char> buffer, int length)
{
    private readonly Span<char> _buffer = buffer;

    public int Length { get; private set; } = length;

    /// <summary>Where the region RV begins; the word's length when it is empty.</summary>
    public int Rv { get; set; } = length;

    /// <summary>Where the region R1 begins.</summary>
    public int R1 { get; set; } = length;

    /// <summary>Where the region R2 begins.</summary>
    public int R2 { get; set; } = length;

    public readonly ReadOnlySpan<char> Letters => _buffer[..Length];

    public char this[int position]
    {
        readonly get => _buffer[position];
        set => _buffer[position] = value;
    }

    /// <summary>The letter <paramref name="back"/> places before the end (1 is the last), or NUL before the beginning.</summary>
    public readonly char Last(int back) => back <= Length ? _buffer[Length - back] : '\0';

    public readonly bool EndsWith(scoped ReadOnlySpan<char> suffix) => Letters.EndsWith(suffix);

    /// <summary>True when the word without its last <paramref name="cut"/> letters ends with something.</summary>
    public readonly bool EndsWith(scoped ReadOnlySpan<char> suffix, int cut) => cut <= Length && _buffer[..(Length - cut)].EndsWith(suffix);

    /// <summary>True when the last <paramref name="count"/> letters lie in the region from a position on.</summary>
    public readonly bool IsIn(int region, int count) => Length - count >= region;

    public readonly bool InRv(int count) => Length - count >= Rv;

    public readonly bool InR1(int count) => Length - count >= R1;

    public readonly bool InR2(int count) => Length - count >= R2;

    public void Cut(int count) => Length -= count;

    /// <summary>Cuts a suffix where the word ends with it inside a region.</summary>
    public bool CutEnd(scoped ReadOnlySpan<char> suffix, int region = 0)
    {
        if (!EndsWith(suffix) || !IsIn(region, suffix.Length))
            return false;
        Length -= suffix.Length;
        return true;
    }

    /// <summary>Puts something in place of the last <paramref name="count"/> letters.</summary>
    public void Replace(int count, scoped ReadOnlySpan<char> replacement)
    {
        replacement.CopyTo(_buffer[(Length - count)..]);
        Length += replacement.Length - count;
    }

    /// <summary>Puts something in place of letters anywhere.</summary>
    public void Replace(int position, int count, scoped ReadOnlySpan<char> replacement)
    {
        _buffer[(position + count)..Length].CopyTo(_buffer[(position + replacement.Length)..]);
        replacement.CopyTo(_buffer[position..]);
        Length += replacement.Length - count;
    }

    /// <summary>Exchanges single letters: each of <paramref name="from"/> for the one at its place in <paramref name="to"/>.</summary>
    public readonly void Exchange(scoped ReadOnlySpan<char> from, scoped ReadOnlySpan<char> to)
    {
        foreach (ref char letter in _buffer[..Length])
        {
            int at = from.IndexOf(letter);
            if (at >= 0)
                letter = to[at];
        }
    }

    /// <summary>Marks a letter between two vowels as a consonant by another letter.</summary>
    public readonly void MarkBetweenVowels(char letter, char mark, string vowels)
    {
        for (int i = 1; i + 1 < Length; i++)
        {
            if (_buffer[i] == letter && vowels.Contains(_buffer[i - 1]) && vowels.Contains(_buffer[i + 1]))
                _buffer[i] = mark;
        }
    }

    /// <summary>The position behind the first vowel at or behind <paramref name="start"/>; −1 when there is none.</summary>
    public readonly int BehindVowel(int start, string vowels)
    {
        for (int i = start; i < Length; i++)
        {
            if (vowels.Contains(_buffer[i]))
                return i + 1;
        }
        return -1;
    }

    /// <summary>The position behind the first letter that is no vowel; −1 when there is none.</summary>
    public readonly int BehindConsonant(int start, string vowels)
    {
        for (int i = start; i < Length; i++)
        {
            if (!vowels.Contains(_buffer[i]))
                return i + 1;
        }
        return -1;
    }

    /// <summary>R1 lies behind the first consonant that follows a vowel, R2 the same way behind that.</summary>
    /// <param name="minimum">R1 is moved to at least this, and is empty in shorter words.</param>
    public void MarkR1R2(string vowels, int minimum = 0)
    {
        if (Length < minimum)
            return;
        int first = BehindVowel(0, vowels) is >= 0 and int vowel ? BehindConsonant(vowel, vowels) : -1;
        if (first < 0)
            return;
        R1 = Math.Max(first, minimum);
        int second = BehindVowel(first, vowels) is >= 0 and int next ? BehindConsonant(next, vowels) : -1;
        if (second >= 0)
            R2 = second;
    }

    /// <summary>
    /// RV of Spanish and its relatives: behind the first vowel from the third letter on where the second letter is a consonant, behind
    /// the first consonant from there on where the word begins with two vowels, behind the third letter otherwise.
    /// </summary>
    public void MarkRv(string vowels)
    {
        if (Length < 2)
            return;
        bool first = vowels.Contains(_buffer[0]), second = vowels.Contains(_buffer[1]);
        int start = !second ? BehindVowel(2, vowels) : first ? BehindConsonant(2, vowels) : Length > 2 ? 3 : -1;
        if (start >= 0)
            Rv = start;
    }
}
