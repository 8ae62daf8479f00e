using Milvus.Expressions.Columns;
using Milvus.Expressions.Json;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Comparisons: column with constant, column with column, chained ranges. Reduces order to intervals.</summary>
internal static class ComparisonPlanner
{
    public static Operand Plan(CompareOp op, Operand left, Operand right, Syntax.SyntaxNode node)
    {
        switch (left, right)
        {
            case (ConstantOperand a, ConstantOperand b):
                if (a.Template is not null || b.Template is not null)
                    throw new FilterError($"placeholder was not supported between two constants with operator: {op.Text()}");
                return new ConstantOperand(node, new Literal.Bool(ConstantFolding.Compare(op, a.Value, b.Value)));
            case (ConstantOperand, not ConstantOperand):
                return Plan(op.Mirror(), right, left, node);
            case (ColumnOperand a, ConstantOperand b):
                return new PredicateOperand(node, WithConstant(op, a.Column, b.Value));
            case (ReversedOperand a, ConstantOperand):
                throw a.Refusal;
            case (ArithmeticOperand a, ConstantOperand b):
                return new PredicateOperand(node, ArithmeticPlanner.Compare(op, a, b.Value));
            case (LengthOperand a, ConstantOperand b):
                return new PredicateOperand(node, Length(op, a.Column, b.Value));
            case (ColumnOperand a, ColumnOperand b):
                return new PredicateOperand(node, Columns(op, a.Column, b.Column));
            case (ArithmeticOperand or ReversedOperand or ColumnOperand, ArithmeticOperand or ReversedOperand or ColumnOperand):
                throw new FilterError("not supported to do arithmetic operations between multiple fields");
            default:
                throw new FilterError($"comparisons between {left.TypeName} and {right.TypeName} are not supported");
        }
    }

    public static Predicate WithConstant(CompareOp op, ColumnRef column, Literal value)
    {
        if (op == CompareOp.NotEqual) return new NotPredicate(WithConstant(CompareOp.Equal, column, value));
        if (column.IsWholeArray) return WholeArray(op, column, value);
        if (column.IsJson) return JsonComparison(op, column, value);
        if (!Literals.AreComparable(column.Type, value))
            throw new FilterError($"comparisons between {Literals.TypeName(column.Type)} and {Literals.TypeName(value)} are not supported");
        if (!Literals.Fits(value, column.Type)) throw Literals.CannotCast(value, column.Type);
        IReadOnlyList<Literal>? equalTo = op == CompareOp.Equal ? [value] : null;
        return Scalar(op, column, value) with { EqualTo = equalTo };
    }

    /// <summary>Low op column op high, with constants that need not be given in order.</summary>
    public static Predicate Range(ColumnRef column, Literal low, bool lowInclusive, Literal high, bool highInclusive)
    {
        if (column.IsWholeArray) throw new FilterError("can not comparisons array fields directly");
        if (column.Type == DataType.Bool || low is Literal.Bool || high is Literal.Bool) throw new FilterError("invalid range operations on boolean expr");
        foreach (var value in (Literal[])[low, high])
        {
            if (column.Type == DataType.Timestamptz && value is Literal.Int) continue;
            if (!Literals.AreComparable(column.Type, value))
                throw new FilterError($"comparisons between {Literals.TypeName(column.Type)} and {Literals.TypeName(value)} are not supported");
            if (!Literals.Fits(value, column.Type)) throw Literals.CannotCast(value, column.Type);
        }
        if (low is Literal.List || high is Literal.List || low is Literal.Text != high is Literal.Text)
            throw new FilterError($"invalid range operations: bounds of type {Literals.TypeName(low)} and {Literals.TypeName(high)}");
        if (ConstantFolding.Compare(lowInclusive && highInclusive ? CompareOp.Greater : CompareOp.GreaterOrEqual, low, high))
            throw new FilterError("invalid range: lowerbound is greater than upperbound");
        if (column.IsJson)
        {
            var text = $"between {low} and {high}";
            return low is Literal.Text
                ? new JsonLeaf(column, new JsonTextTest(new TextInterval(Literals.ToUtf8(low), lowInclusive, Literals.ToUtf8(high), highInclusive)), text)
                : new JsonLeaf(column, new JsonNumberTest(ConstantFolding.Number(low), lowInclusive, ConstantFolding.Number(high), highInclusive), text);
        }
        if (low is Literal.Text) return new TextIntervalLeaf(column, new TextInterval(Literals.ToUtf8(low), lowInclusive, Literals.ToUtf8(high), highInclusive));
        var above = lowInclusive ? CompareOp.GreaterOrEqual : CompareOp.Greater;
        var below = highInclusive ? CompareOp.LessOrEqual : CompareOp.Less;
        if (column.Type.IsFloating())
            return Intervals.OfFloats(column, FloatBounds(above, column.Type, low).Low, FloatBounds(below, column.Type, high).High);
        return Intervals.OfIntegers(column, IntegerBounds(above, ((Literal.Int)low).Value).Low, IntegerBounds(below, ((Literal.Int)high).Value).High);
    }

    /// <summary>The inclusive interval of integers for which the comparison holds; not for NotEqual.</summary>
    public static (Int128 Low, Int128 High) IntegerBounds(CompareOp op, Int128 value) => op switch
    {
        CompareOp.Equal => (value, value),
        CompareOp.Less => (-IntegerArithmetic.Unbounded, value - 1),
        CompareOp.LessOrEqual => (-IntegerArithmetic.Unbounded, value),
        CompareOp.Greater => (value + 1, IntegerArithmetic.Unbounded),
        _ => (value, IntegerArithmetic.Unbounded),
    };

    /// <summary>
    /// The inclusive interval of the column's floats for which the comparison holds; low &gt; high when there is none. The constant first
    /// takes the column's precision, so that <c>f == 0.1</c> finds the float nearest to 0.1.
    /// </summary>
    public static (double Low, double High) FloatBounds(CompareOp op, DataType type, Literal literal)
    {
        var value = Literals.ToDouble(literal);
        var single = type == DataType.Float;
        if (single) value = (float)value;
        var none = (1.0, 0.0);
        return op switch
        {
            CompareOp.Equal => (value, value),
            CompareOp.Less when value == double.NegativeInfinity => none,
            CompareOp.Less => (double.NegativeInfinity, single ? MathF.BitDecrement((float)value) : Math.BitDecrement(value)),
            CompareOp.LessOrEqual => (double.NegativeInfinity, value),
            CompareOp.Greater when value == double.PositiveInfinity => none,
            CompareOp.Greater => (single ? MathF.BitIncrement((float)value) : Math.BitIncrement(value), double.PositiveInfinity),
            _ => (value, double.PositiveInfinity),
        };
    }

    private static Leaf Scalar(CompareOp op, ColumnRef column, Literal value)
    {
        switch (value)
        {
            case Literal.Text:
                return new TextIntervalLeaf(column, TextBounds(op, value));
            case Literal.Bool b:
                var (l, h) = IntegerBounds(op, b.Value ? 1 : 0);
                return Intervals.OfIntegers(column, l, h);
        }
        if (column.Type.IsFloating())
        {
            var (low, high) = FloatBounds(op, column.Type, value);
            return Intervals.OfFloats(column, low, high);
        }
        var (least, most) = IntegerBounds(op, ((Literal.Int)value).Value);
        return Intervals.OfIntegers(column, least, most);
    }

    private static TextInterval TextBounds(CompareOp op, Literal value)
    {
        var text = Literals.ToUtf8(value);
        return op switch
        {
            CompareOp.Equal => TextInterval.Equal(text),
            CompareOp.Less => new TextInterval(null, false, text, false),
            CompareOp.LessOrEqual => new TextInterval(null, false, text, true),
            CompareOp.Greater => new TextInterval(text, false, null, false),
            _ => new TextInterval(text, true, null, false),
        };
    }

    private static JsonLeaf JsonComparison(CompareOp op, ColumnRef column, Literal value)
    {
        var text = $"{op.Text()} {value}";
        switch (value)
        {
            case Literal.Bool b:
                return new JsonLeaf(column, new JsonBoolTest(op, b.Value), text);
            case Literal.Text:
                return new JsonLeaf(column, new JsonTextTest(TextBounds(op, value)), text);
            case Literal.List l:
                if (op != CompareOp.Equal) throw new FilterError("can not comparisons array values directly");
                return new JsonLeaf(column, new JsonArrayTest(l), text);
        }
        JsonNumber? number = ConstantFolding.Number(value);
        return new JsonLeaf(
            column,
            new JsonNumberTest(
                op is CompareOp.Less or CompareOp.LessOrEqual ? null : number,
                op is CompareOp.Equal or CompareOp.GreaterOrEqual,
                op is CompareOp.Greater or CompareOp.GreaterOrEqual ? null : number,
                op is CompareOp.Equal or CompareOp.LessOrEqual),
            text);
    }

    private static Leaf WholeArray(CompareOp op, ColumnRef column, Literal value)
    {
        if (op != CompareOp.Equal) throw new FilterError("can not comparisons array fields directly");
        if (value is not Literal.List list) throw new FilterError($"comparisons between Array and {Literals.TypeName(value)} are not supported");
        if (list.Items.IsEmpty) throw Literals.CannotCast(value, DataType.Array);
        foreach (var item in list.Items)
            if (!Literals.Fits(item, column.Field.ElementType)) throw Literals.CannotCast(value, DataType.Array);
        return ArrayPlanner.Equal(column, list);
    }

    private static NotPredicate Not(Predicate p) => new(p);

    private static Predicate Length(CompareOp op, ColumnRef column, Literal value)
    {
        if (op == CompareOp.NotEqual) return Not(Length(CompareOp.Equal, column, value));
        if (value is not Literal.Int length) throw Literals.CannotCast(value, DataType.Int64);
        var (low, high) = IntegerBounds(op, length.Value);
        var (least, most) = ((long)Int128.Max(low, long.MinValue), (long)Int128.Min(high, long.MaxValue));
        if (low > long.MaxValue || high < long.MinValue) (least, most) = (1, 0);
        return column.IsJson
            ? new JsonLeaf(column, new JsonLengthTest(least, most), $"array_length {op.Text()} {length}")
            : new ArrayLengthLeaf(column, least, most);
    }

    private static TwoColumnLeaf Columns(CompareOp op, ColumnRef left, ColumnRef right)
    {
        if (left.IsJson || right.IsJson) throw new FilterError("two column comparison with JSON type is not supported");
        if (left.Field.Type == DataType.Array || right.Field.Type == DataType.Array)
            throw new FilterError("field-to-field comparison involving ARRAY fields is not supported");
        if (left.Type == DataType.VarChar && right.Type == DataType.VarChar) return new TextComparisonLeaf(left, op, right);
        var compatible = (left.Type.IsNumeric() && right.Type.IsNumeric())
            || (left.Type == right.Type && left.Type is DataType.Bool or DataType.Timestamptz);
        if (!compatible)
            throw new FilterError($"comparisons between {Literals.TypeName(left.Type)} and {Literals.TypeName(right.Type)} are not supported");
        return new NumberComparisonLeaf(left, op, right);
    }
}
