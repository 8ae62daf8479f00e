namespace Milvus.Text.Analyzers.StopWords;

/// <summary>The named stop word lists, such as <c>_english_</c>.</summary>
internal static class StopWordLists
{
    private static readonly Dictionary<string, string> s_lists = new(StringComparer.Ordinal)
    {
        ["arabic"] = OtherStopWords.Arabic,
        ["chinese"] = OtherStopWords.Chinese,
        ["danish"] = GermanicStopWords.Danish,
        ["dutch"] = GermanicStopWords.Dutch,
        ["english"] = GermanicStopWords.English,
        ["finnish"] = OtherStopWords.Finnish,
        ["french"] = RomanceStopWords.French,
        ["german"] = GermanicStopWords.German,
        ["hungarian"] = OtherStopWords.Hungarian,
        ["italian"] = RomanceStopWords.Italian,
        ["norwegian"] = GermanicStopWords.Norwegian,
        ["portuguese"] = RomanceStopWords.Portuguese,
        ["russian"] = OtherStopWords.Russian,
        ["spanish"] = RomanceStopWords.Spanish,
        ["swedish"] = GermanicStopWords.Swedish,
        ["thai"] = OtherStopWords.Thai,
    };

    /// <summary>Languages with a list, in alphabetical order.</summary>
    public static IEnumerable<string> Languages => s_lists.Keys.Order(StringComparer.Ordinal);

    /// <summary>The words of a language.</summary>
    public static string[] Of(string language) => s_lists[language].Split(' ');

    /// <summary>Replaces names such as <c>_english_</c> by their words; other entries are words themselves.</summary>
    public static IEnumerable<string> Expand(IEnumerable<string> entries)
    {
        foreach (string entry in entries)
        {
            if (entry.Length > 2 && entry[0] == '_' && entry[^1] == '_' && s_lists.TryGetValue(entry[1..^1], out string? words))
            {
                foreach (string word in words.Split(' '))
                    yield return word;
            }
            else
            {
                yield return entry;
            }
        }
    }
}
