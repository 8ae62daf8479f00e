namespace Milvus.Expressions.Syntax;

/// <summary>How tightly operators bind; all of the infix ones associate to the left, power included.</summary>
internal static class Precedence
{
    public const int Lowest = 1;
    public const int Or = 1;
    public const int And = 2;
    public const int BitOr = 3;
    public const int BitXor = 4;
    public const int BitAnd = 5;
    public const int Equality = 6;
    public const int Relational = 7;
    public const int Chain = 8;
    public const int Membership = 9;
    public const int Shift = 10;
    public const int Additive = 11;
    public const int Multiplicative = 12;
    public const int Prefix = 13;
    public const int Power = 14;
    public const int RegexNotMatch = 15;
    public const int RegexMatch = 16;
    public const int Like = 17;
    public const int Exists = 18;

    /// <summary>0 for tokens that are no infix operator of the plain shape <c>left op right</c>.</summary>
    public static int OfInfix(TokenKind kind) => kind switch
    {
        TokenKind.Or => Or,
        TokenKind.And => And,
        TokenKind.Bar => BitOr,
        TokenKind.Caret => BitXor,
        TokenKind.Ampersand => BitAnd,
        TokenKind.Equal or TokenKind.NotEqual => Equality,
        TokenKind.Less or TokenKind.LessOrEqual or TokenKind.Greater or TokenKind.GreaterOrEqual => Relational,
        TokenKind.ShiftLeft or TokenKind.ShiftRight => Shift,
        TokenKind.Plus or TokenKind.Minus => Additive,
        TokenKind.Star or TokenKind.Slash or TokenKind.Percent => Multiplicative,
        TokenKind.Power => Power,
        TokenKind.RegexNotMatch => RegexNotMatch,
        TokenKind.RegexMatch => RegexMatch,
        TokenKind.Like => Like,
        _ => 0,
    };
}
