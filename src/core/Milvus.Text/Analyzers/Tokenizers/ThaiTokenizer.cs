using System.Buffers;
using System.Text;
using Milvus.Text.Analyzers.StopWords;

namespace Milvus.Text.Analyzers.Tokenizers;

/// <summary>
/// Thai, which is written without blanks between words: runs of Thai letters are cut at the words of a small dictionary, always taking the
/// longest that fits; what lies between becomes overlapping pairs of character clusters (a consonant with the vowels and marks that
/// belong to it), so that any word can be found by its pairs. Other text is cut like by the standard tokenizer.
/// </summary>
internal sealed class ThaiTokenizer : Tokenizer
{
    private static readonly StandardTokenizer s_other = new();
    private static readonly TermSet s_words = new(StopWordLists.Of("thai").Concat(ThaiWords.All.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    private static readonly int s_longest = Longest();

    public override void Tokenize(ReadOnlySpan<byte> utf8, TokenStage first, TokenSink sink)
    {
        int at = 0, position = 0;
        while (at < utf8.Length)
        {
            bool thai = IsThai(utf8[at..]);
            int end = at;
            while (end < utf8.Length && IsThai(utf8[end..]) == thai)
            {
                Rune.DecodeFromUtf8(utf8[end..], out _, out int width);
                end += width;
            }
            var numbered = new NumberedRun(first, sink, at, position);
            if (thai)
                CutRun(utf8[at..end], numbered, sink);
            else
                s_other.Tokenize(utf8[at..end], numbered, sink);
            if (!numbered.More)
                return;
            position = numbered.Position;
            at = end;
        }
    }

    /// <summary>Cuts a run of letters of one script without blanks; offsets count from the run's beginning.</summary>
    public static void CutRun(ReadOnlySpan<byte> run, TokenStage first, TokenSink sink)
    {
        int at = 0, position = 0;
        while (at < run.Length)
        {
            int known = WordAt(run, at);
            if (known > 0)
            {
                if (!first.Push(new AnalyzedToken(run.Slice(at, known), at, at + known, position++), sink))
                    return;
                at += known;
                continue;
            }
            int end = at;
            while (end < run.Length && WordAt(run, end) == 0)
                end += ClusterAt(run, end);
            if (!PushPairs(run, at, end, ref position, first, sink))
                return;
            at = end;
        }
    }

    private static bool PushPairs(ReadOnlySpan<byte> run, int start, int end, ref int position, TokenStage first, TokenSink sink)
    {
        int at = start, next = at + ClusterAt(run, at);
        if (next >= end)
            return first.Push(new AnalyzedToken(run[start..end], start, end, position++), sink);
        while (next < end)
        {
            int behind = next + ClusterAt(run, next);
            if (!first.Push(new AnalyzedToken(run[at..behind], at, behind, position++), sink))
                return false;
            at = next;
            next = behind;
        }
        return true;
    }

    private static int WordAt(ReadOnlySpan<byte> run, int at)
    {
        int longest = Math.Min(s_longest, run.Length - at);
        for (int length = longest - (longest % 3); length > 0; length -= 3)
        {
            if (s_words.Contains(run.Slice(at, length)) && (at + length == run.Length || !IsAttached(run[(at + length)..])))
                return length;
        }
        return 0;
    }

    /// <returns>Bytes of the cluster: a leading vowel, a consonant, and the vowels and marks behind it.</returns>
    private static int ClusterAt(ReadOnlySpan<byte> run, int at)
    {
        int end = at;
        Rune.DecodeFromUtf8(run[end..], out Rune rune, out int width);
        end += width;
        if (rune.Value is >= 0xE40 and <= 0xE44 && end < run.Length)
        {
            Rune.DecodeFromUtf8(run[end..], out _, out width);
            end += width;
        }
        while (end < run.Length && IsAttached(run[end..]))
        {
            Rune.DecodeFromUtf8(run[end..], out _, out width);
            end += width;
        }
        return end - at;
    }

    /// <summary>Vowels and marks that cannot begin a cluster.</summary>
    private static bool IsAttached(ReadOnlySpan<byte> utf8) =>
        Rune.DecodeFromUtf8(utf8, out Rune rune, out _) == OperationStatus.Done
        && (rune.Value is (>= 0xE30 and <= 0xE3A) or (>= 0xE45 and <= 0xE4E) || Rune.GetUnicodeCategory(rune) is
            System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark);

    private static bool IsThai(ReadOnlySpan<byte> utf8) =>
        utf8[0] == 0xE0 && Rune.DecodeFromUtf8(utf8, out Rune rune, out _) == OperationStatus.Done && rune.Value is >= 0xE01 and <= 0xE4E and not 0xE3F;

    private static int Longest()
    {
        int longest = 0;
        for (int i = 0; i < s_words.Count; i++)
            longest = Math.Max(longest, s_words[i].Length);
        return longest;
    }
}
