namespace Milvus.Text.Analyzers.Filters;

/// <summary>
/// Replaces a compound by its parts when it consists of listed words from end to end, always taking the longest that fits next; all
/// parts stand at the compound's position. Other tokens stay.
/// </summary>
internal sealed class DecompounderFilter : TokenFilter
{
    private readonly TermSet _words;
    private readonly int _longest;

    public DecompounderFilter(TermSet words, TokenStage next) : base(next)
    {
        _words = words;
        for (int i = 0; i < words.Count; i++)
            _longest = Math.Max(_longest, words[i].Length);
    }

    public override bool Push(scoped in AnalyzedToken token, TokenSink sink)
    {
        ReadOnlySpan<byte> term = token.Text;
        if (!IsCompound(term))
            return Next.Push(in token, sink);
        while (!term.IsEmpty)
        {
            int length = NextPart(term);
            if (!Next.Push(token.WithText(term[..length]), sink))
                return false;
            term = term[length..];
        }
        return true;
    }

    private bool IsCompound(ReadOnlySpan<byte> term)
    {
        while (!term.IsEmpty)
        {
            int length = NextPart(term);
            if (length == 0)
                return false;
            term = term[length..];
        }
        return true;
    }

    private int NextPart(ReadOnlySpan<byte> term)
    {
        for (int length = Math.Min(_longest, term.Length); length > 0; length--)
        {
            if (_words.Contains(term[..length]))
                return length;
        }
        return 0;
    }
}
