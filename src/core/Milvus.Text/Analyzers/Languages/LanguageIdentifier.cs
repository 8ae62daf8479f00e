using System.Text;
using Milvus.Text.Analyzers.StopWords;
using Milvus.Text.Analyzers.Unicode;

namespace Milvus.Text.Analyzers.Languages;

/// <summary>
/// Names the language of a text: by script where that decides, else by counting function words and letters that are peculiar to a language.
/// Looks at the beginning of long texts only. A text without evidence has no language.
/// </summary>
internal static class LanguageIdentifier
{
    private const int MaxBytes = 4096;
    private const int LetterWeight = 2;

    private static readonly Profile[] s_latin =
    [
        new("English", "english", ""),
        new("French", "french", "œêèçùû"),
        new("German", "german", "ßüäö"),
        new("Spanish", "spanish", "ñ¿¡"),
        new("Portuguese", "portuguese", "ãõç"),
        new("Italian", "italian", "òìàè"),
        new("Dutch", "dutch", ""),
        new("Danish", "danish", "æøå"),
        new("Bokmal", "norwegian", "æøå"),
        new("Swedish", "swedish", "åäö"),
        new("Finnish", "finnish", "äö"),
        new("Hungarian", "hungarian", "őű"),
        new("Turkish", null, "ğışİ"),
        new("Polish", null, "łąęśźżń"),
        new("Czech", null, "řěů"),
        new("Romanian", null, "ăâîșțşţ"),
        new("Vietnamese", null, "ơưđạảấầậếềệộờợ"),
    ];

    /// <param name="utf8">Any text.</param>
    /// <param name="asLingua">Use the names of the library lingua where they differ from whatlang's.</param>
    /// <returns>An English name such as "English", "Mandarin", "Japanese"; null when nothing speaks for a language.</returns>
    public static string? Identify(ReadOnlySpan<byte> utf8, bool asLingua)
    {
        if (utf8.Length > MaxBytes)
            utf8 = utf8[..MaxBytes];
        Span<int> counts = stackalloc int[Scripts.Count];
        counts.Clear();
        for (int at = 0; at < utf8.Length;)
        {
            Rune.DecodeFromUtf8(utf8[at..], out Rune rune, out int width);
            at += width;
            if (CharacterClasses.IsAlphabetic(rune))
                counts[(int)Scripts.Of(rune)]++;
        }
        int han = counts[(int)Script.Han], kana = counts[(int)Script.Kana];
        // Japanese text mixes both; a single kana among Han characters is more likely a quotation.
        if (kana > 0 && 10 * kana >= han)
        {
            counts[(int)Script.Kana] += han;
            counts[(int)Script.Han] = 0;
        }
        int best = 0;
        for (int i = 1; i < counts.Length; i++)
        {
            if (counts[i] > counts[best])
                best = i;
        }
        if (counts[best] == 0)
            return null;
        return (Script)best switch
        {
            Script.Han => asLingua ? "Chinese" : "Mandarin",
            Script.Latin => IdentifyLatin(utf8),
            Script.Cyrillic => utf8.IndexOf("і"u8) >= 0 || utf8.IndexOf("ї"u8) >= 0 || utf8.IndexOf("є"u8) >= 0 ? "Ukrainian" : "Russian",
            Script.Arabic => utf8.IndexOf("پ"u8) >= 0 || utf8.IndexOf("گ"u8) >= 0 || utf8.IndexOf("چ"u8) >= 0 ? "Persian" : "Arabic",
            Script other => Scripts.LanguageOf(other),
        };
    }

    private static string? IdentifyLatin(ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8).ToLowerInvariant();
        Span<int> scores = stackalloc int[s_latin.Length];
        scores.Clear();
        foreach (Range range in text.AsSpan().SplitAny(" \t\r\n.,;:!?\"'()[]{}<>/\\-–—«»„“”‘’"))
        {
            ReadOnlySpan<char> word = text.AsSpan(range);
            for (int i = 0; i < s_latin.Length && !word.IsEmpty; i++)
            {
                if (s_latin[i].Has(word))
                    scores[i]++;
            }
        }
        for (int i = 0; i < s_latin.Length; i++)
        {
            foreach (char letter in text)
            {
                if (letter > 0x7F && s_latin[i].Letters.Contains(letter))
                    scores[i] += LetterWeight;
            }
        }
        int best = scores.IndexOfAnyExcept(0);
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > 0 && scores[i] > scores[best])
                best = i;
        }
        return best < 0 ? null : s_latin[best].Name;
    }

    private sealed class Profile(string name, string? stopWords, string letters)
    {
        private readonly HashSet<string> _words = stopWords is null ? [] : [.. StopWordLists.Of(stopWords)];

        public string Name => name;

        public string Letters => letters;

        public bool Has(ReadOnlySpan<char> word) => _words.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word);
    }
}
