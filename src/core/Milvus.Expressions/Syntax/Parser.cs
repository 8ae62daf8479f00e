using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Expressions.Syntax;

/// <summary>
/// Operator-precedence parser (V. Pratt, "Top down operator precedence", 1973). Linear in the number of tokens; nesting beyond
/// <see cref="MaxDepth"/> is an error, so neither it nor a later walk over the tree can exhaust the stack.
/// </summary>
internal sealed class Parser
{
    /// <summary>Deepest nesting of operators, parentheses and lists. Chains of and / or count once.</summary>
    public const int MaxDepth = 600;

    private readonly CallParser _calls;
    private int _depth;

    private Parser(string text)
    {
        Tokens = new TokenStream(text);
        _calls = new CallParser(this);
    }

    public TokenStream Tokens { get; }

    /// <exception cref="FilterError">The text is not an expression.</exception>
    public static SyntaxNode Parse(string text)
    {
        var parser = new Parser(text);
        var node = parser.ParseExpression(Precedence.Lowest);
        if (parser.Tokens.Current.Kind != TokenKind.End) throw new FilterError("invalid expression: " + text);
        return node;
    }

    public SyntaxNode ParseExpression(int minimum = Precedence.Lowest)
    {
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw TooDeep();
        var left = ParsePrefix();
        while (ParseInfix(left, minimum) is { } node)
        {
            if (node.Depth > MaxDepth) throw TooDeep();
            left = node;
        }
        _depth--;
        return left;
    }

    private static FilterError TooDeep() => new($"expression is nested too deeply, at most {MaxDepth} levels are allowed");

    /// <summary>The node that the next operator makes of <paramref name="left"/>, or null when none binds tightly enough.</summary>
    private SyntaxNode? ParseInfix(SyntaxNode left, int minimum)
    {
        var op = Tokens.Current.Kind;
        if (minimum <= Precedence.Chain && StartsChain(op)) return ParseChain(left);
        if (minimum <= Precedence.Membership && (op == TokenKind.In || (op == TokenKind.Not && Tokens.Peek(1).Kind == TokenKind.In)))
        {
            if (op == TokenKind.Not) Tokens.Take();
            Tokens.Take();
            var start = Tokens.Current.Start;
            var list = ParseExpression(Precedence.Membership + 1);
            return new MembershipNode(left, list, start..Tokens.Previous.End, op == TokenKind.Not);
        }
        var precedence = Precedence.OfInfix(op);
        if (precedence == 0 || precedence < minimum) return null;
        if (op is TokenKind.And or TokenKind.Or) return ParseLogical(left, op, precedence);
        Tokens.Take();
        return new BinaryNode(op, left, ParseExpression(precedence + 1));
    }

    private LogicalNode ParseLogical(SyntaxNode left, TokenKind op, int precedence)
    {
        List<SyntaxNode> operands = left is LogicalNode logical && logical.Operator == op ? [.. logical.Operands] : [left];
        while (Tokens.Current.Kind == op)
        {
            Tokens.Take();
            operands.Add(ParseExpression(precedence + 1));
        }
        return new LogicalNode(op, operands);
    }

    /// <summary><c>op target op</c> with both operators pointing the same way stands ahead.</summary>
    private bool StartsChain(TokenKind op)
    {
        if (!IsRelational(op)) return false;
        var second = Tokens.Peek(2).Kind;
        return Tokens.Peek(1).Kind is TokenKind.Identifier or TokenKind.JsonAccess or TokenKind.StructElement or TokenKind.ElementReference
            && IsRelational(second) && PointsLeft(op) == PointsLeft(second);
    }

    private static bool IsRelational(TokenKind kind) =>
        kind is TokenKind.Less or TokenKind.LessOrEqual or TokenKind.Greater or TokenKind.GreaterOrEqual;

    private static bool PointsLeft(TokenKind kind) => kind is TokenKind.Less or TokenKind.LessOrEqual;

    private ChainNode ParseChain(SyntaxNode first)
    {
        var firstOp = Tokens.Take().Kind;
        var target = ParseReference();
        var secondOp = Tokens.Take().Kind;
        return new ChainNode(first, firstOp, target, secondOp, ParseExpression(Precedence.Chain + 1));
    }

    private SyntaxNode ParsePrefix()
    {
        var op = Tokens.Current;
        switch (op.Kind)
        {
            case TokenKind.Exists:
                Tokens.Take();
                return new UnaryNode(op, ParseExpression(Precedence.Exists));
            case TokenKind.Minus when Tokens.Peek(1).Kind == TokenKind.Integer && Precedence.OfInfix(Tokens.Peek(2).Kind) <= Precedence.Prefix:
                // Decided here and not by negating, because −2⁶³ has no positive counterpart.
                Tokens.Take();
                var digits = Tokens.Take();
                var value = NumberLiterals.ParseInteger(Tokens.TextOf(digits), negative: true);
                return new NumberNode(new Token(TokenKind.Integer, op.Start, digits.End - op.Start), new Literal.Int(value));
            case TokenKind.Plus or TokenKind.Minus or TokenKind.Tilde or TokenKind.Not or TokenKind.Bang:
                Tokens.Take();
                return new UnaryNode(op, ParseExpression(Precedence.Prefix));
            default:
                return ParsePrimary();
        }
    }

    private SyntaxNode ParsePrimary()
    {
        var token = Tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Integer:
                Tokens.Take();
                return new NumberNode(token, new Literal.Int(NumberLiterals.ParseInteger(Tokens.TextOf(token))));
            case TokenKind.Float:
                Tokens.Take();
                return new NumberNode(token, new Literal.Float(NumberLiterals.ParseFloat(Tokens.TextOf(token))));
            case TokenKind.True or TokenKind.False:
                Tokens.Take();
                return new BooleanNode(token, token.Kind == TokenKind.True);
            case TokenKind.String or TokenKind.RawString:
                Tokens.Take();
                return new StringNode(token, Tokens.Text);
            case TokenKind.OpenParen:
                Tokens.Take();
                var inner = ParseExpression();
                Tokens.Expect(TokenKind.CloseParen, "')'");
                return inner;
            case TokenKind.OpenBracket:
                return ParseList();
            case TokenKind.OpenBrace:
                return ParseTemplate();
            case TokenKind.Iso:
                return ParseMirroredTimeComparison();
            case TokenKind.Identifier when Tokens.Peek(1).Kind == TokenKind.OpenParen:
                return _calls.Parse();
            case TokenKind.Identifier when StartsTimeComparison():
                return ParseTimeComparison();
            case TokenKind.Identifier or TokenKind.JsonAccess:
                var name = ParseReference();
                return Tokens.Current.Kind is TokenKind.IsNull or TokenKind.IsNotNull ? new NullTestNode(name, Tokens.Take()) : name;
            case TokenKind.StructColumn or TokenKind.StructElement or TokenKind.ElementReference:
                return ParseReference();
            case >= TokenKind.TextMatch and <= TokenKind.SpatialIsValid:
                return _calls.Parse();
            default:
                throw Tokens.Unexpected();
        }
    }

    /// <summary>A name with the brackets that belong to its token.</summary>
    public SyntaxNode ParseReference()
    {
        var token = Tokens.Take();
        var text = Tokens.TextOf(token);
        return token.Kind switch
        {
            TokenKind.Identifier => new NameNode(token, text.ToString()),
            TokenKind.JsonAccess => new JsonAccessNode(token, text[..text.IndexOf('[')].ToString(), PathLiterals.Parse(text[text.IndexOf('[')..])),
            TokenKind.StructColumn or TokenKind.StructElement or TokenKind.ElementReference => new StructAccessNode(token, text.ToString()),
            _ => throw Tokens.Unexpected(token),
        };
    }

    private ListNode ParseList()
    {
        var start = Tokens.Take().Start;
        var items = ParseItems(TokenKind.CloseBracket, "']'");
        return new ListNode(start, Tokens.Previous.End, items);
    }

    /// <summary>Expressions between commas up to and including <paramref name="close"/>; a trailing comma is allowed.</summary>
    public System.Collections.Immutable.ImmutableArray<SyntaxNode> ParseItems(TokenKind close, string closeText)
    {
        var items = System.Collections.Immutable.ImmutableArray.CreateBuilder<SyntaxNode>();
        while (Tokens.Current.Kind != close)
        {
            items.Add(ParseExpression());
            if (Tokens.Current.Kind != TokenKind.Comma) break;
            Tokens.Take();
        }
        Tokens.Expect(close, closeText);
        return items.DrainToImmutable();
    }

    private TemplateNode ParseTemplate()
    {
        var start = Tokens.Take().Start;
        var name = Tokens.Expect(TokenKind.Identifier, "Identifier");
        var end = Tokens.Expect(TokenKind.CloseBrace, "'}'").End;
        return new TemplateNode(start, end, Tokens.TextOf(name).ToString());
    }

    private bool StartsTimeComparison() => Tokens.Peek(1).Kind switch
    {
        TokenKind.Plus or TokenKind.Minus => Tokens.Peek(2).Kind == TokenKind.Interval,
        >= TokenKind.Equal and <= TokenKind.GreaterOrEqual => Tokens.Peek(2).Kind == TokenKind.Iso,
        _ => false,
    };

    private TimeComparisonNode ParseTimeComparison()
    {
        var field = (NameNode)ParseReference();
        var interval = ParseInterval();
        var op = TakeComparison();
        Tokens.Expect(TokenKind.Iso, "'iso'");
        var time = TakeString();
        return new TimeComparisonNode(field.Start, time.End, field, op, time, interval);
    }

    private TimeComparisonNode ParseMirroredTimeComparison()
    {
        var start = Tokens.Take().Start;
        var time = TakeString();
        var op = Mirror(TakeComparison());
        if (Tokens.Current.Kind != TokenKind.Identifier) throw Tokens.Unexpected();
        var field = (NameNode)ParseReference();
        var interval = ParseInterval();
        return new TimeComparisonNode(start, Tokens.Previous.End, field, op, time, interval);
    }

    private TimeShift? ParseInterval()
    {
        if (Tokens.Current.Kind is not (TokenKind.Plus or TokenKind.Minus) || Tokens.Peek(1).Kind != TokenKind.Interval) return null;
        var isNegative = Tokens.Take().Kind == TokenKind.Minus;
        Tokens.Take();
        return new TimeShift(isNegative, TakeString());
    }

    private StringNode TakeString()
    {
        if (Tokens.Current.Kind is not (TokenKind.String or TokenKind.RawString)) throw Tokens.Unexpected();
        return new StringNode(Tokens.Take(), Tokens.Text);
    }

    private TokenKind TakeComparison()
    {
        if (Tokens.Current.Kind is not (>= TokenKind.Equal and <= TokenKind.GreaterOrEqual)) throw Tokens.Unexpected();
        return Tokens.Take().Kind;
    }

    /// <summary>The operator with its sides exchanged.</summary>
    public static TokenKind Mirror(TokenKind op) => op switch
    {
        TokenKind.Less => TokenKind.Greater,
        TokenKind.LessOrEqual => TokenKind.GreaterOrEqual,
        TokenKind.Greater => TokenKind.Less,
        TokenKind.GreaterOrEqual => TokenKind.LessOrEqual,
        _ => op,
    };
}
