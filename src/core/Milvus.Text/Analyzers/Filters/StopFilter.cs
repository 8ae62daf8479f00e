namespace Milvus.Text.Analyzers.Filters;

/// <summary>Drops tokens whose term is in a list; the positions of the others stay.</summary>
internal sealed class StopFilter(TermSet words, TokenStage next) : KeepingFilter(next)
{
    protected override bool Keeps(ReadOnlySpan<byte> term) => !words.Contains(term);
}

/// <summary>The named stop word lists.</summary>
internal static class StopWords
{
    /// <summary>The short list that Lucene and its relatives use for English.</summary>
    public static readonly string[] English =
        ("a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with")
        .Split(' ');

    private static readonly string[] s_unsupported =
    [
        "_arabic_", "_chinese_", "_danish_", "_dutch_", "_finnish_", "_french_", "_german_", "_hungarian_", "_italian_", "_norwegian_",
        "_portuguese_", "_russian_", "_spanish_", "_swedish_", "_thai_",
    ];

    /// <summary>Replaces names such as <c>_english_</c> by their words; other entries are words themselves.</summary>
    /// <exception cref="Model.MilvusException">1100: a list that exists in Milvus but not here.</exception>
    public static IEnumerable<string> Expand(IEnumerable<string> entries)
    {
        foreach (string entry in entries)
        {
            if (entry == "_english_")
            {
                foreach (string word in English)
                    yield return word;
            }
            else if (Array.IndexOf(s_unsupported, entry) >= 0)
            {
                throw Model.MilvusException.InvalidParameter($"stop word list {entry} is not supported yet");
            }
            else
            {
                yield return entry;
            }
        }
    }
}
