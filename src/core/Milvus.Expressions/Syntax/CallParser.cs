using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Expressions.Syntax;

/// <summary>Function calls: each built-in has its own shape of arguments, other names take any.</summary>
internal sealed class CallParser(Parser parser)
{
    private TokenStream Tokens => parser.Tokens;

    public CallNode Parse()
    {
        var function = Tokens.Take();
        var name = Tokens.TextOf(function).ToString();
        Tokens.Expect(TokenKind.OpenParen, "'('");
        NumberNode? named = null;
        ImmutableArray<SyntaxNode> arguments;
        switch (function.Kind)
        {
            case TokenKind.TextMatch:
                arguments = [FieldName(), Next()];
                if (Tokens.Current.Kind == TokenKind.Comma) named = Named(TokenKind.MinimumShouldMatch, "minimum_should_match");
                break;
            case TokenKind.TextMatchFuzzy:
                arguments = [FieldName(), Next()];
                named = Named(TokenKind.Identifier, "max_edit_distance");
                break;
            case TokenKind.PhraseMatch:
                arguments = [FieldName(), Next()];
                if (Tokens.Current.Kind == TokenKind.Comma) arguments = arguments.Add(Next());
                break;
            case TokenKind.RandomSample:
                arguments = [parser.ParseExpression()];
                break;
            case TokenKind.ElementFilter or TokenKind.MatchAll or TokenKind.MatchAny or TokenKind.Spatial:
                arguments = [FieldName(), Next()];
                break;
            case TokenKind.MatchLeast or TokenKind.MatchMost or TokenKind.MatchExact:
                arguments = [FieldName(), Next()];
                named = Named(TokenKind.Threshold, "threshold");
                break;
            case TokenKind.SpatialWithin:
                arguments = [FieldName(), Next(), Next()];
                break;
            case TokenKind.SpatialIsValid:
                arguments = [FieldName()];
                break;
            case TokenKind.ArrayLength:
                if (Tokens.Current.Kind is not (TokenKind.Identifier or TokenKind.JsonAccess or TokenKind.StructColumn)) Tokens.Expect(TokenKind.Identifier, "{Identifier, JSONIdentifier, StructSubFieldIdentifier}");
                arguments = [parser.ParseReference()];
                break;
            case TokenKind.Contains or TokenKind.ContainsAll or TokenKind.ContainsAny:
                arguments = [parser.ParseExpression(), Next()];
                break;
            default:
                arguments = parser.ParseItems(TokenKind.CloseParen, "')'");
                return new CallNode(function, Tokens.Previous.End, name, arguments, null);
        }
        Tokens.Expect(TokenKind.CloseParen, "')'");
        return new CallNode(function, Tokens.Previous.End, name, arguments, named);
    }

    private SyntaxNode FieldName() => Tokens.Current.Kind == TokenKind.Identifier ? parser.ParseReference() : throw Tokens.Unexpected();

    private SyntaxNode Next()
    {
        Tokens.Expect(TokenKind.Comma, "','");
        return parser.ParseExpression();
    }

    /// <summary><c>, name = integer</c></summary>
    private NumberNode Named(TokenKind kind, string spelled)
    {
        Tokens.Expect(TokenKind.Comma, "','");
        if (Tokens.Current.Kind == kind && kind == TokenKind.Identifier && !Tokens.TextOf(Tokens.Current).SequenceEqual(spelled)) throw Tokens.Unexpected();
        Tokens.Expect(kind, $"'{spelled}'");
        Tokens.Expect(TokenKind.Assign, "'='");
        var number = Tokens.Expect(TokenKind.Integer, "integer");
        return new NumberNode(number, new Literal.Int(NumberLiterals.ParseInteger(Tokens.TextOf(number))));
    }
}
