namespace Milvus.Expressions.Syntax;

internal enum TokenKind : byte
{
    End,
    Identifier,

    /// <summary><c>name["key"][0]…</c> without blanks.</summary>
    JsonAccess,

    /// <summary><c>name[sub]</c>: a sub-column of a struct field.</summary>
    StructColumn,

    /// <summary><c>name[3][sub]</c>.</summary>
    StructElement,

    /// <summary><c>$[sub]</c>.</summary>
    ElementReference,
    Integer,
    Float,
    String,
    RawString,
    True,
    False,

    // Keywords.
    Like,
    Exists,
    And,
    Or,
    Not,
    In,
    IsNull,
    IsNotNull,
    TextMatch,
    TextMatchFuzzy,
    PhraseMatch,
    RandomSample,
    MatchAll,
    MatchAny,
    MatchLeast,
    MatchMost,
    MatchExact,
    ElementFilter,
    Contains,
    ContainsAll,
    ContainsAny,
    ArrayLength,
    Spatial,
    SpatialWithin,
    SpatialIsValid,
    Interval,
    Iso,
    MinimumShouldMatch,
    Threshold,

    // Symbols.
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Power,
    Ampersand,
    Caret,
    Bar,
    Tilde,
    ShiftLeft,
    ShiftRight,
    Bang,
    RegexMatch,
    RegexNotMatch,
    Assign,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
}

/// <summary>A slice of the expression text.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int Length)
{
    public int End => Start + Length;
}
