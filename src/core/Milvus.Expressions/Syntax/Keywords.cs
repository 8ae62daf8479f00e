using System.Collections.Frozen;

namespace Milvus.Expressions.Syntax;

/// <summary>Words with a meaning of their own. Each exists in lower and in upper case only; any other casing is an identifier.</summary>
internal static class Keywords
{
    private static readonly (string Word, TokenKind Kind)[] Lower =
    [
        ("like", TokenKind.Like),
        ("exists", TokenKind.Exists),
        ("and", TokenKind.And),
        ("or", TokenKind.Or),
        ("not", TokenKind.Not),
        ("in", TokenKind.In),
        ("text_match", TokenKind.TextMatch),
        ("text_match_fuzzy", TokenKind.TextMatchFuzzy),
        ("phrase_match", TokenKind.PhraseMatch),
        ("random_sample", TokenKind.RandomSample),
        ("match_all", TokenKind.MatchAll),
        ("match_any", TokenKind.MatchAny),
        ("match_least", TokenKind.MatchLeast),
        ("match_most", TokenKind.MatchMost),
        ("match_exact", TokenKind.MatchExact),
        ("element_filter", TokenKind.ElementFilter),
        ("json_contains", TokenKind.Contains),
        ("json_contains_all", TokenKind.ContainsAll),
        ("json_contains_any", TokenKind.ContainsAny),
        ("array_contains", TokenKind.Contains),
        ("array_contains_all", TokenKind.ContainsAll),
        ("array_contains_any", TokenKind.ContainsAny),
        ("array_length", TokenKind.ArrayLength),
        ("st_equals", TokenKind.Spatial),
        ("st_touches", TokenKind.Spatial),
        ("st_overlaps", TokenKind.Spatial),
        ("st_crosses", TokenKind.Spatial),
        ("st_contains", TokenKind.Spatial),
        ("st_intersects", TokenKind.Spatial),
        ("st_within", TokenKind.Spatial),
        ("st_dwithin", TokenKind.SpatialWithin),
        ("st_isvalid", TokenKind.SpatialIsValid),
        ("interval", TokenKind.Interval),
        ("iso", TokenKind.Iso),
        ("minimum_should_match", TokenKind.MinimumShouldMatch),
        ("threshold", TokenKind.Threshold),
    ];

    private static readonly FrozenDictionary<string, TokenKind> Words = Build();

    private static readonly FrozenDictionary<string, TokenKind>.AlternateLookup<ReadOnlySpan<char>> Lookup = Words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The keyword's kind, or <see cref="TokenKind.Identifier"/>.</summary>
    public static TokenKind Classify(ReadOnlySpan<char> word) => Lookup.TryGetValue(word, out var kind) ? kind : TokenKind.Identifier;

    private static FrozenDictionary<string, TokenKind> Build()
    {
        var words = new Dictionary<string, TokenKind>(StringComparer.Ordinal)
        {
            ["true"] = TokenKind.True,
            ["True"] = TokenKind.True,
            ["TRUE"] = TokenKind.True,
            ["false"] = TokenKind.False,
            ["False"] = TokenKind.False,
            ["FALSE"] = TokenKind.False,
        };
        foreach (var (word, kind) in Lower)
        {
            words.Add(word, kind);
            words.Add(word.ToUpperInvariant(), kind);
        }
        return words.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
