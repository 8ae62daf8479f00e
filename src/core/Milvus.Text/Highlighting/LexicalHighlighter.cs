using System.Collections.Immutable;
using System.Text;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Highlighting;

/// <summary>How fragments are cut and marked. Lengths count Unicode code points.</summary>
public sealed record HighlightOptions
{
    public static HighlightOptions Default { get; } = new();

    /// <summary>What stands before matches; several take turns.</summary>
    public ImmutableArray<string> PreTags { get; init; } = ["<em>"];

    /// <summary>What stands behind matches; several take turns.</summary>
    public ImmutableArray<string> PostTags { get; init; } = ["</em>"];

    /// <summary>Text before the first match of a fragment.</summary>
    public int FragmentOffset { get; init; }

    /// <summary>Length of a fragment without its tags; a match is never cut.</summary>
    public int FragmentSize { get; init; } = 100;

    public int Fragments { get; init; } = 5;
}

/// <summary>Cuts the parts of a text that have some terms out of it and marks the terms. Thread-safe.</summary>
public sealed class LexicalHighlighter(HighlightOptions options)
{
    /// <summary>The terms of a query text.</summary>
    public static HashSet<string> Terms(Analyzer analyzer, string text) => [.. analyzer.GetTokens(text).Select(t => t.Text)];

    /// <summary>The fragments in the order of the text; none without matches.</summary>
    public ImmutableArray<string> Highlight(Analyzer analyzer, ReadOnlySpan<byte> utf8, IReadOnlySet<string> terms)
    {
        if (terms.Count == 0) return [];
        var matches = new List<(int Start, int End)>();
        // Some tokenizers give the words inside a word before the word itself.
        foreach (var token in analyzer.GetTokens(utf8).Where(t => terms.Contains(t.Text)).OrderBy(t => t.StartOffset))
        {
            // Several tokens of one place, such as synonyms, are one match.
            if (matches.Count > 0 && token.StartOffset < matches[^1].End) matches[^1] = (matches[^1].Start, Math.Max(matches[^1].End, token.EndOffset));
            else matches.Add((token.StartOffset, token.EndOffset));
        }
        var fragments = ImmutableArray.CreateBuilder<string>();
        var marked = 0;
        for (var first = 0; first < matches.Count && fragments.Count < options.Fragments;)
        {
            var start = Back(utf8, matches[first].Start, options.FragmentOffset);
            if (first > 0) start = Math.Max(start, matches[first - 1].End);
            var end = Forward(utf8, start, options.FragmentSize);
            var last = first;
            while (last + 1 < matches.Count && matches[last + 1].End <= end) last++;
            end = Math.Max(end, matches[last].End);
            // A match that begins inside of the fragment and ends behind it belongs to the next one.
            if (last + 1 < matches.Count) end = Math.Min(end, Math.Max(matches[last].End, matches[last + 1].Start));
            fragments.Add(Mark(utf8, start, end, matches, first, last, ref marked));
            first = last + 1;
        }
        return fragments.DrainToImmutable();
    }

    private string Mark(ReadOnlySpan<byte> utf8, int start, int end, List<(int Start, int End)> matches, int first, int last, ref int marked)
    {
        var text = new StringBuilder();
        var at = start;
        for (var m = first; m <= last; m++, marked++)
        {
            text.Append(Encoding.UTF8.GetString(utf8[at..matches[m].Start]));
            text.Append(options.PreTags[marked % options.PreTags.Length]);
            text.Append(Encoding.UTF8.GetString(utf8[matches[m].Start..matches[m].End]));
            text.Append(options.PostTags[marked % options.PostTags.Length]);
            at = matches[m].End;
        }
        return text.Append(Encoding.UTF8.GetString(utf8[at..end])).ToString();
    }

    private static int Back(ReadOnlySpan<byte> utf8, int at, int characters)
    {
        for (; characters > 0 && at > 0; characters--)
            do at--;
            while (at > 0 && IsContinuation(utf8[at]));
        return at;
    }

    private static int Forward(ReadOnlySpan<byte> utf8, int at, int characters)
    {
        for (; characters > 0 && at < utf8.Length; characters--)
            do at++;
            while (at < utf8.Length && IsContinuation(utf8[at]));
        return at;
    }

    private static bool IsContinuation(byte one) => (one & 0xC0) == 0x80;
}
