using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Finds the range of primary keys outside of which a normalized filter is never true.</summary>
internal static class RangeAnalysis
{
    /// <summary>Null when the filter does not bound the key by a range.</summary>
    public static PrimaryKeyRange? Find(Predicate root, FieldSchema? key, bool sampled)
    {
        if (key is null) return null;
        var isExact = !sampled;
        long low = long.MinValue, high = long.MaxValue;
        TextInterval? text = null;
        var isBounded = false;
        foreach (var operand in root is AllPredicate all ? all.Operands : [root])
        {
            if (operand is not Leaf { Negated: false } leaf || !leaf.Column.IsPlain || leaf.Column.FieldId != key.Id)
            {
                isExact = false;
                continue;
            }
            switch (leaf)
            {
                case KnownLeaf { Value: true }:
                    break;
                case IntervalLeaf<long> interval:
                    (low, high, isBounded) = (Math.Max(low, interval.Low), Math.Min(high, interval.High), true);
                    break;
                case TextIntervalLeaf { Interval: var interval }:
                    (text, isBounded) = (text is null ? interval : Narrow(text, interval), true);
                    break;
                default:
                    isExact = false;
                    break;
            }
        }
        if (!isBounded) return null;
        if (text is not null) return new PrimaryKeyRange(KeyOf(text.Low), text.LowInclusive, KeyOf(text.High), text.HighInclusive, isExact);
        return new PrimaryKeyRange(
            low == long.MinValue ? null : PrimaryKeys.Of(low), true, high == long.MaxValue ? null : PrimaryKeys.Of(high), true, isExact);
    }

    private static TextInterval Narrow(TextInterval a, TextInterval b)
    {
        var (low, lowInclusive) = (a.Low, a.LowInclusive);
        if (b.Low is not null && (low is null || b.Low.AsSpan().SequenceCompareTo(low) is var l && (l > 0 || (l == 0 && !b.LowInclusive))))
            (low, lowInclusive) = (b.Low, b.LowInclusive);
        var (high, highInclusive) = (a.High, a.HighInclusive);
        if (b.High is not null && (high is null || b.High.AsSpan().SequenceCompareTo(high) is var h && (h < 0 || (h == 0 && !b.HighInclusive))))
            (high, highInclusive) = (b.High, b.HighInclusive);
        return new TextInterval(low, lowInclusive, high, highInclusive);
    }

    private static PrimaryKeys? KeyOf(byte[]? text)
    {
        if (text is null) return null;
        var column = new BinaryColumnBuilder(DataType.VarChar);
        column.Append(text);
        return new PrimaryKeys(column.Build());
    }
}
