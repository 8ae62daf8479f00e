using Milvus.Expressions.Json;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Arithmetic and comparison between constants.</summary>
internal static class ConstantFolding
{
    public static Literal Negate(Literal value) => value switch
    {
        Literal.Int { Value: not long.MinValue } i => new Literal.Int(-i.Value),
        Literal.Int => throw Overflow(),
        Literal.Float f => new Literal.Float(-f.Value),
        _ => throw new FilterError("unary minus can only be applied on numbers"),
    };

    public static Literal Arithmetic(TokenKind op, Literal left, Literal right)
    {
        if (!Literals.IsNumber(left) || !Literals.IsNumber(right)) throw new FilterError($"'{Spelling(op)}' can only be used between integer or floating expressions");
        if (op is TokenKind.Slash or TokenKind.Percent && IsZero(right)) throw new FilterError("division or modulus by zero");
        if (left is Literal.Int a && right is Literal.Int b) return Integers(op, a.Value, b.Value);
        var (x, y) = (Literals.ToDouble(left), Literals.ToDouble(right));
        var value = op switch
        {
            TokenKind.Plus => x + y,
            TokenKind.Minus => x - y,
            TokenKind.Star => x * y,
            TokenKind.Slash => x / y,
            TokenKind.Power => Math.Pow(x, y),
            TokenKind.Percent => throw new FilterError("modulo can only apply on integer types"),
            _ => throw new FilterError($"'{Spelling(op)}' can only be used between integers"),
        };
        return double.IsFinite(value) ? new Literal.Float(value) : throw Overflow();
    }

    public static bool IsZero(Literal value) => Literals.ToDouble(value) == 0;

    public static bool Compare(CompareOp op, Literal left, Literal right)
    {
        switch (left, right)
        {
            case (Literal.Bool a, Literal.Bool b):
                return op.Holds(a.Value.CompareTo(b.Value));
            case (Literal.Text a, Literal.Text b):
                return op.Holds(Literals.ToUtf8(a).AsSpan().SequenceCompareTo(Literals.ToUtf8(b)));
            default:
                if (!Literals.IsNumber(left) || !Literals.IsNumber(right))
                    throw new FilterError($"comparison operations cannot be applied to two incompatible operands: {Literals.Describe(left)}, {Literals.Describe(right)}");
                return op.Holds(Number(left).CompareTo(Number(right)));
        }
    }

    public static JsonNumber Number(Literal value) => value is Literal.Int i ? new JsonNumber(i.Value) : new JsonNumber(((Literal.Float)value).Value);

    public static string Spelling(TokenKind op) => op switch
    {
        TokenKind.Plus => "add",
        TokenKind.Minus => "subtract",
        TokenKind.Star => "multiply",
        TokenKind.Slash => "divide",
        TokenKind.Percent => "modulo",
        TokenKind.Power => "power",
        TokenKind.Ampersand => "bitwise and",
        TokenKind.Bar => "bitwise or",
        TokenKind.Caret => "bitwise xor",
        _ => "arithmetic",
    };

    private static Literal Integers(TokenKind op, long a, long b)
    {
        try
        {
            return op switch
            {
                TokenKind.Plus => new Literal.Int(checked(a + b)),
                TokenKind.Minus => new Literal.Int(checked(a - b)),
                TokenKind.Star => new Literal.Int(checked(a * b)),
                TokenKind.Slash => new Literal.Int(checked(a / b)),
                TokenKind.Percent => new Literal.Int(b == -1 ? 0 : a % b),
                TokenKind.Ampersand => new Literal.Int(a & b),
                TokenKind.Bar => new Literal.Int(a | b),
                TokenKind.Caret => new Literal.Int(a ^ b),
                _ => Power(a, b),
            };
        }
        catch (OverflowException)
        {
            throw Overflow();
        }
    }

    /// <summary>Stays an integer while it fits.</summary>
    private static Literal Power(long value, long exponent)
    {
        var real = Math.Pow(value, exponent);
        if (exponent >= 0 && Math.Abs(real) < 9.3e18)
        {
            if (value is 0 or 1 or -1) return new Literal.Int(exponent == 0 ? 1 : value == -1 && exponent % 2 == 0 ? 1 : value);
            // |value| ≥ 2, so the exponent is below 64.
            Int128 exact = 1;
            for (var i = 0; i < exponent; i++) exact *= value;
            if (exact >= long.MinValue && exact <= long.MaxValue) return new Literal.Int((long)exact);
        }
        return double.IsFinite(real) ? new Literal.Float(real) : throw Overflow();
    }

    private static FilterError Overflow() => new("constant expression is out of range");
}
