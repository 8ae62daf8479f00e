using System.Collections.Immutable;

namespace Milvus.Expressions.Syntax;

/// <summary>The brackets of a JSON access token.</summary>
internal static class PathLiterals
{
    /// <param name="brackets">One or more of <c>["key"]</c>, <c>[r"key"]</c> and <c>[123]</c>, as the lexer passed them.</param>
    public static ImmutableArray<PathStep> Parse(ReadOnlySpan<char> brackets)
    {
        var steps = ImmutableArray.CreateBuilder<PathStep>();
        while (!brackets.IsEmpty)
        {
            var inner = brackets[1..];
            var length = Measure(inner);
            var key = inner[..length];
            steps.Add(key[0] switch
            {
                '"' or '\'' => new PathStep(StringLiterals.Unquote(key), IsQuoted: true),
                'r' or 'R' => new PathStep(StringLiterals.Raw(key), IsQuoted: true),
                _ => new PathStep(key.ToString(), IsQuoted: false),
            });
            brackets = inner[(length + 1)..];
        }
        return steps.DrainToImmutable();
    }

    private static int Measure(ReadOnlySpan<char> key)
    {
        var at = key[0] is 'r' or 'R' ? 1 : 0;
        var quote = key[at];
        if (quote is not ('"' or '\'')) return key.IndexOf(']');
        for (at++; key[at] != quote; at++)
            if (key[at] == '\\') at++;
        return at + 1;
    }
}
