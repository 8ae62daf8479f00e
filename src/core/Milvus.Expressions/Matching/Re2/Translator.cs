using System.Globalization;
using System.Text;

namespace Milvus.Expressions.Matching.Re2;

/// <summary>
/// Rewrites an RE2 pattern (syntax: RE2's documentation, Perl mode, "dot matches newline" on) for .NET, where escapes, anchors, classes
/// and flags differ. Text is UTF-16 there, so every construct that takes one character is spelled to take a surrogate pair as one.
/// </summary>
internal sealed class Translator
{
    private const int MaxDepth = 200;

    /// <summary>RE2's bound on counted repetition, nested counts multiplied.</summary>
    private const int MaxRepeat = 1000;

    private const string AnyWithNewline = "(?:[^\\uD800-\\uDFFF]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])";
    private const string AnyButNewline = "(?:[^\\n\\uD800-\\uDFFF]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])";

    private readonly PatternReader _in;
    private int _depth;
    private bool _multiline;
    private bool _dotAll = true;

    private Translator(string pattern) => _in = new PatternReader(pattern);

    /// <exception cref="FormatException">The pattern is not valid RE2.</exception>
    public static string Translate(string pattern)
    {
        var translator = new Translator(pattern);
        var (text, _) = translator.Alternatives();
        if (!translator._in.AtEnd) throw new FormatException("unexpected ): " + pattern);
        return text;
    }

    /// <summary>Up to the closing parenthesis or the end. Flags set inside end with the group.</summary>
    private (string Text, long Repeat) Alternatives()
    {
        if (++_depth > MaxDepth) throw new FormatException("expression nests too deeply");
        var (multiline, dotAll) = (_multiline, _dotAll);
        var text = new StringBuilder();
        long repeat = 1;
        while (!_in.AtEnd && _in.Peek() != ')')
        {
            if (_in.TryTake('|'))
            {
                text.Append('|');
                continue;
            }
            repeat = Math.Max(repeat, Quantified(text));
        }
        (_multiline, _dotAll) = (multiline, dotAll);
        _depth--;
        return (text.ToString(), repeat);
    }

    /// <summary>One atom with its repetition; returns the largest count nested in it.</summary>
    private long Quantified(StringBuilder text)
    {
        if (_in.TryTake("\\Q"))
        {
            foreach (var rune in _in.TakeUntil("\\E").EnumerateRunes()) AppendLiteral(text, rune.Value);
            if (Quantifier() is { } misplaced) text.Append(misplaced.Text);
            return 1;
        }
        var atom = new StringBuilder();
        var repeat = Atom(atom);
        if (Quantifier() is { } q)
        {
            if (atom.Length == 0 || atom.Equals("(?i)") || atom.Equals("(?-i)")) throw new FormatException("missing argument to repetition operator: " + q.Text);
            repeat *= Math.Max(q.Count, 1);
            if (repeat > MaxRepeat) throw new FormatException("invalid repeat count");
            text.Append("(?:").Append(atom).Append(')').Append(q.Text);
            if (Quantifier() is { } second) throw new FormatException("invalid nested repetition operator: " + q.Text + second.Text);
        }
        else text.Append(atom);
        return repeat;
    }

    private (string Text, int Count)? Quantifier()
    {
        if (_in.AtEnd) return null;
        (string Text, int Count)? result = _in.Peek() switch
        {
            '*' => ("*", 1),
            '+' => ("+", 1),
            '?' => ("?", 1),
            '{' => Counted(),
            _ => null,
        };
        if (result is null) return null;
        if (result.Value.Text.Length == 1) _in.Take();
        return _in.TryTake('?') ? (result.Value.Text + "?", result.Value.Count) : result;
    }

    /// <summary><c>{n}</c>, <c>{n,}</c>, <c>{n,m}</c>; anything else in braces is literal.</summary>
    private (string Text, int Count)? Counted()
    {
        var mark = _in.Position;
        _in.Take();
        var low = _in.TakeDigits();
        var comma = _in.TryTake(',');
        var high = comma ? _in.TakeDigits() : low;
        if (low.Length == 0 || !_in.TryTake('}'))
        {
            _in.Position = mark;
            return null;
        }
        var n = Bounded(low);
        var m = high.Length == 0 ? n : Bounded(high);
        if (n > MaxRepeat || m > MaxRepeat || m < n) throw new FormatException("invalid repeat count: " + _in.Since(mark));
        return (comma ? high.Length == 0 ? $"{{{n},}}" : $"{{{n},{m}}}" : $"{{{n}}}", m);
    }

    private static int Bounded(string digits) => digits.Length > 4 ? int.MaxValue : int.Parse(digits, CultureInfo.InvariantCulture);

    private long Atom(StringBuilder text)
    {
        switch (_in.Peek())
        {
            case '(':
                return Group(text);
            case '[':
                text.Append(ClassParser.Parse(_in));
                return 1;
            case '.':
                _in.Take();
                text.Append(_dotAll ? AnyWithNewline : AnyButNewline);
                return 1;
            case '^':
                _in.Take();
                text.Append(_multiline ? "(?m:^)" : "\\A");
                return 1;
            case '$':
                _in.Take();
                text.Append(_multiline ? "(?m:$)" : "\\z");
                return 1;
            case '*' or '+' or '?':
                throw new FormatException("missing argument to repetition operator: " + _in.Peek());
            case '\\':
                Escape(text);
                return 1;
            default:
                AppendLiteral(text, _in.TakeCodePoint());
                return 1;
        }
    }

    private void Escape(StringBuilder text)
    {
        switch (_in.PeekAt(1))
        {
            case 'A' or 'z' or 'b' or 'B':
                text.Append(_in.Take()).Append(_in.Take());
                return;
        }
        if (ClassParser.TryPerlClass(_in, out var set)) text.Append(set.ToPattern(negated: false));
        else AppendLiteral(text, EscapeParser.CodePoint(_in));
    }

    private long Group(StringBuilder text)
    {
        var mark = _in.Position;
        _in.Take();
        if (!_in.TryTake('?')) return Body(text, "(?:");
        if (_in.TryTake("P<") || _in.TryTake('<'))
        {
            var name = _in.TakeUntil(">");
            if (name.Length == 0 || !name.All(c => c == '_' || char.IsLetterOrDigit(c))) throw new FormatException("invalid named capture: " + _in.Since(mark));
            return Body(text, "(?:");
        }
        return Flags(text, mark);
    }

    private long Body(StringBuilder text, string open)
    {
        var (body, repeat) = Alternatives();
        if (!_in.TryTake(')')) throw new FormatException("missing closing ): " + _in.Pattern);
        text.Append(open).Append(body).Append(')');
        return repeat;
    }

    /// <summary><c>(?ims-U)</c> up to the end of the surrounding group, or <c>(?ims-U:…)</c>.</summary>
    private long Flags(StringBuilder text, int mark)
    {
        var (multiline, dotAll) = (_multiline, _dotAll);
        bool on = true, any = false;
        bool? ignoreCase = null;
        while (!_in.AtEnd)
        {
            var c = _in.Take();
            switch (c)
            {
                case 'i': ignoreCase = on; break;
                case 'm': _multiline = on; break;
                case 's': _dotAll = on; break;
                case 'U': break; // Which of several matches is found first makes no difference to a yes or no.
                case '-' when on:
                    on = false;
                    any = false;
                    continue;
                case ':' or ')' when on || any:
                    var fold = ignoreCase is { } value ? value ? "(?i" : "(?-i" : "(?";
                    if (c == ')')
                    {
                        // A group's own flags do not end here, so an empty one must not hide them from a repetition.
                        if (ignoreCase is not null) text.Append(fold).Append(')');
                        return 1;
                    }
                    var repeat = Body(text, fold + ":");
                    (_multiline, _dotAll) = (multiline, dotAll);
                    return repeat;
                default:
                    throw new FormatException("invalid or unsupported Perl syntax: " + _in.Since(mark));
            }
            any = true;
        }
        throw new FormatException("missing closing ): " + _in.Pattern);
    }

    private static void AppendLiteral(StringBuilder text, int codePoint)
    {
        if (codePoint > 0xFFFF)
        {
            var pair = char.ConvertFromUtf32(codePoint);
            text.Append($"(?:\\u{(int)pair[0]:X4}\\u{(int)pair[1]:X4})");
        }
        else if (char.IsAscii((char)codePoint) && char.IsAsciiLetterOrDigit((char)codePoint)) text.Append((char)codePoint);
        else text.Append($"\\u{codePoint:X4}");
    }
}
