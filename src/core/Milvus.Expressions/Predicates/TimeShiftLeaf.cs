using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Kernels;
using Milvus.Expressions.Time;

namespace Milvus.Expressions.Predicates;

/// <summary>Low ≤ column + interval ≤ High, for intervals with months, whose length depends on the row.</summary>
internal sealed record TimeShiftLeaf(ColumnRef Column, CalendarInterval Interval, long Low, long High) : Leaf(Column)
{
    public override int Cost => 12;

    protected override string Description => $"{Low} <= ({Column} + {Interval.Months} months + {Interval.Microseconds} µs) <= {High}";

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Fixed<long>(block, Column, 0, isUnknown);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                var shifted = Interval.AddTo(values[(w << 6) + bit]);
                if (shifted >= Low && shifted <= High) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }
}
