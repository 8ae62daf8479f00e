using System.Text;

namespace Milvus.Text.Analyzers.Stemming;

/// <summary>The words that Porter2 lists by name.</summary>
internal static class EnglishExceptions
{
    private static readonly (string Word, string Stem)[] s_wordList =
    [
        ("skis", "ski"), ("skies", "sky"), ("dying", "die"), ("lying", "lie"), ("tying", "tie"), ("idly", "idl"), ("gently", "gentl"),
        ("ugly", "ugli"), ("early", "earli"), ("only", "onli"), ("singly", "singl"),
        ("sky", "sky"), ("news", "news"), ("howe", "howe"), ("atlas", "atlas"), ("cosmos", "cosmos"), ("bias", "bias"), ("andes", "andes"),
    ];

    private static readonly TermSet s_words = new(s_wordList.Select(pair => pair.Word));
    private static readonly byte[][] s_stems = s_wordList.Select(pair => Encoding.ASCII.GetBytes(pair.Stem)).ToArray();

    private static readonly TermSet s_finished =
        new(["inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"]);

    /// <summary>Whole words with a stem of their own.</summary>
    public static bool TryReplaceWord(ReadOnlySpan<byte> word, out ReadOnlySpan<byte> stem)
    {
        int number = s_words.Find(word);
        stem = number < 0 ? default : s_stems[number];
        return number >= 0;
    }

    /// <summary>Words that stay as they are once their plural s is gone.</summary>
    public static bool IsFinished(ReadOnlySpan<byte> word) => s_finished.Contains(word);
}
