using Milvus.Expressions.Columns;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>What a part of an expression turned out to be.</summary>
internal abstract record Operand(SyntaxNode Node)
{
    /// <summary>The type's name as errors show it.</summary>
    public abstract string TypeName { get; }
}

/// <param name="Template">The name of the template variable it came from, null for a literal.</param>
internal sealed record ConstantOperand(SyntaxNode Node, Literal Value, string? Template = null) : Operand(Node)
{
    public override string TypeName => Literals.TypeName(Value);
}

internal sealed record ColumnOperand(SyntaxNode Node, ColumnRef Column) : Operand(Node)
{
    public override string TypeName => Literals.TypeName(Column.Type);
}

/// <summary>column op constant.</summary>
internal sealed record ArithmeticOperand(SyntaxNode Node, ColumnRef Column, ArithmeticOp Op, Literal Right) : Operand(Node)
{
    public override string TypeName =>
        Column.IsJson ? "JSON" : Column.Type.IsFloating() ? "Double" : "Int64";
}

/// <summary>constant op column, where the two may not be exchanged: nothing can be done with it.</summary>
/// <param name="TypeName">As of the same operation the other way round.</param>
internal sealed record ReversedOperand(SyntaxNode Node, TokenKind Op, string TypeName) : Operand(Node)
{
    public override string TypeName { get; } = TypeName;

    public FilterError Refusal => new($"{ConstantFolding.Spelling(Op)} field is not yet supported");
}

internal sealed record LengthOperand(SyntaxNode Node, ColumnRef Column) : Operand(Node)
{
    public override string TypeName => "Int64";
}

internal sealed record PredicateOperand(SyntaxNode Node, Predicate Predicate) : Operand(Node)
{
    public override string TypeName => "Bool";
}
