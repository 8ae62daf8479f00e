using System.Globalization;
using System.Text;

namespace Milvus.Text.Analyzers.Unicode;

/// <summary>Character classes as the tokenizers and filters need them, by Unicode property rather than by .NET's narrower helpers.</summary>
internal static class CharacterClasses
{
    /// <summary>Unicode Alphabetic or any number category (decimal, letter, other).</summary>
    public static bool IsAlphanumeric(Rune rune) => rune.IsAscii
        ? char.IsAsciiLetterOrDigit((char)rune.Value)
        : Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.OtherLetter
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
          || IsInRanges(AlphabeticMarks.Ranges, rune.Value);

    /// <summary>Unicode Alphabetic.</summary>
    public static bool IsAlphabetic(Rune rune) => rune.IsAscii
        ? char.IsAsciiLetter((char)rune.Value)
        : Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
          || IsInRanges(AlphabeticMarks.Ranges, rune.Value);

    /// <summary>Script Han.</summary>
    public static bool IsHan(Rune rune) => rune.Value >= 0x2E80 && IsInRanges(HanRanges.Ranges, rune.Value);

    /// <summary>Any punctuation category (P*).</summary>
    public static bool IsPunctuation(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    /// <summary>Any symbol category (S*).</summary>
    public static bool IsSymbol(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol;

    /// <summary>Blank, tab, line feed, form feed, carriage return.</summary>
    public static bool IsAsciiWhitespace(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\n' or 0x0C or (byte)'\r';

    private static bool IsInRanges(ReadOnlySpan<int> ranges, int value)
    {
        int low = 0, high = ranges.Length / 2 - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (value < ranges[2 * middle])
                high = middle - 1;
            else if (value > ranges[2 * middle + 1])
                low = middle + 1;
            else
                return true;
        }
        return false;
    }
}
