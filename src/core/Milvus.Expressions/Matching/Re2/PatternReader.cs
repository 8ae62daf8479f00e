using System.Text;

namespace Milvus.Expressions.Matching.Re2;

/// <summary>A reading position in a pattern.</summary>
internal sealed class PatternReader(string pattern)
{
    public string Pattern => pattern;

    public int Position { get; set; }

    public bool AtEnd => Position >= pattern.Length;

    public char Peek() => PeekAt(0);

    /// <summary>The character <paramref name="ahead"/> places on; NUL behind the end.</summary>
    public char PeekAt(int ahead) => Position + ahead < pattern.Length ? pattern[Position + ahead] : '\0';

    public char Take() => AtEnd ? throw new FormatException("unexpected end of pattern") : pattern[Position++];

    public bool TryTake(char c)
    {
        if (AtEnd || pattern[Position] != c) return false;
        Position++;
        return true;
    }

    public bool TryTake(string text)
    {
        if (string.CompareOrdinal(pattern, Position, text, 0, text.Length) != 0) return false;
        Position += text.Length;
        return true;
    }

    public int TakeCodePoint()
    {
        if (Rune.TryGetRuneAt(pattern, Position, out var rune))
        {
            Position += rune.Utf16SequenceLength;
            return rune.Value;
        }
        return Take();
    }

    public string TakeDigits()
    {
        var start = Position;
        while (char.IsAsciiDigit(Peek())) Position++;
        return pattern[start..Position];
    }

    /// <summary>The text before <paramref name="end"/>, which is taken too; the rest of the pattern when it does not occur.</summary>
    public string TakeUntil(string end)
    {
        var at = pattern.IndexOf(end, Position, StringComparison.Ordinal);
        var text = at < 0 ? pattern[Position..] : pattern[Position..at];
        Position = at < 0 ? pattern.Length : at + end.Length;
        return text;
    }

    public string Since(int mark) => pattern[mark..Math.Min(Position, pattern.Length)];
}
