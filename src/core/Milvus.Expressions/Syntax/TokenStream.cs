namespace Milvus.Expressions.Syntax;

/// <summary>The tokens of one expression with a reading position.</summary>
internal sealed class TokenStream(string text)
{
    private readonly List<Token> _tokens = Lexer.Tokenize(text);
    private int _at;

    public string Text { get; } = text;

    public Token Current => _tokens[_at];

    /// <summary>The token taken last.</summary>
    public Token Previous => _tokens[_at - 1];

    /// <summary>The token <paramref name="ahead"/> places behind the current one; the end repeats.</summary>
    public Token Peek(int ahead) => _tokens[Math.Min(_at + ahead, _tokens.Count - 1)];

    /// <summary>The current token; moves on, but never past the end.</summary>
    public Token Take()
    {
        var token = _tokens[_at];
        if (token.Kind != TokenKind.End) _at++;
        return token;
    }

    public Token Expect(TokenKind kind, string spelled)
    {
        if (Current.Kind == kind) return Take();
        var (line, column) = SourcePosition.Of(Text, Current.Start);
        throw new FilterError($"line {line}:{column} mismatched input '{Describe(Current)}' expecting {spelled}");
    }

    public ReadOnlySpan<char> TextOf(Token token) => Text.AsSpan(token.Start, token.Length);

    public FilterError Unexpected() => Unexpected(Current);

    public FilterError Unexpected(Token token)
    {
        var (line, column) = SourcePosition.Of(Text, token.Start);
        return new FilterError($"line {line}:{column} no viable alternative at input '{Describe(token)}'");
    }

    private string Describe(Token token) => token.Kind == TokenKind.End ? "<EOF>" : TextOf(token).ToString();
}
