using System.Text;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Languages;

/// <summary>Writing systems as far as they tell languages apart.</summary>
internal enum Script
{
    Other,
    Latin,
    Cyrillic,
    Greek,
    Armenian,
    Hebrew,
    Arabic,
    Devanagari,
    Bengali,
    Gurmukhi,
    Gujarati,
    Tamil,
    Telugu,
    Kannada,
    Malayalam,
    Sinhala,
    Thai,
    Myanmar,
    Georgian,
    Ethiopic,
    Khmer,
    Hangul,
    Kana,
    Han,
}

/// <summary>Scripts by Unicode block.</summary>
internal static class Scripts
{
    public const int Count = (int)Script.Han + 1;

    public static Script Of(Rune rune) => rune.Value switch
    {
        < 0x250 or (>= 0x1E00 and < 0x1F00) or (>= 0xFF21 and <= 0xFF5A) => Script.Latin,
        >= 0x370 and < 0x400 or (>= 0x1F00 and < 0x2000) => Script.Greek,
        >= 0x400 and < 0x530 => Script.Cyrillic,
        >= 0x530 and < 0x590 => Script.Armenian,
        >= 0x590 and < 0x600 => Script.Hebrew,
        >= 0x600 and < 0x700 or (>= 0x750 and < 0x780) or (>= 0xFB50 and < 0xFF00) => Script.Arabic,
        >= 0x900 and < 0x980 => Script.Devanagari,
        >= 0x980 and < 0xA00 => Script.Bengali,
        >= 0xA00 and < 0xA80 => Script.Gurmukhi,
        >= 0xA80 and < 0xB00 => Script.Gujarati,
        >= 0xB80 and < 0xC00 => Script.Tamil,
        >= 0xC00 and < 0xC80 => Script.Telugu,
        >= 0xC80 and < 0xD00 => Script.Kannada,
        >= 0xD00 and < 0xD80 => Script.Malayalam,
        >= 0xD80 and < 0xE00 => Script.Sinhala,
        >= 0xE00 and < 0xE80 => Script.Thai,
        >= 0x1000 and < 0x10A0 => Script.Myanmar,
        >= 0x10A0 and < 0x1100 => Script.Georgian,
        >= 0x1100 and < 0x1200 or (>= 0x3130 and < 0x3190) or (>= 0xAC00 and < 0xD7B0) => Script.Hangul,
        >= 0x1200 and < 0x13A0 => Script.Ethiopic,
        >= 0x1780 and < 0x1800 => Script.Khmer,
        >= 0x3040 and < 0x3100 or (>= 0xFF66 and <= 0xFF9F) => Script.Kana,
        _ => CharacterClasses.IsHan(rune) ? Script.Han : Script.Other,
    };

    /// <summary>The language that a script with one main language stands for, as whatlang and lingua name it.</summary>
    public static string? LanguageOf(Script script) => script switch
    {
        Script.Greek => "Greek",
        Script.Armenian => "Armenian",
        Script.Hebrew => "Hebrew",
        Script.Devanagari => "Hindi",
        Script.Bengali => "Bengali",
        Script.Gurmukhi => "Punjabi",
        Script.Gujarati => "Gujarati",
        Script.Tamil => "Tamil",
        Script.Telugu => "Telugu",
        Script.Kannada => "Kannada",
        Script.Malayalam => "Malayalam",
        Script.Sinhala => "Sinhalese",
        Script.Thai => "Thai",
        Script.Myanmar => "Burmese",
        Script.Georgian => "Georgian",
        Script.Ethiopic => "Amharic",
        Script.Khmer => "Khmer",
        Script.Hangul => "Korean",
        Script.Kana => "Japanese",
        _ => null,
    };
}
