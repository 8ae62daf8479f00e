using System.Globalization;
using System.Text;
using Milvus.Text.Analyzers.Languages;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>Word_Break classes of UAX #29 as far as the rules tell them apart.</summary>
internal enum WordBreakClass
{
    Other,
    CarriageReturn,
    LineFeed,
    Newline,
    Extend,
    Joiner,
    Katakana,
    HebrewLetter,
    Letter,
    SingleQuote,
    DoubleQuote,
    MiddleNumberLetter,
    MiddleLetter,
    MiddleNumber,
    Numeric,
    Connector,
    RegionalIndicator,
    Space,
    Pictograph,
    Han,

    /// <summary>Scripts written without blanks whose words only a dictionary finds.</summary>
    Complex,
}

/// <summary>Classes of characters, from their general category, script and the short lists of UAX #29.</summary>
internal static class WordBreaks
{
    public static WordBreakClass Of(Rune rune) => rune.Value switch
    {
        0x0D => WordBreakClass.CarriageReturn,
        0x0A => WordBreakClass.LineFeed,
        0x0B or 0x0C or 0x85 or 0x2028 or 0x2029 => WordBreakClass.Newline,
        0x200D => WordBreakClass.Joiner,
        0x200B => WordBreakClass.Other,
        '\'' => WordBreakClass.SingleQuote,
        '"' => WordBreakClass.DoubleQuote,
        '.' or 0x2018 or 0x2019 or 0x2024 or 0xFE52 or 0xFF07 or 0xFF0E => WordBreakClass.MiddleNumberLetter,
        ':' or 0xB7 or 0x387 or 0x55F or 0x5F4 or 0x2027 or 0xFE13 or 0xFE55 or 0xFF1A => WordBreakClass.MiddleLetter,
        ',' or ';' or 0x37E or 0x589 or 0x60C or 0x60D or 0x66C or 0x7F8 or 0x2044 or 0xFE10 or 0xFE14 or 0xFE50 or 0xFE54 or 0xFF0C or 0xFF1B
            => WordBreakClass.MiddleNumber,
        0x66B => WordBreakClass.Numeric,
        0x202F => WordBreakClass.Connector,
        >= 0x1F1E6 and <= 0x1F1FF => WordBreakClass.RegionalIndicator,
        >= 0x1F3FB and <= 0x1F3FF => WordBreakClass.Extend,
        0x309B or 0x309C or 0x30A0 or (>= 0x30A1 and <= 0x30FA) or (>= 0x30FC and <= 0x30FF) or (>= 0x31F0 and <= 0x31FF)
            or (>= 0x3031 and <= 0x3035) or (>= 0xFF66 and <= 0xFF9D) => WordBreakClass.Katakana,
        >= 0x3041 and <= 0x309F => WordBreakClass.Other,
        _ => ByCategory(rune),
    };

    private static WordBreakClass ByCategory(Rune rune)
    {
        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        if (IsComplex(rune.Value) && category <= UnicodeCategory.EnclosingMark)
            return WordBreakClass.Complex;
        switch (category)
        {
            case UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark:
                return WordBreakClass.Extend;
            case UnicodeCategory.Format:
                return WordBreakClass.Extend;
            case UnicodeCategory.DecimalDigitNumber:
                return WordBreakClass.Numeric;
            case UnicodeCategory.ConnectorPunctuation:
                return WordBreakClass.Connector;
            case UnicodeCategory.SpaceSeparator when rune.Value is not (0xA0 or 0x2007):
                return WordBreakClass.Space;
            case UnicodeCategory.OtherSymbol when rune.Value is >= 0x2190:
                return WordBreakClass.Pictograph;
        }
        if (CharacterClasses.IsHan(rune))
            return WordBreakClass.Han;
        if (!CharacterClasses.IsAlphabetic(rune))
            return WordBreakClass.Other;
        return Scripts.Of(rune) == Script.Hebrew ? WordBreakClass.HebrewLetter : WordBreakClass.Letter;
    }

    // Thai, Lao, Myanmar, Khmer.
    private static bool IsComplex(int value) =>
        value is >= 0xE00 and < 0xE50 or >= 0xE80 and < 0xED0 or >= 0x1000 and < 0x1040 or >= 0x1050 and < 0x10A0 or >= 0x1780 and < 0x17E0;
}
