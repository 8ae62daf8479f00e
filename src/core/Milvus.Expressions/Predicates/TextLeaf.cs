using System.Text;
using Milvus.Expressions.Columns;
using Milvus.Expressions.Evaluation;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Kernels;
using Milvus.Expressions.Matching;
using Milvus.Model;

namespace Milvus.Expressions.Predicates;

/// <summary>Bounds in byte order, each optional and inclusive or not.</summary>
internal sealed record TextInterval(byte[]? Low, bool LowInclusive, byte[]? High, bool HighInclusive)
{
    public bool IsEquality => Low is not null && LowInclusive && HighInclusive && ReferenceEquals(Low, High);

    public static TextInterval Equal(byte[] value) => new(value, true, value, true);

    /// <summary>The values that lie in both; none lies in an interval whose bounds contradict.</summary>
    public TextInterval Intersect(TextInterval other)
    {
        var (low, lowInclusive) = (Low, LowInclusive);
        if (other.Low is not null && (low is null || other.Low.AsSpan().SequenceCompareTo(low) is var l && (l > 0 || (l == 0 && !other.LowInclusive))))
            (low, lowInclusive) = (other.Low, other.LowInclusive);
        var (high, highInclusive) = (High, HighInclusive);
        if (other.High is not null && (high is null || other.High.AsSpan().SequenceCompareTo(high) is var h && (h < 0 || (h == 0 && !other.HighInclusive))))
            (high, highInclusive) = (other.High, other.HighInclusive);
        return new TextInterval(low, lowInclusive, high, highInclusive);
    }

    public bool Contains(ReadOnlySpan<byte> value)
    {
        if (IsEquality) return value.SequenceEqual(Low);
        if (Low is not null && value.SequenceCompareTo(Low) is var low && (low < 0 || (low == 0 && !LowInclusive))) return false;
        return High is null || value.SequenceCompareTo(High) is var high && (high < 0 || (high == 0 && HighInclusive));
    }

    /// <summary>Whether values between the given bounds may lie inside and outside.</summary>
    public (bool MayBeTrue, bool MayBeFalse) Bound(byte[]? min, byte[]? max)
    {
        var belowAll = High is not null && min is not null && High.AsSpan().SequenceCompareTo(min) is var h && (h < 0 || (h == 0 && !HighInclusive));
        var aboveAll = Low is not null && max is not null && Low.AsSpan().SequenceCompareTo(max) is var l && (l > 0 || (l == 0 && !LowInclusive));
        var lowHolds = Low is null || (min is not null && min.AsSpan().SequenceCompareTo(Low) is var m && (m > 0 || (m == 0 && LowInclusive)));
        var highHolds = High is null || (max is not null && max.AsSpan().SequenceCompareTo(High) is var x && (x < 0 || (x == 0 && HighInclusive)));
        return (!belowAll && !aboveAll, !(lowHolds && highHolds));
    }

    public override string ToString()
    {
        if (IsEquality) return "== " + Encoding.UTF8.GetString(Low!);
        var low = Low is null ? "" : (LowInclusive ? ">= " : "> ") + Encoding.UTF8.GetString(Low);
        var high = High is null ? "" : (HighInclusive ? "<= " : "< ") + Encoding.UTF8.GetString(High);
        return $"{low} {high}".Trim();
    }
}

/// <summary>Comparisons of VarChar with constants.</summary>
internal sealed record TextIntervalLeaf(ColumnRef Column, TextInterval Interval) : Leaf(Column)
{
    public override int Cost => 5;

    internal override IndexQuery? Ask(JsonCast cast) => new(new TextRange(Interval));

    public override Leaf? Intersect(Leaf other) =>
        other is TextIntervalLeaf o && o.Column == Column ? new TextIntervalLeaf(Column, Interval.Intersect(o.Interval)) : null;

    protected override string Description => $"{Column} {Interval}";

    protected override (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics) => Interval.Bound(statistics.MinText, statistics.MaxText);

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Text(block, Column, 0, isUnknown);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                if (Interval.Contains(values[(w << 6) + bit])) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }
}

/// <summary>like, =~, text_match and the like on VarChar and Text.</summary>
internal sealed record TextTestLeaf(ColumnRef Column, TextTest Matcher) : Leaf(Column)
{
    public override int Cost => Matcher.Cost;

    internal override IndexQuery? Ask(JsonCast cast) => new(new TextPattern(Matcher));

    protected override string Description => $"{Column} {Matcher}";

    protected override (bool MayBeTrue, bool MayBeFalse) Bound(ColumnStatistics statistics)
    {
        var prefix = Matcher.Prefix;
        if (prefix.Length == 0) return (true, true);
        var belowAll = statistics.MinText is { } min && prefix.AsSpan().SequenceCompareTo(min) < 0 && !min.AsSpan().StartsWith(prefix);
        var aboveAll = statistics.MaxText is { } max && prefix.AsSpan().SequenceCompareTo(max) > 0;
        return (!belowAll && !aboveAll, true);
    }

    protected override void Test(in BlockContext block, ReadOnlySpan<ulong> candidates, Span<ulong> isTrue, Span<ulong> isUnknown)
    {
        var values = ValueReader.Text(block, Column, 0, isUnknown);
        for (var w = 0; w < isTrue.Length; w++)
        {
            ulong word = 0;
            for (var open = candidates[w] & ~isUnknown[w]; open != 0;)
            {
                var bit = Bitmaps.TakeLowest(ref open);
                if (Matcher.IsMatch(values[(w << 6) + bit], block.Scratch)) word |= 1UL << bit;
            }
            isTrue[w] = word;
        }
    }
}
