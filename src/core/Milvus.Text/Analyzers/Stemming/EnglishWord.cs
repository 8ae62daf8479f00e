namespace Milvus.Text.Analyzers.Stemming;

/// <summary>A word being stemmed in place: its letters, the regions R1 and R2, and the questions the rules ask.</summary>
internal ref struct EnglishWord(Span<byte> buffer, int length)
{
    private readonly Span<byte> _buffer = buffer;
    private int _r1, _r2;

    public int Length { get; private set; } = length;

    public readonly ReadOnlySpan<byte> Letters => _buffer[..Length];

    /// <summary>Drops a leading apostrophe, marks each y that acts as a consonant as Y, and finds the regions.</summary>
    public void Prepare()
    {
        if (_buffer[0] == '\'')
        {
            _buffer[1..Length].CopyTo(_buffer);
            Length--;
        }
        for (int i = 0; i < Length; i++)
        {
            if (_buffer[i] == 'y' && (i == 0 || IsVowel(_buffer[i - 1])))
                _buffer[i] = (byte)'Y';
        }
        ReadOnlySpan<byte> letters = Letters;
        _r1 = letters.StartsWith("gener"u8) || letters.StartsWith("arsen"u8) ? 5
            : letters.StartsWith("commun"u8) ? 6
            : RegionAfter(0);
        _r2 = RegionAfter(_r1);
    }

    public readonly void RestoreY() => _buffer[..Length].Replace((byte)'Y', (byte)'y');

    public readonly bool EndsWith(ReadOnlySpan<byte> suffix) => Letters.EndsWith(suffix);

    /// <summary>True when the last <paramref name="count"/> letters lie in R1.</summary>
    public readonly bool InR1(int count) => Length - count >= _r1;

    public readonly bool InR2(int count) => Length - count >= _r2;

    public void Cut(int count) => Length -= count;

    public void Append(byte letter) => _buffer[Length++] = letter;

    /// <summary>Puts <paramref name="replacement"/> in place of the last <paramref name="count"/> letters.</summary>
    public void Replace(int count, ReadOnlySpan<byte> replacement)
    {
        replacement.CopyTo(_buffer[(Length - count)..]);
        Length += replacement.Length - count;
    }

    public readonly bool HasVowelBefore(int end)
    {
        for (int i = 0; i < end; i++)
        {
            if (IsVowel(_buffer[i]))
                return true;
        }
        return false;
    }

    public readonly bool EndsWithDouble() => Length >= 2 && _buffer[Length - 1] == _buffer[Length - 2]
        && _buffer[Length - 1] is (byte)'b' or (byte)'d' or (byte)'f' or (byte)'g' or (byte)'m' or (byte)'n' or (byte)'p' or (byte)'r' or (byte)'t';

    /// <summary>True when the letters before <paramref name="end"/> end in a short syllable.</summary>
    public readonly bool EndsInShortSyllable(int end) => end switch
    {
        < 2 => false,
        2 => IsVowel(_buffer[0]) && !IsVowel(_buffer[1]),
        _ => !IsVowel(_buffer[end - 3]) && IsVowel(_buffer[end - 2]) && !IsVowel(_buffer[end - 1])
            && _buffer[end - 1] is not ((byte)'w' or (byte)'x' or (byte)'Y'),
    };

    /// <summary>True when R1 is empty and the word ends in a short syllable.</summary>
    public readonly bool IsShort() => _r1 >= Length && EndsInShortSyllable(Length);

    public static bool IsVowel(byte letter) =>
        letter is (byte)'a' or (byte)'e' or (byte)'i' or (byte)'o' or (byte)'u' or (byte)'y';

    // The region after the first consonant that follows a vowel.
    private readonly int RegionAfter(int start)
    {
        for (int i = start + 1; i < Length; i++)
        {
            if (IsVowel(_buffer[i - 1]) && !IsVowel(_buffer[i]))
                return i + 1;
        }
        return Length;
    }
}
