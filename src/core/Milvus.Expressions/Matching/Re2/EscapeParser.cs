namespace Milvus.Expressions.Matching.Re2;

/// <summary>Escapes that stand for one character.</summary>
internal static class EscapeParser
{
    /// <summary>The character that the escape at the reading position stands for.</summary>
    public static int CodePoint(PatternReader reader)
    {
        var mark = reader.Position;
        reader.Take();
        if (reader.AtEnd) throw new FormatException("trailing \\ at end of expression");
        var c = reader.Peek();
        if (!char.IsAscii(c)) throw Invalid(reader, mark);
        reader.Take();
        switch (c)
        {
            case 'a': return '\a';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            case 'x': return Hexadecimal(reader, mark);
            case >= '1' and <= '7' when reader.Peek() is not (>= '0' and <= '7'): // A back-reference.
                throw Invalid(reader, mark);
            case >= '0' and <= '7':
                var octal = c - '0';
                for (var i = 0; i < 2 && reader.Peek() is >= '0' and <= '7'; i++) octal = octal * 8 + (reader.Take() - '0');
                return octal;
            default:
                return char.IsAsciiLetterOrDigit(c) ? throw Invalid(reader, mark) : c;
        }
    }

    private static int Hexadecimal(PatternReader reader, int mark)
    {
        var value = 0;
        if (reader.TryTake('{'))
        {
            var digits = reader.TakeUntil("}");
            if (digits.Length is 0 or > 6 || !digits.All(char.IsAsciiHexDigit)) throw Invalid(reader, mark);
            value = Convert.ToInt32(digits, 16);
            return value <= CodePointSet.Max && value is not (>= 0xD800 and <= 0xDFFF) ? value : throw Invalid(reader, mark);
        }
        for (var i = 0; i < 2; i++)
        {
            if (!char.IsAsciiHexDigit(reader.Peek())) throw Invalid(reader, mark);
            value = value * 16 + Convert.ToInt32(reader.Take().ToString(), 16);
        }
        return value;
    }

    public static FormatException Invalid(PatternReader reader, int mark) => new("invalid escape sequence: " + reader.Since(mark));
}
