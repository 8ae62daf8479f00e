using System.Text;
using System.Text.RegularExpressions;
using Milvus.Expressions.Matching.Re2;

namespace Milvus.Expressions.Matching;

/// <summary>
/// Unanchored search for an RE2 pattern, on .NET's automaton engine: time linear in the text, no backtracking. Word boundaries are the
/// one construct that differs outside ASCII (.NET counts all letters as word characters).
/// </summary>
internal sealed class RegexTest : TextTest
{
    private const string Special = "\\.+*?()|[]{}^$";

    private readonly string _pattern;
    private readonly Regex _regex;

    private RegexTest(string pattern, Regex regex)
    {
        _pattern = pattern;
        _regex = regex;
    }

    public override int Cost => 120;

    /// <exception cref="FilterError">The pattern is not valid RE2.</exception>
    public static TextTest Compile(string pattern)
    {
        var anchoredStart = pattern.StartsWith('^');
        var anchoredEnd = pattern.Length > (anchoredStart ? 1 : 0) && pattern.EndsWith('$');
        var core = pattern[(anchoredStart ? 1 : 0)..(pattern.Length - (anchoredEnd ? 1 : 0))];
        if (core.AsSpan().IndexOfAny(Special) < 0)
        {
            var shape = (anchoredStart, anchoredEnd) switch
            {
                (true, true) => LiteralTest.Shape.Equal,
                (true, false) => LiteralTest.Shape.Prefix,
                (false, true) => LiteralTest.Shape.Suffix,
                _ => LiteralTest.Shape.Infix,
            };
            return new LiteralTest(shape, Encoding.UTF8.GetBytes(core));
        }
        try
        {
            var translated = Translator.Translate(pattern);
            return new RegexTest(pattern, new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or FormatException)
        {
            throw new FilterError($"invalid regex pattern '{pattern}': {e.Message}");
        }
    }

    public override bool IsMatch(ReadOnlySpan<byte> text, FilterScratch scratch)
    {
        var chars = scratch.Chars(text.Length);
        var count = Encoding.UTF8.GetChars(text, chars);
        return _regex.IsMatch(chars[..count]);
    }

    public override string ToString() => $"=~ \"{_pattern}\"";
}
