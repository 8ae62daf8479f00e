using System.Globalization;

namespace Milvus.Expressions.Syntax;

/// <summary>Number tokens: C's spellings of integers (decimal, octal, 0x, 0b) and of decimal and hexadecimal floats.</summary>
internal static class NumberLiterals
{
    /// <summary>Length of the longest number at the start of <paramref name="text"/>, which starts with a digit or with a dot and a digit.</summary>
    public static int Measure(ReadOnlySpan<char> text, out bool isFloat)
    {
        if (text.Length > 2 && text[0] == '0' && text[1] is 'x' or 'X')
        {
            var hex = MeasureHex(text, out isFloat);
            if (hex > 0) return hex;
        }
        isFloat = false;
        if (text.Length > 2 && text[0] == '0' && text[1] is 'b' or 'B' && text[2] is '0' or '1')
        {
            var n = 2;
            while (n < text.Length && text[n] is '0' or '1') n++;
            return n;
        }
        var digits = Digits(text, 0);
        var end = digits;
        if (end < text.Length && text[end] == '.')
        {
            end = Digits(text, end + 1);
            isFloat = true;
        }
        var exponent = Exponent(text, end, 'e', 'E');
        if (exponent > end)
        {
            isFloat = true;
            end = exponent;
        }
        if (isFloat || text[0] != '0') return end;
        var octal = 1;
        while (octal < text.Length && text[octal] is >= '0' and <= '7') octal++;
        return octal;
    }

    /// <summary>The value of an integer token; <paramref name="negative"/> tells that a minus precedes it, for −2⁶³.</summary>
    public static long ParseInteger(ReadOnlySpan<char> text, bool negative = false)
    {
        var prefixed = text.Length > 1 && text[0] == '0';
        var radix = !prefixed ? 10u : text[1] is 'x' or 'X' ? 16u : text[1] is 'b' or 'B' ? 2u : 8u;
        var digits = text[(radix switch { 10 => 0, 8 => 1, _ => 2 })..];
        var limit = negative ? 1UL << 63 : long.MaxValue;
        ulong value = 0;
        foreach (var c in digits)
        {
            var digit = (uint)HexValue(c);
            if (value > (limit - digit) / radix) throw new FilterError($"integer literal {text} is out of range");
            value = value * radix + digit;
        }
        return negative ? -(long)value : (long)value;
    }

    public static double ParseFloat(ReadOnlySpan<char> text)
    {
        var value = text.Length > 1 && text[1] is 'x' or 'X'
            ? ParseHexFloat(text[2..])
            : double.Parse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture);
        return double.IsFinite(value) ? value : throw new FilterError($"float literal {text} is out of range");
    }

    private static int MeasureHex(ReadOnlySpan<char> text, out bool isFloat)
    {
        isFloat = false;
        var whole = HexDigits(text, 2);
        var end = whole;
        if (end < text.Length && text[end] == '.') end = HexDigits(text, end + 1);
        var hasDigits = whole > 2 || end > whole + 1;
        if (!hasDigits) return 0;
        var exponent = Exponent(text, end, 'p', 'P');
        if (exponent > end)
        {
            isFloat = true;
            return exponent;
        }
        return whole > 2 ? whole : 0;
    }

    private static int Digits(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return at;
    }

    private static int HexDigits(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && char.IsAsciiHexDigit(text[at])) at++;
        return at;
    }

    /// <summary>The end of an exponent at <paramref name="at"/>, or <paramref name="at"/> itself.</summary>
    private static int Exponent(ReadOnlySpan<char> text, int at, char lower, char upper)
    {
        if (at >= text.Length || (text[at] != lower && text[at] != upper)) return at;
        var digits = at + 1;
        if (digits < text.Length && text[digits] is '+' or '-') digits++;
        var end = Digits(text, digits);
        return end > digits ? end : at;
    }

    private static double ParseHexFloat(ReadOnlySpan<char> text)
    {
        // 61 bits of mantissa and a sticky bit round like the exact value does.
        ulong mantissa = 0;
        long scale = 0;
        var fraction = false;
        var i = 0;
        for (; text[i] is not ('p' or 'P'); i++)
        {
            if (text[i] == '.')
            {
                fraction = true;
                continue;
            }
            var digit = (ulong)HexValue(text[i]);
            if (mantissa >> 57 == 0)
            {
                mantissa = (mantissa << 4) | digit;
                if (fraction) scale -= 4;
            }
            else
            {
                if (digit != 0) mantissa |= 1;
                if (!fraction) scale += 4;
            }
        }
        var exponentText = text[(i + 1)..];
        var exponent = exponentText.Length > 9
            ? (exponentText[0] == '-' ? -1_000_000 : 1_000_000)
            : long.Parse(exponentText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return Math.ScaleB(mantissa, (int)Math.Clamp(scale + exponent, -1_000_000, 1_000_000));
    }

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
