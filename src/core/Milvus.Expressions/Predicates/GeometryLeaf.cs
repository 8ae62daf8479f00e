using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Geometry;
using Milvus.Expressions.Kernels;

namespace Milvus.Expressions.Predicates;

/// <summary>st_* on a geometry column.</summary>
internal sealed record GeometryLeaf(ColumnRef Column, GeometryTest Condition) : Leaf(Column)
{
    public override int Cost => 1500;

    protected override string Description => $"{Column} {Condition}";

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Text(block, Column, 0, isUnknown);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                if (Condition.IsMatch(values[(w << 6) + bit])) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }
}
