using System.Collections.Immutable;

namespace Milvus.Expressions.Syntax;

/// <summary>A parsed expression, names not yet resolved. <see cref="Depth"/> bounds the recursion of everything that walks it.</summary>
internal abstract class SyntaxNode(int start, int end, int depth)
{
    /// <summary>Position of the first character in the expression.</summary>
    public int Start { get; } = start;

    /// <summary>Position behind the last character.</summary>
    public int End { get; } = end;

    public int Depth { get; } = depth;
}

internal sealed class NumberNode(Token token, Milvus.Model.Literal value) : SyntaxNode(token.Start, token.End, 1)
{
    public Milvus.Model.Literal Value { get; } = value;
}

internal sealed class BooleanNode(Token token, bool value) : SyntaxNode(token.Start, token.End, 1)
{
    public bool Value { get; } = value;
}

/// <summary>A string, still as written: what its escapes mean depends on where it stands.</summary>
internal sealed class StringNode(Token token, string source) : SyntaxNode(token.Start, token.End, 1)
{
    public string Value => token.Kind == TokenKind.RawString ? StringLiterals.Raw(Text) : StringLiterals.Unquote(Text);

    public string Pattern => token.Kind == TokenKind.RawString ? StringLiterals.Raw(Text) : StringLiterals.Pattern(Text);

    private ReadOnlySpan<char> Text => source.AsSpan(token.Start, token.Length);
}

internal sealed class NameNode(Token token, string name) : SyntaxNode(token.Start, token.End, 1)
{
    public string Name { get; } = name;
}

/// <summary>One step of a path: a key, or a position that doubles as the key of its digits.</summary>
internal readonly record struct PathStep(string Key, bool IsQuoted);

internal sealed class JsonAccessNode(Token token, string name, ImmutableArray<PathStep> path) : SyntaxNode(token.Start, token.End, 1)
{
    public string Name { get; } = name;

    public ImmutableArray<PathStep> Path { get; } = path;
}

/// <summary><c>s[sub]</c>, <c>s[3][sub]</c> or, without a name, <c>$[sub]</c>.</summary>
internal sealed class StructAccessNode(Token token, string text) : SyntaxNode(token.Start, token.End, 1)
{
    public TokenKind Kind => token.Kind;

    public string Text { get; } = text;

    /// <summary>The struct's name; <c>$</c> for an element reference.</summary>
    public string Name => Text[..Text.IndexOf('[')];

    /// <summary>The sub-field's name.</summary>
    public string Sub => Text[(Text.LastIndexOf('[') + 1)..^1];

    /// <summary>The digits of the element's position; empty when there are none.</summary>
    public string Position => Kind == TokenKind.StructElement ? Text[(Text.IndexOf('[') + 1)..Text.IndexOf(']')] : "";
}

internal sealed class TemplateNode(int start, int end, string name) : SyntaxNode(start, end, 1)
{
    public string Name { get; } = name;
}

internal sealed class ListNode(int start, int end, ImmutableArray<SyntaxNode> items) : SyntaxNode(start, end, 1 + items.Select(i => i.Depth).DefaultIfEmpty().Max())
{
    public ImmutableArray<SyntaxNode> Items { get; } = items;
}

internal sealed class UnaryNode(Token op, SyntaxNode operand) : SyntaxNode(op.Start, operand.End, operand.Depth + 1)
{
    public TokenKind Operator => op.Kind;

    public SyntaxNode Operand { get; } = operand;
}

internal sealed class BinaryNode(TokenKind op, SyntaxNode left, SyntaxNode right)
    : SyntaxNode(left.Start, right.End, 1 + Math.Max(left.Depth, right.Depth))
{
    public TokenKind Operator { get; } = op;

    public SyntaxNode Left { get; } = left;

    public SyntaxNode Right { get; } = right;
}

/// <summary>A chain of <c>and</c> or of <c>or</c>, however long, as one node.</summary>
internal sealed class LogicalNode(TokenKind op, List<SyntaxNode> operands)
    : SyntaxNode(operands[0].Start, operands[^1].End, 1 + operands.Max(o => o.Depth))
{
    public TokenKind Operator { get; } = op;

    public IReadOnlyList<SyntaxNode> Operands { get; } = operands;
}

/// <param name="written">Where the list stands, with the parentheses around it.</param>
internal sealed class MembershipNode(SyntaxNode operand, SyntaxNode list, Range written, bool negated)
    : SyntaxNode(operand.Start, list.End, 1 + Math.Max(operand.Depth, list.Depth))
{
    public SyntaxNode Operand { get; } = operand;

    public SyntaxNode List { get; } = list;

    public Range Written { get; } = written;

    public bool IsNegated { get; } = negated;
}

/// <summary><c>low op target op high</c> as written; both operators point the same way.</summary>
internal sealed class ChainNode(SyntaxNode first, TokenKind firstOp, SyntaxNode target, TokenKind secondOp, SyntaxNode second)
    : SyntaxNode(first.Start, second.End, 1 + Math.Max(first.Depth, second.Depth))
{
    public SyntaxNode First { get; } = first;

    public TokenKind FirstOperator { get; } = firstOp;

    public SyntaxNode Target { get; } = target;

    public TokenKind SecondOperator { get; } = secondOp;

    public SyntaxNode Second { get; } = second;
}

internal sealed class NullTestNode(SyntaxNode target, Token test) : SyntaxNode(target.Start, test.End, 2)
{
    public SyntaxNode Target { get; } = target;

    public bool IsNull => test.Kind == TokenKind.IsNull;
}

/// <summary><c>field [± interval 'P…'] op iso '…'</c>; the mirrored form is turned around.</summary>
internal sealed class TimeComparisonNode(int start, int end, NameNode field, TokenKind op, StringNode time, TimeShift? shift)
    : SyntaxNode(start, end, 2)
{
    public NameNode Field { get; } = field;

    public TokenKind Operator { get; } = op;

    public StringNode Time { get; } = time;

    public TimeShift? Shift { get; } = shift;
}

/// <summary><c>+ interval '…'</c> or <c>- interval '…'</c> behind a field.</summary>
internal sealed record TimeShift(bool IsNegative, StringNode Interval);

/// <summary>A function call; <paramref name="named"/> is the integer behind <c>name =</c>.</summary>
internal sealed class CallNode(Token function, int end, string name, ImmutableArray<SyntaxNode> arguments, NumberNode? named)
    : SyntaxNode(function.Start, end, 1 + arguments.Select(a => a.Depth).DefaultIfEmpty().Max())
{
    public TokenKind Function => function.Kind;

    public string Name { get; } = name;

    public ImmutableArray<SyntaxNode> Arguments { get; } = arguments;

    public long? Named => named?.Value is Milvus.Model.Literal.Int i ? i.Value : null;
}
