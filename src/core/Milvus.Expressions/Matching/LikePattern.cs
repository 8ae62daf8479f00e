using System.Text;

namespace Milvus.Expressions.Matching;

/// <summary>
/// The general case of <c>like</c>: pieces between <c>%</c>, each a run of literal bytes and of <c>_</c>, which stands for one UTF-8
/// character. The first piece is tied to the start and the last one to the end; those between go to their leftmost places, which is
/// enough as <c>%</c> takes anything.
/// </summary>
internal sealed class LikePattern : TextTest
{
    private readonly string _pattern;
    private readonly Piece[] _pieces;
    private readonly int _minimumBytes;

    private LikePattern(string pattern, List<Piece> pieces)
    {
        _pattern = pattern;
        _pieces = [.. pieces];
        _minimumBytes = _pieces.Sum(p => p.MinimumBytes);
        Prefix = _pieces[0].Parts is [{ Literal: { } literal }, ..] ? literal : [];
    }

    public override int Cost => 25;

    public override byte[] Prefix { get; }

    public override IReadOnlyList<byte[]> Literals => [.. _pieces.SelectMany(p => p.Parts).Where(p => p.Literal is not null).Select(p => p.Literal!)];

    /// <summary>Compiles a pattern, to a plain literal test where it is one.</summary>
    /// <exception cref="FilterError">The pattern ends with a lone backslash.</exception>
    public static TextTest Compile(string pattern)
    {
        var pieces = Split(pattern);
        return pieces switch
        {
            [{ Text: { } all }] => new LiteralTest(LiteralTest.Shape.Equal, all),
            [{ Text: { } prefix }, { IsEmpty: true }] => new LiteralTest(LiteralTest.Shape.Prefix, prefix),
            [{ IsEmpty: true }, { Text: { } suffix }] => new LiteralTest(LiteralTest.Shape.Suffix, suffix),
            [{ IsEmpty: true }, { Text: { } infix }, { IsEmpty: true }] => new LiteralTest(LiteralTest.Shape.Infix, infix),
            _ => new LikePattern(pattern, pieces),
        };
    }

    public override bool IsMatch(ReadOnlySpan<byte> text, FilterScratch scratch)
    {
        if (text.Length < _minimumBytes) return false;
        var at = _pieces[0].MatchForward(text);
        if (_pieces.Length == 1) return at == text.Length;
        if (at < 0) return false;
        var end = _pieces[^1].MatchBackward(text);
        if (end < at) return false;
        var rest = text[at..end];
        foreach (var piece in _pieces.AsSpan(1, _pieces.Length - 2))
        {
            var consumed = piece.Find(rest);
            if (consumed < 0) return false;
            rest = rest[consumed..];
        }
        return true;
    }

    public override string ToString() => $"like \"{_pattern}\"";

    /// <summary>The pieces around the unescaped <c>%</c>; runs of <c>%</c> count as one.</summary>
    private static List<Piece> Split(string pattern)
    {
        var pieces = new List<Piece>();
        var parts = new List<Part>();
        var literal = new StringBuilder();
        void EndLiteral()
        {
            if (literal.Length == 0) return;
            parts.Add(new Part(Encoding.UTF8.GetBytes(literal.ToString())));
            literal.Clear();
        }
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    if (++i == pattern.Length) throw new FilterError($"invalid like pattern \"{pattern}\": trailing backslash");
                    literal.Append(pattern[i]);
                    break;
                case '_':
                    EndLiteral();
                    parts.Add(new Part(null));
                    break;
                case '%':
                    EndLiteral();
                    if (pieces.Count == 0 || parts.Count > 0) pieces.Add(new Piece([.. parts]));
                    parts.Clear();
                    break;
                default:
                    literal.Append(pattern[i]);
                    break;
            }
        }
        EndLiteral();
        pieces.Add(new Piece([.. parts]));
        return pieces;
    }

    /// <param name="Literal">UTF-8, or null for one character of any kind.</param>
    private readonly record struct Part(byte[]? Literal);

    private sealed record Piece(Part[] Parts)
    {
        public bool IsEmpty => Parts.Length == 0;

        /// <summary>The piece as one literal (empty for an empty piece), or null when it has wildcards.</summary>
        public byte[]? Text => Parts switch
        {
            [] => [],
            [{ Literal: { } only }] => only,
            _ => null,
        };

        public int MinimumBytes { get; } = Parts.Sum(p => p.Literal?.Length ?? 1);

        /// <summary>Bytes taken from the start of <paramref name="text"/>, or −1.</summary>
        public int MatchForward(ReadOnlySpan<byte> text)
        {
            var at = 0;
            foreach (var part in Parts)
            {
                if (part.Literal is { } literal)
                {
                    if (!text[at..].StartsWith(literal)) return -1;
                    at += literal.Length;
                }
                else
                {
                    if (at == text.Length) return -1;
                    at = Utf8Text.Next(text, at);
                }
            }
            return at;
        }

        /// <summary>The position where the piece begins when it ends with <paramref name="text"/>, or −1.</summary>
        public int MatchBackward(ReadOnlySpan<byte> text)
        {
            var at = text.Length;
            for (var i = Parts.Length - 1; i >= 0; i--)
            {
                if (Parts[i].Literal is { } literal)
                {
                    if (!text[..at].EndsWith(literal)) return -1;
                    at -= literal.Length;
                }
                else
                {
                    if (at == 0) return -1;
                    at = Utf8Text.Previous(text, at);
                }
            }
            return at;
        }

        /// <summary>The position behind the leftmost occurrence, or −1.</summary>
        public int Find(ReadOnlySpan<byte> text)
        {
            var leading = 0;
            while (leading < Parts.Length && Parts[leading].Literal is null) leading++;
            for (var start = 0; start + MinimumBytes <= text.Length;)
            {
                if (leading == 0)
                {
                    var hop = text[start..].IndexOf(Parts[0].Literal);
                    if (hop < 0) return -1;
                    start += hop;
                }
                var length = MatchForward(text[start..]);
                if (length >= 0) return start + length;
                start = Utf8Text.Next(text, start);
            }
            return -1;
        }
    }
}

/// <summary>Steps over UTF-8. A byte that starts no valid sequence counts as one character, so any bytes can be walked both ways.</summary>
internal static class Utf8Text
{
    /// <summary>The position behind the character at <paramref name="at"/>.</summary>
    public static int Next(ReadOnlySpan<byte> text, int at)
    {
        if (text[at] < 0x80) return at + 1;
        Rune.DecodeFromUtf8(text[at..], out _, out var length);
        return at + Math.Max(1, length);
    }

    /// <summary>The position of the character that ends before <paramref name="at"/>.</summary>
    public static int Previous(ReadOnlySpan<byte> text, int at)
    {
        if (text[at - 1] < 0x80) return at - 1;
        Rune.DecodeLastFromUtf8(text[..at], out _, out var length);
        return at - Math.Max(1, length);
    }
}
