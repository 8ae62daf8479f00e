using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Expressions.Time;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Comparison of a Timestamptz column, possibly shifted by an interval, with <c>iso '…'</c>, in microseconds UTC.</summary>
internal static class TimePlanner
{
    public static Predicate Plan(TimeComparisonNode node, NameResolver names, string timeZone)
    {
        var column = names.Resolve(node.Field);
        if (column.Type != DataType.Timestamptz)
            throw new FilterError($"timestamptz operations are only supported on timestamptz fields, got: {Literals.TypeName(column.Type)}");
        if (!TimeText.TryParse(node.Time.Value, timeZone, out var microseconds)) throw new FilterError($"invalid timestamp string: '{node.Time.Value}'");
        var isNegated = node.Operator == TokenKind.NotEqual;
        var op = node.Operator switch
        {
            TokenKind.Equal or TokenKind.NotEqual => CompareOp.Equal,
            TokenKind.Less => CompareOp.Less,
            TokenKind.LessOrEqual => CompareOp.LessOrEqual,
            TokenKind.Greater => CompareOp.Greater,
            _ => CompareOp.GreaterOrEqual,
        };
        var (low, high) = ComparisonPlanner.IntegerBounds(op, microseconds);
        var leaf = node.Shift is null ? Intervals.OfIntegers(column, low, high) : Shifted(column, node.Shift, low, high);
        return isNegated ? new NotPredicate(leaf) : leaf;
    }

    /// <summary>low ≤ column ± interval ≤ high.</summary>
    private static Leaf Shifted(Columns.ColumnRef column, TimeShift shift, Int128 low, Int128 high)
    {
        var text = shift.Interval.Value;
        if (!CalendarInterval.TryParse(text, out var interval)) throw new FilterError($"invalid interval string: '{text}'");
        if (shift.IsNegative) interval = interval.Negate();
        // Without months the shift is the same for every row, so the bounds can be shifted instead.
        return interval.Months == 0
            ? Intervals.OfIntegers(column, low - interval.Microseconds, high - interval.Microseconds)
            : new TimeShiftLeaf(column, interval, (long)Int128.Clamp(low, long.MinValue, long.MaxValue), (long)Int128.Clamp(high, long.MinValue, long.MaxValue));
    }
}
