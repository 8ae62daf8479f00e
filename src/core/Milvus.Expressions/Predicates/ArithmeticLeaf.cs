using System.Numerics;
using System.Runtime.InteropServices;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>
/// Low ≤ value op Operand ≤ High for the integer operators that no interval of the value expresses: remainder and bits.
/// </summary>
internal sealed record IntegerArithmeticLeaf(ColumnRef Column, ArithmeticOp Op, long Operand, long Low, long High) : Leaf(Column)
{
    public override int Cost => Op == ArithmeticOp.Modulo ? 6 : 3;

    protected override string Description => $"{Low} <= ({Column} {Op.Text()} {Operand}) <= {High}";

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Longs(block, Column, 0, isUnknown);
        switch (Op)
        {
            case ArithmeticOp.BitAnd:
                foreach (ref var v in values) v &= Operand;
                break;
            case ArithmeticOp.BitOr:
                foreach (ref var v in values) v |= Operand;
                break;
            case ArithmeticOp.BitXor:
                foreach (ref var v in values) v ^= Operand;
                break;
            default:
                // x % −1 is 0, but the processor's division overflows on −2⁶³.
                var divisor = Operand == -1 ? 1 : Operand;
                foreach (ref var v in values) v %= divisor;
                break;
        }
        IntervalKernel.Test<long>(values, Low, High, isTrue);
    }
}

/// <summary>Low ≤ value op Operand ≤ High in the column's own precision, integers as doubles.</summary>
internal sealed record FloatArithmeticLeaf<T>(ColumnRef Column, ArithmeticOp Op, T Operand, T Low, T High) : Leaf(Column)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public override int Cost => 3;

    protected override string Description => $"{Low} <= ({Column} {Op.Text()} {Operand}) <= {High}";

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = Column.Type.IsInteger() ? MemoryMarshal.Cast<double, T>(ValueReader.Doubles(block, Column, 0, isUnknown)) : ValueReader.Fixed<T>(block, Column, 0, isUnknown);
        var results = block.Scratch.Values<T>(1, values.Length);
        switch (Op)
        {
            case ArithmeticOp.Add:
                for (var i = 0; i < values.Length; i++) results[i] = values[i] + Operand;
                break;
            case ArithmeticOp.Subtract:
                for (var i = 0; i < values.Length; i++) results[i] = values[i] - Operand;
                break;
            case ArithmeticOp.Multiply:
                for (var i = 0; i < values.Length; i++) results[i] = values[i] * Operand;
                break;
            default:
                for (var i = 0; i < values.Length; i++) results[i] = values[i] / Operand;
                break;
        }
        IntervalKernel.Test<T>(results, Low, High, isTrue);
    }
}

/// <summary>Turns <c>low ≤ x op c ≤ high</c> on integers into <c>low' ≤ x ≤ high'</c>, exactly as if x op c had no width.</summary>
internal static class IntegerArithmetic
{
    /// <summary>Stands for "no bound"; far outside of what 64-bit operands can reach.</summary>
    public static readonly Int128 Unbounded = Int128.One << 126;

    /// <summary>Beyond every quotient of 64-bit operands.</summary>
    private static readonly Int128 QuotientBound = (Int128.One << 63) + 1;

    public static Leaf Build(ColumnRef column, ArithmeticOp op, long operand, Int128 low, Int128 high)
    {
        if (low > high) return new KnownLeaf(column, false);
        switch (op)
        {
            case ArithmeticOp.Add:
                return Intervals.OfIntegers(column, low - operand, high - operand);
            case ArithmeticOp.Subtract:
                return Intervals.OfIntegers(column, low + operand, high + operand);
            case ArithmeticOp.Multiply when operand == 0:
                return new KnownLeaf(column, low <= 0 && high >= 0);
            case ArithmeticOp.Multiply when operand > 0:
                return Intervals.OfIntegers(column, CeilingDivide(low, operand), FloorDivide(high, operand));
            case ArithmeticOp.Multiply:
                return Intervals.OfIntegers(column, CeilingDivide(high, operand), FloorDivide(low, operand));
            case ArithmeticOp.Divide:
                var divisor = Int128.Abs(operand);
                var (least, most) = operand > 0 ? (low, high) : (-high, -low);
                return Intervals.OfIntegers(column, LeastDividend(Clamp(least), divisor), MostDividend(Clamp(most), divisor));
        }
        var fits = low <= long.MaxValue && high >= long.MinValue;
        if (!fits) return new KnownLeaf(column, false);
        return new IntegerArithmeticLeaf(column, op, operand, (long)Int128.Max(low, long.MinValue), (long)Int128.Min(high, long.MaxValue));
    }

    private static Int128 Clamp(Int128 quotient) => Int128.Clamp(quotient, -QuotientBound, QuotientBound);

    /// <summary>The least x with x / divisor ≥ quotient, division truncating.</summary>
    private static Int128 LeastDividend(Int128 quotient, Int128 divisor) => quotient > 0 ? quotient * divisor : (quotient - 1) * divisor + 1;

    private static Int128 MostDividend(Int128 quotient, Int128 divisor) => quotient < 0 ? quotient * divisor : (quotient + 1) * divisor - 1;

    private static Int128 FloorDivide(Int128 a, Int128 b)
    {
        var (q, r) = Int128.DivRem(a, b);
        return r != 0 && (r < 0) != (b < 0) ? q - 1 : q;
    }

    private static Int128 CeilingDivide(Int128 a, Int128 b) => -FloorDivide(-a, b);
}
