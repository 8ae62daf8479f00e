using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Json;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>A test of two columns of the same row; unknown when either is.</summary>
internal abstract record TwoColumnLeaf(ColumnRef Column, ColumnRef Other) : Leaf(Column)
{
    public override Verdict Prune(in BlockContext block)
    {
        var left = block.GetStatistics(Column.FieldId);
        if (left is not null && left.NullCount == left.RowCount) return Verdict.None;
        var right = block.GetStatistics(Other.FieldId);
        return right is not null && right.NullCount == right.RowCount ? Verdict.None : Verdict.Mixed;
    }

    public override void CollectFields(List<long> fields)
    {
        base.CollectFields(fields);
        if (!fields.Contains(Other.FieldId)) fields.Add(Other.FieldId);
    }
}

/// <summary>column op column on numbers of any widths, on booleans and on timestamps; mixed widths compare by exact value.</summary>
internal sealed record NumberComparisonLeaf(ColumnRef Column, CompareOp Op, ColumnRef Other) : TwoColumnLeaf(Column, Other)
{
    private const ulong Exact = 1UL << 53;

    public override int Cost => 5;

    protected override string Description => $"{Column} {Op.Text()} {Other}";

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var leftFloating = Column.Type.IsFloating();
        var rightFloating = Other.Type.IsFloating();
        if (leftFloating && rightFloating)
            CompareSame<double>(ValueReader.Doubles(block, Column, 0, isUnknown), ValueReader.Doubles(block, Other, 1, isUnknown), isTrue);
        else if (!leftFloating && !rightFloating)
            CompareSame<long>(ValueReader.Longs(block, Column, 0, isUnknown), ValueReader.Longs(block, Other, 1, isUnknown), isTrue);
        else if (rightFloating)
            CompareMixed(ValueReader.Longs(block, Column, 0, isUnknown), ValueReader.Doubles(block, Other, 1, isUnknown), Op, isTrue);
        else
            CompareMixed(ValueReader.Longs(block, Other, 1, isUnknown), ValueReader.Doubles(block, Column, 0, isUnknown), Op.Mirror(), isTrue);
    }

    private void CompareSame<T>(ReadOnlySpan<T> left, ReadOnlySpan<T> right, Span<ulong> isTrue)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        isTrue.Clear();
        for (var i = 0; i < left.Length; i++) isTrue[i >> 6] |= (Holds(Op, left[i], right[i]) ? 1UL : 0) << (i & 63);
    }

    private static bool Holds<T>(CompareOp op, T a, T b)
        where T : unmanaged, System.Numerics.INumber<T> => op switch
        {
            CompareOp.Equal => a == b,
            CompareOp.NotEqual => a != b,
            CompareOp.Less => a < b,
            CompareOp.LessOrEqual => a <= b,
            CompareOp.Greater => a > b,
            _ => a >= b,
        };

    private static void CompareMixed(ReadOnlySpan<long> integers, ReadOnlySpan<double> reals, CompareOp op, Span<ulong> isTrue)
    {
        isTrue.Clear();
        for (var i = 0; i < integers.Length; i++)
        {
            var (integer, real) = (integers[i], reals[i]);
            // Up to 2⁵³ the conversion is exact; NaN then compares as IEEE 754 says.
            var holds = (ulong)integer + Exact <= 2 * Exact ? Holds<double>(op, integer, real)
                : double.IsNaN(real) ? op == CompareOp.NotEqual
                : op.Holds(JsonNumber.Compare(integer, real));
            isTrue[i >> 6] |= (holds ? 1UL : 0) << (i & 63);
        }
    }
}

/// <summary>column op column on VarChar, in byte order; also starts_with(column, column).</summary>
internal sealed record TextComparisonLeaf(ColumnRef Column, CompareOp Op, ColumnRef Other, bool IsPrefixTest = false) : TwoColumnLeaf(Column, Other)
{
    public override int Cost => 8;

    protected override string Description => IsPrefixTest ? $"starts_with({Column}, {Other})" : $"{Column} {Op.Text()} {Other}";

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var left = ValueReader.Text(block, Column, 0, isUnknown);
        var right = ValueReader.Text(block, Other, 1, isUnknown);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var a = left[(w << 6) + bit];
                var b = right[(w << 6) + bit];
                if (IsPrefixTest ? a.StartsWith(b) : Op.Holds(a.SequenceCompareTo(b))) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }
}
