using Milvus.Model;

namespace Milvus.Expressions.Syntax;

/// <summary>Splits an expression into tokens, always the longest that fits. Linear in the text's length.</summary>
internal ref struct Lexer(string text)
{
    private readonly string _text = text;
    private int _at;

    public static List<Token> Tokenize(string text)
    {
        var lexer = new Lexer(text);
        var tokens = new List<Token>(Math.Min(text.Length / 3 + 4, 4096));
        Token token;
        do
        {
            token = lexer.Next();
            tokens.Add(token);
        }
        while (token.Kind != TokenKind.End);
        return tokens;
    }

    private Token Next()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n') _at++;
        if (_at >= _text.Length) return new Token(TokenKind.End, _text.Length, 0);
        var start = _at;
        var c = _text[start];
        var kind = c switch
        {
            '"' or '\'' => ScanString(raw: false),
            'r' or 'R' when Peek(1) is '"' or '\'' => ScanRawString(),
            _ when IsIdentifierStart(c) => ScanWord(),
            '$' => ScanDollar(),
            _ when char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))) => ScanNumber(),
            _ => ScanSymbol(c),
        };
        return new Token(kind, start, _at - start);
    }

    private readonly char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private static bool IsIdentifierStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsIdentifierPart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private readonly int EndOfIdentifier(int at)
    {
        while (at < _text.Length && IsIdentifierPart(_text[at])) at++;
        return at;
    }

    private TokenKind ScanWord()
    {
        var end = EndOfIdentifier(_at);
        var word = _text.AsSpan(_at, end - _at);
        if (word is "is" or "IS" && ScanNullTest(end, upper: word[0] == 'I') is { } test) return test;
        var kind = Keywords.Classify(word);
        _at = end;
        return kind == TokenKind.Identifier ? ScanAccess() : kind;
    }

    /// <summary><c>is null</c> and <c>is not null</c> are one token each, with single blanks and one casing.</summary>
    private TokenKind? ScanNullTest(int end, bool upper)
    {
        var rest = _text.AsSpan(end);
        var (isNull, isNotNull) = upper ? (" NULL", " NOT NULL") : (" null", " not null");
        if (rest.StartsWith(isNotNull, StringComparison.Ordinal))
        {
            _at = end + isNotNull.Length;
            return TokenKind.IsNotNull;
        }
        if (rest.StartsWith(isNull, StringComparison.Ordinal))
        {
            _at = end + isNull.Length;
            return TokenKind.IsNull;
        }
        return null;
    }

    private TokenKind ScanDollar()
    {
        if (Peek(1) == '[')
        {
            var end = EndOfSubField(_at + 1);
            if (end > 0)
            {
                _at = end;
                return TokenKind.ElementReference;
            }
        }
        if (_text.AsSpan(_at).StartsWith(FieldIds.NamespaceName, StringComparison.Ordinal))
        {
            _at += FieldIds.NamespaceName.Length;
            return ScanAccess();
        }
        if (_text.AsSpan(_at).StartsWith("$meta", StringComparison.Ordinal))
        {
            _at += 5;
            return ScanAccess();
        }
        throw Unrecognized();
    }

    /// <summary>Behind a name: the brackets that belong to its token.</summary>
    private TokenKind ScanAccess()
    {
        var kind = TokenKind.Identifier;
        var only = true;
        while (Peek(0) == '[')
        {
            var end = EndOfKey(_at);
            if (end < 0) break;
            only = kind == TokenKind.Identifier && char.IsAsciiDigit(_text[_at + 1]);
            _at = end;
            kind = TokenKind.JsonAccess;
        }
        if (Peek(0) != '[' || !only) return kind;
        var sub = EndOfSubField(_at);
        if (sub < 0) return kind;
        _at = sub;
        return kind == TokenKind.Identifier ? TokenKind.StructColumn : TokenKind.StructElement;
    }

    /// <summary>The end of <c>["key"]</c> or <c>[123]</c> at <paramref name="at"/>, or −1.</summary>
    private readonly int EndOfKey(int at)
    {
        at++;
        if (at >= _text.Length) return -1;
        var c = _text[at];
        if (c is '"' or '\'') at = EndOfString(at, c);
        else if (c is 'r' or 'R' && at + 1 < _text.Length && _text[at + 1] is '"' or '\'') at = EndOfString(at + 1, _text[at + 1]);
        else if (c == '0') at++;
        else if (char.IsAsciiDigit(c))
            while (at < _text.Length && char.IsAsciiDigit(_text[at])) at++;
        else return -1;
        return at > 0 && at < _text.Length && _text[at] == ']' ? at + 1 : -1;
    }

    /// <summary>The end of <c>[name]</c> at <paramref name="at"/>, or −1.</summary>
    private readonly int EndOfSubField(int at)
    {
        at++;
        if (at >= _text.Length || !IsIdentifierStart(_text[at])) return -1;
        at = EndOfIdentifier(at);
        return at < _text.Length && _text[at] == ']' ? at + 1 : -1;
    }

    private TokenKind ScanString(bool raw)
    {
        var end = EndOfString(_at, _text[_at]);
        if (end < 0) throw Unrecognized();
        _at = end;
        return raw ? TokenKind.RawString : TokenKind.String;
    }

    private TokenKind ScanRawString()
    {
        _at++;
        return ScanString(raw: true);
    }

    /// <summary>The position behind the closing quote, or −1. A backslash keeps the next character from closing.</summary>
    private readonly int EndOfString(int at, char quote)
    {
        for (at++; at < _text.Length; at++)
        {
            var c = _text[at];
            if (c == quote) return at + 1;
            if (c is '\n' or '\r') return -1;
            if (c == '\\') at++;
        }
        return -1;
    }

    private TokenKind ScanNumber()
    {
        var end = NumberLiterals.Measure(_text.AsSpan(_at), out var isFloat);
        _at += end;
        return isFloat ? TokenKind.Float : TokenKind.Integer;
    }

    private TokenKind ScanSymbol(char c)
    {
        var next = Peek(1);
        var (kind, length) = (c, next) switch
        {
            ('=', '=') => (TokenKind.Equal, 2),
            ('=', '~') => (TokenKind.RegexMatch, 2),
            ('=', _) => (TokenKind.Assign, 1),
            ('!', '=') => (TokenKind.NotEqual, 2),
            ('!', '~') => (TokenKind.RegexNotMatch, 2),
            ('!', _) => (TokenKind.Bang, 1),
            ('<', '=') => (TokenKind.LessOrEqual, 2),
            ('<', '<') => (TokenKind.ShiftLeft, 2),
            ('<', _) => (TokenKind.Less, 1),
            ('>', '=') => (TokenKind.GreaterOrEqual, 2),
            ('>', '>') => (TokenKind.ShiftRight, 2),
            ('>', _) => (TokenKind.Greater, 1),
            ('*', '*') => (TokenKind.Power, 2),
            ('*', _) => (TokenKind.Star, 1),
            ('&', '&') => (TokenKind.And, 2),
            ('&', _) => (TokenKind.Ampersand, 1),
            ('|', '|') => (TokenKind.Or, 2),
            ('|', _) => (TokenKind.Bar, 1),
            ('+', _) => (TokenKind.Plus, 1),
            ('-', _) => (TokenKind.Minus, 1),
            ('/', _) => (TokenKind.Slash, 1),
            ('%', _) => (TokenKind.Percent, 1),
            ('^', _) => (TokenKind.Caret, 1),
            ('~', _) => (TokenKind.Tilde, 1),
            ('(', _) => (TokenKind.OpenParen, 1),
            (')', _) => (TokenKind.CloseParen, 1),
            ('[', _) => (TokenKind.OpenBracket, 1),
            (']', _) => (TokenKind.CloseBracket, 1),
            ('{', _) => (TokenKind.OpenBrace, 1),
            ('}', _) => (TokenKind.CloseBrace, 1),
            (',', _) => (TokenKind.Comma, 1),
            _ => throw Unrecognized(),
        };
        _at += length;
        return kind;
    }

    private readonly FilterError Unrecognized()
    {
        var (line, column) = SourcePosition.Of(_text, _at);
        var length = Math.Min(_text.Length - _at, 32);
        return new FilterError($"line {line}:{column} token recognition error at: '{_text.Substring(_at, length)}'");
    }
}

internal static class SourcePosition
{
    /// <summary>Line from 1 and column from 0.</summary>
    public static (int Line, int Column) Of(string text, int at)
    {
        var before = text.AsSpan(0, Math.Min(at, text.Length));
        return (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n') - 1);
    }
}
