using Milvus.Expressions.Columns;
using Milvus.Expressions.Json;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Arithmetic: between constants it is folded, with a column it has one shape: column op constant, to be compared.</summary>
internal static class ArithmeticPlanner
{
    public static Operand Plan(BinaryNode node, Operand left, Operand right)
    {
        var op = node.Operator;
        if (op is TokenKind.ShiftLeft or TokenKind.ShiftRight) throw new FilterError("shift operators are not supported");
        if (left is ConstantOperand a && right is ConstantOperand b)
        {
            if (a.Template is not null || b.Template is not null)
                throw new FilterError($"placeholder was not supported between two constants with operator: {ConstantFolding.Spelling(op)}");
            return new ConstantOperand(node, ConstantFolding.Arithmetic(op, a.Value, b.Value));
        }
        if (op == TokenKind.Power) throw new FilterError("power can only apply on constants");
        var arithmetic = Operator(op);
        switch (left, right)
        {
            case (ColumnOperand c, ConstantOperand k):
                return WithConstant(node, c.Column, arithmetic, k.Value);
            case (ConstantOperand k, ColumnOperand c):
                var exchanged = WithConstant(node, c.Column, arithmetic, k.Value);
                return arithmetic is ArithmeticOp.Add or ArithmeticOp.Multiply ? exchanged : new ReversedOperand(node, op, exchanged.TypeName);
            case (ColumnOperand, ColumnOperand):
                throw new FilterError("not supported to do arithmetic operations between multiple fields");
            case (ArithmeticOperand or ReversedOperand or LengthOperand, _) or (_, ArithmeticOperand or ReversedOperand or LengthOperand):
                throw new FilterError("complicated arithmetic operations are not supported");
            default:
                throw new FilterError($"'{ConstantFolding.Spelling(op)}' can only be used between integer or floating or json field expressions");
        }
    }

    public static Predicate Compare(CompareOp op, ArithmeticOperand left, Literal constant)
    {
        if (op == CompareOp.NotEqual) return new NotPredicate(Compare(CompareOp.Equal, left, constant));
        var column = left.Column;
        if (column.IsJson)
        {
            if (!Literals.IsNumber(constant)) throw new FilterError($"comparisons between JSON arithmetic and {Literals.TypeName(constant)} are not supported");
            var test = new JsonArithmeticTest(left.Op, Operand(left.Right), op, Operand(constant));
            return new JsonLeaf(column, test, $"{left.Op.Text()} {left.Right} {op.Text()} {constant}");
        }
        if (!Literals.AreComparable(column.Type, constant))
            throw new FilterError($"comparisons between {left.TypeName} and {Literals.TypeName(constant)} are not supported");
        if (column.Type.IsInteger() && left.Right is Literal.Int)
        {
            if (constant is not Literal.Int value) throw Literals.CannotCast(constant, DataType.Int64);
            var (low, high) = ComparisonPlanner.IntegerBounds(op, value.Value);
            return IntegerArithmetic.Build(column, left.Op, ((Literal.Int)left.Right).Value, low, high);
        }
        var (least, most) = ComparisonPlanner.FloatBounds(op, column.Type.IsInteger() ? DataType.Double : column.Type, constant);
        if (!(least <= most)) return new KnownLeaf(column, false);
        var operand = Literals.ToDouble(left.Right);
        return column.Type == DataType.Float
            ? new FloatArithmeticLeaf<float>(column, left.Op, (float)operand, (float)least, (float)most)
            : new FloatArithmeticLeaf<double>(column, left.Op, operand, least, most);
    }

    private static JsonOperand Operand(Literal literal) => new(ConstantFolding.Number(literal), literal is Literal.Int);

    private static ArithmeticOperand WithConstant(SyntaxNode node, ColumnRef column, ArithmeticOp op, Literal constant)
    {
        var name = op.IsBitwise() ? "bitwise operations" : $"'{op.Text()}'";
        if (column.IsWholeArray) throw new FilterError($"{name} can not be applied on a whole array field");
        var numeric = column.Type.IsNumeric() || column.IsJson;
        if (!numeric || !Literals.IsNumber(constant))
            throw new FilterError($"{name} can only be used between integer or floating or json field expressions");
        // An element of an array becomes a real number beside one; a field of integers does not.
        if (column.Type.IsInteger() && column.ElementIndex < 0 && constant is not Literal.Int) throw Literals.CannotCast(constant, DataType.Int64);
        if (op.IsIntegral() && (column.Type.IsFloating() || constant is not Literal.Int))
            throw new FilterError(op == ArithmeticOp.Modulo ? "modulo can only apply on integer types" : "bitwise operations can only apply on integer types");
        if (op is ArithmeticOp.Divide or ArithmeticOp.Modulo && IsZero(column, constant)) throw new FilterError("division or modulus by zero");
        return new ArithmeticOperand(node, column, op, constant);
    }

    /// <summary>Zero in the precision that will divide.</summary>
    private static bool IsZero(ColumnRef column, Literal constant) =>
        column.Type == DataType.Float ? (float)Literals.ToDouble(constant) == 0 : ConstantFolding.IsZero(constant);

    private static ArithmeticOp Operator(TokenKind op) => op switch
    {
        TokenKind.Plus => ArithmeticOp.Add,
        TokenKind.Minus => ArithmeticOp.Subtract,
        TokenKind.Star => ArithmeticOp.Multiply,
        TokenKind.Slash => ArithmeticOp.Divide,
        TokenKind.Percent => ArithmeticOp.Modulo,
        TokenKind.Ampersand => ArithmeticOp.BitAnd,
        TokenKind.Bar => ArithmeticOp.BitOr,
        _ => ArithmeticOp.BitXor,
    };
}
