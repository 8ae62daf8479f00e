using System.Collections.Immutable;
using System.Text;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Matching;

/// <summary>A stretch of a document in bytes of its UTF-8.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">One past the last byte.</param>
public readonly record struct TextSpan(int Start, int End);

/// <summary>How fragments are cut and marked. Tags are taken in turn, one pair per match of a fragment.</summary>
public sealed record HighlightOptions
{
    public ImmutableArray<string> PreTags { get; init; } = ["<em>"];

    public ImmutableArray<string> PostTags { get; init; } = ["</em>"];

    /// <summary>Characters shown before the first match of a fragment.</summary>
    public int FragmentOffset { get; init; }

    /// <summary>Characters of a fragment without its tags; a longer match is not cut.</summary>
    public int FragmentSize { get; init; } = 100;

    /// <summary>Most fragments per document.</summary>
    public int FragmentCount { get; init; } = 5;
}

/// <summary>
/// Finds in a document the words that made it match: those whose terms, as the field's analyzer makes them, occur in a query. Immutable and
/// thread-safe.
/// </summary>
public sealed class TextHighlighter
{
    private readonly Analyzer _analyzer;
    private readonly TermSet _terms;

    /// <param name="analyzer">The field's analyzer; it reads the queries too.</param>
    /// <param name="queries">Any texts.</param>
    public TextHighlighter(Analyzer analyzer, params IEnumerable<string> queries)
    {
        _analyzer = analyzer;
        _terms = new TermSet(queries.SelectMany(query => analyzer.GetTokens(query)).Select(token => token.Text));
    }

    /// <summary>The places of all matching words, ascending; places that touch are one.</summary>
    public IReadOnlyList<TextSpan> Find(ReadOnlySpan<byte> document)
    {
        if (_terms.Count == 0)
            return [];
        var sink = new SpanSink(_terms);
        _analyzer.Analyze(document, sink);
        sink.Spans.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
        var merged = new List<TextSpan>(sink.Spans.Count);
        foreach (TextSpan span in sink.Spans)
        {
            if (merged.Count > 0 && span.Start <= merged[^1].End)
                merged[^1] = merged[^1] with { End = Math.Max(span.End, merged[^1].End) };
            else
                merged.Add(span);
        }
        return merged;
    }

    /// <summary>
    /// The document's fragments around matches, marked: each begins before a match, runs for the given size and takes in the
    /// matches that begin in it; a fragment may begin in what the one before shows. None when nothing matches.
    /// </summary>
    public IReadOnlyList<string> Fragments(string document, HighlightOptions options)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(document);
        IReadOnlyList<TextSpan> spans = Find(utf8);
        var fragments = new List<string>();
        for (int next = 0; next < spans.Count && fragments.Count < options.FragmentCount;)
        {
            int start = Move(utf8, spans[next].Start, -options.FragmentOffset);
            int end = Math.Max(spans[next].End, Move(utf8, start, options.FragmentSize));
            int last = next + 1;
            // A match that begins at the end or before it belongs to the fragment and is not cut.
            for (; last < spans.Count && spans[last].Start <= end; last++)
                end = Math.Max(end, spans[last].End);
            fragments.Add(Mark(utf8, start, end, spans, next, last, options));
            next = last;
        }
        return fragments;
    }

    private static string Mark(byte[] utf8, int start, int end, IReadOnlyList<TextSpan> spans, int first, int last, HighlightOptions options)
    {
        var text = new StringBuilder();
        int at = start;
        for (int i = first; i < last; i++)
        {
            text.Append(Encoding.UTF8.GetString(utf8.AsSpan(at, spans[i].Start - at)));
            text.Append(Tag(options.PreTags, i - first));
            text.Append(Encoding.UTF8.GetString(utf8.AsSpan(spans[i].Start, spans[i].End - spans[i].Start)));
            text.Append(Tag(options.PostTags, i - first));
            at = spans[i].End;
        }
        return text.Append(Encoding.UTF8.GetString(utf8.AsSpan(at, end - at))).ToString();
    }

    private static string Tag(ImmutableArray<string> tags, int match) => tags.Length == 0 ? "" : tags[match % tags.Length];

    /// <summary>A place some characters before or behind another.</summary>
    private static int Move(byte[] utf8, int at, int characters)
    {
        for (; characters > 0 && at < utf8.Length; characters--)
        {
            do
                at++;
            while (at < utf8.Length && (utf8[at] & 0xC0) == 0x80);
        }
        for (; characters < 0 && at > 0; characters++)
        {
            do
                at--;
            while (at > 0 && (utf8[at] & 0xC0) == 0x80);
        }
        return at;
    }

    private sealed class SpanSink(TermSet terms) : TokenSink
    {
        public List<TextSpan> Spans { get; } = [];

        public override bool Accept(scoped in AnalyzedToken token)
        {
            if (terms.Contains(token.Text))
                Spans.Add(new TextSpan(token.StartOffset, token.EndOffset));
            return true;
        }
    }
}
