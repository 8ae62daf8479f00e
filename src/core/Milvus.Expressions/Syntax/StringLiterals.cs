using System.Buffers;
using System.Text;

namespace Milvus.Expressions.Syntax;

/// <summary>Decodes string tokens. Byte escapes may spell UTF-8; a result that is not valid UTF-8 is refused.</summary>
internal static class StringLiterals
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>A plain token with its quotes: Go's escapes, and either quote may be escaped in both kinds of string.</summary>
    public static string Unquote(ReadOnlySpan<char> token)
    {
        var body = token[1..^1];
        if (!body.Contains('\\')) return body.ToString();
        var bytes = new ArrayBufferWriter<byte>(body.Length * 3);
        for (var i = 0; i < body.Length;)
        {
            var run = body[i..].IndexOf('\\');
            if (run < 0) run = body.Length - i;
            Encoding.UTF8.GetBytes(body.Slice(i, run), bytes);
            i += run;
            if (i < body.Length) i = Escape(body, i + 1, bytes);
        }
        try
        {
            return Strict.GetString(bytes.WrittenSpan);
        }
        catch (DecoderFallbackException)
        {
            throw new FilterError($"string literal {token} is not valid UTF-8");
        }
    }

    /// <summary>The content of <c>r"…"</c>, verbatim.</summary>
    public static string Raw(ReadOnlySpan<char> token) => token[2..^1].ToString();

    /// <summary>
    /// A plain token used as a regular expression: only an escaped backslash and an escaped delimiter are resolved, every other
    /// backslash belongs to the pattern.
    /// </summary>
    public static string Pattern(ReadOnlySpan<char> token)
    {
        var quote = token[0];
        var body = token[1..^1];
        if (!body.Contains('\\')) return body.ToString();
        var text = new StringBuilder(body.Length);
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] == '\\' && i + 1 < body.Length && (body[i + 1] == '\\' || body[i + 1] == quote)) i++;
            text.Append(body[i]);
        }
        return text.ToString();
    }

    /// <summary>Decodes the escape whose letter is at <paramref name="at"/>; returns the position behind it.</summary>
    private static int Escape(ReadOnlySpan<char> body, int at, ArrayBufferWriter<byte> bytes)
    {
        var c = at < body.Length ? body[at] : '\0';
        var simple = c switch
        {
            '"' or '\'' or '\\' => c,
            'a' => '\a',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\v',
            _ => '\0',
        };
        if (simple != '\0')
        {
            Put(bytes, (byte)simple);
            return at + 1;
        }
        switch (c)
        {
            case 'x':
                Put(bytes, (byte)Number(body, at + 1, 2, 16));
                return at + 3;
            case >= '0' and <= '7':
                var octal = Number(body, at, 3, 8);
                if (octal > 255) throw Invalid(body);
                Put(bytes, (byte)octal);
                return at + 3;
            case 'u':
                PutRune(body, Number(body, at + 1, 4, 16), bytes);
                return at + 5;
            case 'U':
                PutRune(body, Number(body, at + 1, 8, 16), bytes);
                return at + 9;
            default:
                throw Invalid(body);
        }
    }

    private static uint Number(ReadOnlySpan<char> body, int at, int digits, uint radix)
    {
        if (at + digits > body.Length) throw Invalid(body);
        uint value = 0;
        foreach (var c in body.Slice(at, digits))
        {
            var digit = char.IsAsciiHexDigit(c) ? (uint)Convert.ToInt32(c.ToString(), 16) : 99;
            if (digit >= radix) throw Invalid(body);
            value = value * radix + digit;
        }
        return value;
    }

    private static void Put(ArrayBufferWriter<byte> bytes, byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
    }

    private static void PutRune(ReadOnlySpan<char> body, uint value, ArrayBufferWriter<byte> bytes)
    {
        if (!Rune.TryCreate(value, out var rune)) throw Invalid(body);
        bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
    }

    private static FilterError Invalid(ReadOnlySpan<char> body) => new($"invalid escape in string literal \"{body}\"");
}
