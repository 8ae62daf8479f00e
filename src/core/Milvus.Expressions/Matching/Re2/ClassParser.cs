namespace Milvus.Expressions.Matching.Re2;

/// <summary>Character classes: brackets, Perl's and POSIX' names, Unicode categories and scripts.</summary>
internal static class ClassParser
{
    private static readonly (int, int)[] Digits = [('0', '9')];
    private static readonly (int, int)[] Spaces = [('\t', '\n'), ('\f', '\r'), (' ', ' ')];
    private static readonly (int, int)[] Words = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

    /// <summary>A bracket class at the reading position, as a .NET pattern.</summary>
    public static string Parse(PatternReader reader)
    {
        var mark = reader.Position;
        reader.Take();
        var negated = reader.TryTake('^');
        var set = new CodePointSet();
        for (var first = true; first || reader.Peek() != ']' || reader.AtEnd; first = false)
        {
            if (reader.AtEnd) throw new FormatException("missing closing ]: " + reader.Since(mark));
            if (reader.Peek() == '[' && reader.PeekAt(1) == ':' && TryPosixClass(reader, out var named))
            {
                set.Add(named);
                continue;
            }
            if (reader.Peek() == '\\' && TryPerlClass(reader, out named))
            {
                set.Add(named);
                continue;
            }
            var low = Single(reader);
            var high = low;
            if (reader.Peek() == '-' && reader.PeekAt(1) is not (']' or '\0'))
            {
                reader.Take();
                if (reader.Peek() == '\\' && TryPerlClass(reader, out _)) throw new FormatException("invalid character class range: " + reader.Since(mark));
                high = Single(reader);
                if (high < low) throw new FormatException("invalid character class range: " + reader.Since(mark));
            }
            set.Add(low, high);
        }
        reader.Take();
        return set.ToPattern(negated);
    }

    private static int Single(PatternReader reader) => reader.Peek() == '\\' ? EscapeParser.CodePoint(reader) : reader.TakeCodePoint();

    /// <summary><c>\d \s \w \pL \p{Lu}</c> and their complements. Perl's names cover ASCII only, as in RE2.</summary>
    public static bool TryPerlClass(PatternReader reader, out CodePointSet set)
    {
        set = null!;
        var kind = reader.PeekAt(1);
        ReadOnlySpan<(int, int)> ranges;
        switch (char.ToLowerInvariant(kind))
        {
            case 'd': ranges = Digits; break;
            case 's': ranges = Spaces; break;
            case 'w': ranges = Words; break;
            case 'p':
                set = Property(reader);
                return true;
            default: return false;
        }
        reader.Take();
        reader.Take();
        set = CodePointSet.Of(ranges);
        if (char.IsAsciiLetterUpper(kind)) set = set.Complement();
        return true;
    }

    private static CodePointSet Property(PatternReader reader)
    {
        var mark = reader.Position;
        reader.Take();
        var negated = reader.Take() == 'P';
        string name;
        if (reader.TryTake('{'))
        {
            negated ^= reader.TryTake('^');
            name = reader.TakeUntil("}");
        }
        else name = reader.Take().ToString();
        return CodePointSet.OfProperty(name, negated) ?? throw new FormatException("invalid character class range: " + reader.Since(mark));
    }

    /// <summary><c>[:alpha:]</c> or <c>[:^alpha:]</c>; text that is none is left to be read as characters.</summary>
    private static bool TryPosixClass(PatternReader reader, out CodePointSet set)
    {
        set = null!;
        var end = reader.Pattern.IndexOf(":]", reader.Position + 2, StringComparison.Ordinal);
        if (end < 0) return false;
        var name = reader.Pattern[(reader.Position + 2)..end];
        var negated = name.StartsWith('^');
        (int, int)[]? ranges = (negated ? name[1..] : name) switch
        {
            "alnum" => [('0', '9'), ('A', 'Z'), ('a', 'z')],
            "alpha" => [('A', 'Z'), ('a', 'z')],
            "ascii" => [(0, 0x7F)],
            "blank" => [('\t', '\t'), (' ', ' ')],
            "cntrl" => [(0, 0x1F), (0x7F, 0x7F)],
            "digit" => Digits,
            "graph" => [('!', '~')],
            "lower" => [('a', 'z')],
            "print" => [(' ', '~')],
            "punct" => [('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
            "space" => [('\t', '\r'), (' ', ' ')],
            "upper" => [('A', 'Z')],
            "word" => Words,
            "xdigit" => [('0', '9'), ('A', 'F'), ('a', 'f')],
            _ => null,
        };
        if (ranges is null) throw new FormatException("invalid character class range: [:" + name + ":]");
        reader.Position = end + 2;
        set = CodePointSet.Of(ranges);
        if (negated) set = set.Complement();
        return true;
    }
}
