using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// Keys in order with the rows of each: INVERTED, BITMAP, STL_SORT and Trie, which differ in how rows are kept and whether keys repeat.
/// Answers equality, lists, ranges, prefixes; on text any pattern by testing every distinct value once.
/// </summary>
internal sealed class KeyedIndex : ScalarIndex
{
    private readonly LongKeys? _numbers;
    private readonly TextKeys? _texts;
    private readonly Postings _postings;
    private readonly bool _ofElements;
    private readonly bool _isRounded;

    /// <param name="ofElements">Keys are elements of arrays.</param>
    /// <param name="isRounded">Keys are JSON numbers some of which lost digits.</param>
    public KeyedIndex(ScalarIndexSpec spec, int rowCount, ulong[]? known, LongKeys? numbers, TextKeys? texts, Postings postings, bool ofElements, bool isRounded)
        : base(spec, rowCount, known)
    {
        _numbers = numbers;
        _texts = texts;
        _postings = postings;
        _ofElements = ofElements;
        _isRounded = isRounded;
    }

    public bool OfElements => _ofElements;

    public bool IsRounded => _isRounded;

    public LongKeys? Numbers => _numbers;

    public TextKeys? Texts => _texts;

    public override long MemoryBytes => (_numbers?.MemoryBytes ?? 0) + (_texts?.MemoryBytes ?? 0) + _postings.MemoryBytes + (Known?.LongLength ?? 0) * sizeof(ulong);

    internal override IndexProbe? Plan(Leaf leaf)
    {
        if (leaf.Ask(Spec.Cast) is not { } query) return null;
        // One position of an array: its row is among those that have the value anywhere.
        if (leaf.Column.ElementIndex >= 0) query = query with { OfElements = true, IsExact = false };
        if (query.OfElements != _ofElements) return null;
        var parts = new PartProbe[query.Parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (PlanPart(query.Parts[i]) is not { } part) return null;
            parts[i] = part;
        }
        return new Probe(this, parts)
        {
            IsExact = query.IsExact && !(_isRounded && _numbers is not null),
            Rows = parts.Min(p => p.Rows),
            Cost = parts.Sum(p => p.Cost) + (parts.Length > 1 ? parts.Length * (long)Validity.WordCount(RowCount) : 0),
        };
    }

    internal override IReadOnlyList<ReadOnlyMemory<byte>> Sections() =>
        [_numbers?.Bytes ?? default, _texts?.Groups ?? default, _texts?.Data ?? default, .. _postings.Sections];

    private PartProbe? PlanPart(KeyQuery query)
    {
        switch (query)
        {
            case NumberRange range when _numbers is not null:
                return Of(RangeOf(range.Low, range.High));
            case JsonNumberRange range when _numbers is not null:
                var (low, high) = JsonBounds.Of(range, _isRounded);
                return Of(RangeOf(low, high));
            case NumberSet set when _numbers is not null:
                return Of([.. set.Values.Select(v => RangeOf(v, v))]);
            case TextRange range when _texts is not null:
                return Of(RangeOf(range.Interval));
            case TextSetQuery set when _texts is not null:
                return Of([.. set.Values.Select(v => (_texts.Bound(v), _texts.Bound(v, after: true)))]);
            case TextPattern { Test: LiteralTest { IsPrefix: true } test } when _texts is not null:
                return Of(_texts.Prefixed(test.Prefix));
            case TextPattern { Test: LiteralTest { IsEquality: true } test } when _texts is not null:
                return Of((_texts.Bound(test.Prefix), _texts.Bound(test.Prefix, after: true)));
            case TextPattern pattern when _texts is not null:
                var range2 = pattern.Test.Prefix.Length > 0 ? _texts.Prefixed(pattern.Test.Prefix) : (0, _texts.Count);
                return Of(range2) with { Test = pattern.Test, TestCost = (range2.Item2 - range2.Item1) * (pattern.Test.Cost + 15L) };
            default:
                return null;
        }
    }

    private (int First, int Last) RangeOf(long low, long high) => low > high ? (0, 0) : (_numbers!.LowerBound(low), _numbers.UpperBound(high));

    private (int First, int Last) RangeOf(TextInterval interval)
    {
        var first = interval.Low is { } low ? _texts!.Bound(low, after: !interval.LowInclusive) : 0;
        var last = interval.High is { } high ? _texts!.Bound(high, after: interval.HighInclusive) : _texts!.Count;
        return (first, Math.Max(first, last));
    }

    private PartProbe Of(params (int First, int Last)[] ranges) =>
        new(ranges, Math.Min(RowCount, ranges.Sum(r => _postings.Count(r.First, r.Last))), 300 + ranges.Sum(r => _postings.Cost(r.First, r.Last) + 150));

    /// <param name="Test">Passed by the keys that count; null for all of them.</param>
    private sealed record PartProbe((int First, int Last)[] Ranges, long Rows, long MarkCost)
    {
        public TextTest? Test { get; init; }

        public long TestCost { get; init; }

        public long Cost => MarkCost + TestCost;
    }

    private sealed class Probe(KeyedIndex index, PartProbe[] parts) : IndexProbe(index)
    {
        public override void Mark(Span<ulong> rows)
        {
            Mark(parts[0], rows);
            foreach (var part in parts.AsSpan(1)) Narrow(rows, other => Mark(part, other));
        }

        private void Mark(PartProbe part, Span<ulong> rows)
        {
            var scratch = part.Test is null ? null : new FilterScratch();
            foreach (var (first, last) in part.Ranges)
            {
                if (part.Test is null)
                {
                    index._postings.Mark(first, last, rows);
                    continue;
                }
                if (first >= last) continue;
                var reader = index._texts!.From(first);
                while (reader.Position < last && reader.MoveNext())
                    if (part.Test.IsMatch(reader.Current, scratch!)) index._postings.Mark(reader.Position - 1, reader.Position, rows);
            }
        }
    }
}
