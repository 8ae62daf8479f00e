using System.Collections.Frozen;
using System.Text;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>Classes of characters that a <see cref="CharGroupTokenizer"/> can split at.</summary>
[Flags]
internal enum CharGroups
{
    None = 0,
    Whitespace = 1,
    Letter = 2,
    Digit = 4,
    Punctuation = 8,
    Symbol = 16,
    AsciiWhitespace = 32,
    AsciiLetter = 64,
    AsciiDigit = 128,
    AsciiPunctuation = 256,
}

/// <summary>Splits at given characters and character classes.</summary>
internal sealed class CharGroupTokenizer : Tokenizer
{
    private readonly bool[] _asciiDelimiter = new bool[128];
    private readonly FrozenSet<int> _delimiters;
    private readonly CharGroups _groups;

    public CharGroupTokenizer(IEnumerable<Rune> delimiters, CharGroups groups)
    {
        _groups = groups;
        _delimiters = delimiters.Select(rune => rune.Value).ToFrozenSet();
        for (int i = 0; i < _asciiDelimiter.Length; i++)
            _asciiDelimiter[i] = _delimiters.Contains(i) || IsInGroups(new Rune(i));
    }

    public static bool TryParseGroup(string name, out CharGroups group)
    {
        group = name switch
        {
            "whitespace" => CharGroups.Whitespace,
            "letter" => CharGroups.Letter,
            "digit" => CharGroups.Digit,
            "punctuation" => CharGroups.Punctuation,
            "symbol" => CharGroups.Symbol,
            "ascii_whitespace" => CharGroups.AsciiWhitespace,
            "ascii_letter" => CharGroups.AsciiLetter,
            "ascii_digit" => CharGroups.AsciiDigit,
            "ascii_punctuation" => CharGroups.AsciiPunctuation,
            _ => CharGroups.None,
        };
        return group != CharGroups.None;
    }

    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        int position = 0, at = 0, start = -1;
        while (at < utf8.Length)
        {
            int width = DelimiterWidth(utf8, at, out bool delimiter);
            if (!delimiter)
            {
                if (start < 0)
                    start = at;
            }
            else if (start >= 0)
            {
                if (!first.Push(new AnalyzedToken(utf8[start..at], start, at, position++), sink))
                    return;
                start = -1;
            }
            at += width;
        }
        if (start >= 0)
            first.Push(new AnalyzedToken(utf8[start..at], start, at, position), sink);
    }

    private int DelimiterWidth(ReadOnlySpan<byte> utf8, int at, out bool delimiter)
    {
        byte b = utf8[at];
        if (b < 0x80)
        {
            delimiter = _asciiDelimiter[b];
            return 1;
        }
        Rune.DecodeFromUtf8(utf8[at..], out Rune rune, out int width);
        delimiter = _delimiters.Contains(rune.Value) || IsInGroups(rune);
        return width;
    }

    private bool IsInGroups(Rune rune) =>
        Has(CharGroups.Whitespace) && Rune.IsWhiteSpace(rune)
        || Has(CharGroups.Letter) && CharacterClasses.IsAlphabetic(rune)
        || Has(CharGroups.Digit | CharGroups.AsciiDigit) && rune.IsAscii && char.IsAsciiDigit((char)rune.Value)
        || Has(CharGroups.Punctuation) && CharacterClasses.IsPunctuation(rune)
        || Has(CharGroups.Symbol) && CharacterClasses.IsSymbol(rune)
        || Has(CharGroups.AsciiWhitespace) && rune.IsAscii && CharacterClasses.IsAsciiWhitespace((byte)rune.Value)
        || Has(CharGroups.AsciiLetter) && rune.IsAscii && char.IsAsciiLetter((char)rune.Value)
        // ASCII counts its symbols ($ + < = > ^ ` | ~) as punctuation too.
        || Has(CharGroups.AsciiPunctuation) && rune.IsAscii && (CharacterClasses.IsPunctuation(rune) || CharacterClasses.IsSymbol(rune));

    private bool Has(CharGroups groups) => (_groups & groups) != 0;
}
