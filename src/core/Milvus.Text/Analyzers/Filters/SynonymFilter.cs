using System.Text;
using Milvus.Model;

namespace Milvus.Text.Analyzers.Filters;

/// <summary>Replaces a token by its synonyms, all at the token's position. Terms are single tokens.</summary>
internal sealed class SynonymFilter(SynonymTable table, TokenStage next) : TokenFilter(next)
{
    public override bool Push(scoped in AnalyzedToken token, TokenSink sink)
    {
        byte[][]? synonyms = table.Find(token.Text);
        if (synonyms is null || synonyms.Length == 0)
            return Next.Push(in token, sink);
        foreach (byte[] synonym in synonyms)
        {
            if (!Next.Push(token.WithText(synonym), sink))
                return false;
        }
        return true;
    }
}

/// <summary>
/// Synonym rules: <c>a, b, c</c> makes every term stand for all of them (or, without <c>expand</c>, for the first);
/// <c>a, b => c, d</c> replaces each left term by the right ones (with <c>expand</c> the left term stays too).
/// A backslash before a comma, blank, backslash or <c>=></c> takes it literally.
/// </summary>
internal sealed class SynonymTable
{
    private readonly TermSet _terms;
    private readonly byte[][][] _synonyms;

    public SynonymTable(IEnumerable<string> rules, bool expand)
    {
        var map = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (string rule in rules)
        {
            (List<string> left, List<string>? right) = ParseRule(rule);
            foreach (string term in left)
            {
                if (!map.TryGetValue(term, out List<string>? targets))
                    map.Add(term, targets = []);
                IEnumerable<string> added = right ?? (expand ? left : left.Take(1));
                foreach (string target in expand ? added.Prepend(term) : added)
                {
                    if (!targets.Contains(target))
                        targets.Add(target);
                }
            }
        }
        _terms = new TermSet(map.Keys);
        _synonyms = new byte[_terms.Count][][];
        for (int i = 0; i < _synonyms.Length; i++)
            _synonyms[i] = map[Encoding.UTF8.GetString(_terms[i])].Select(Encoding.UTF8.GetBytes).ToArray();
    }

    public byte[][]? Find(ReadOnlySpan<byte> term) => _terms.Find(term) is >= 0 and int number ? _synonyms[number] : null;

    private static (List<string> Left, List<string>? Right) ParseRule(string rule)
    {
        List<string> left = [];
        List<string>? right = null;
        var word = new StringBuilder();
        bool ended = false;
        for (int i = 0; i < rule.Length; i++)
        {
            char c = rule[i];
            bool arrow = c == '=' && i + 1 < rule.Length && rule[i + 1] == '>';
            if (c == ',' || arrow)
            {
                EndWord();
                if (!arrow)
                    continue;
                if (right is not null)
                    throw MilvusException.InvalidParameter($"read synonym dict failed, has more than one \"=>\" in {rule}");
                right = [];
                i++;
            }
            else if (c == ' ')
            {
                ended = word.Length > 0;
            }
            else
            {
                if (ended)
                {
                    throw MilvusException.InvalidParameter(
                        $"read synonym dict failed, has space between words {rule}, please use \\ to escape space");
                }
                if (c == '\\')
                    i = AppendEscaped(rule, i, word);
                else
                    word.Append(c);
            }
        }
        EndWord();
        return (left, right);

        void EndWord()
        {
            if (word.Length > 0)
                (right ?? left).Add(word.ToString());
            word.Clear();
            ended = false;
        }
    }

    /// <returns>Index of the last character consumed.</returns>
    private static int AppendEscaped(string rule, int at, StringBuilder word)
    {
        if (at + 1 == rule.Length)
            throw MilvusException.InvalidParameter($"invalid synonym escaped in the end: {rule}");
        if (rule[at + 1] is ',' or ' ' or '\\')
        {
            word.Append(rule[at + 1]);
            return at + 1;
        }
        if (rule.AsSpan(at + 1).StartsWith("=>"))
        {
            word.Append("=>");
            return at + 2;
        }
        throw MilvusException.InvalidParameter($"invalid synonym escaped: \\{rule[at + 1]} in {rule}");
    }
}
