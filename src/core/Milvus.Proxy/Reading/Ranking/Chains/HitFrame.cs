using Milvus.Model;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy.Reading.Ranking.Chains;

/// <summary>Values of one column for all hits: numbers, texts, or the keys of the hits.</summary>
internal sealed class FrameColumn
{
    private readonly double?[]? _numbers;
    private readonly long[]? _wholes;
    private readonly string?[]? _texts;
    private readonly MergedHits? _keys;

    /// <param name="wholes">The same numbers where doubles cannot hold all of them; those that are null may be anything.</param>
    public FrameColumn(double?[] numbers, long[]? wholes = null) => (_numbers, _wholes) = (numbers, wholes);

    public FrameColumn(string?[] texts) => _texts = texts;

    /// <summary>The primary keys.</summary>
    public FrameColumn(MergedHits hits) => _keys = hits;

    public bool IsNumeric => _numbers is not null || _keys is { Ids.IsInt64: true };

    public static FrameColumn Of(Column column)
    {
        if (column is BinaryColumn texts)
        {
            var values = new string?[column.Count];
            for (var i = 0; i < values.Length; i++) values[i] = texts.IsNull(i) ? null : texts.GetString(i);
            return new FrameColumn(values);
        }
        var numbers = new double?[column.Count];
        for (var i = 0; i < numbers.Length; i++)
            if (!column.IsNull(i)) numbers[i] = column is FixedColumn<bool> flags ? (flags.Values[i] ? 1 : 0) : ColumnNumbers.At(column, i);
        return new FrameColumn(numbers, column is FixedColumn<long> wholes ? wholes.Values.ToArray() : null);
    }

    public double? Number(int hit) => _numbers is not null ? _numbers[hit] : _keys!.Ids.Int64s[hit];

    public string? Text(int hit) => _texts is not null ? _texts[hit] : _keys?.Ids.Strings.GetString(hit);

    /// <summary>What is equal for hits with equal values.</summary>
    public (double? Number, long Whole, string? Text) ValueOf(int hit) => _keys is { Ids.IsInt64: true } keys ? (null, keys.Ids.Int64s[hit], null)
        : _numbers is null ? (null, 0, Text(hit))
        : (_numbers[hit], _wholes is null || _numbers[hit] is null ? 0 : _wholes[hit], null);

    /// <summary>Nulls last, whatever the direction.</summary>
    public int Compare(int a, int b, bool descending)
    {
        if (_keys is not null)
        {
            var order = KeyValue.Of(_keys.Ids, a).CompareTo(KeyValue.Of(_keys.Ids, b));
            return descending ? -order : order;
        }
        var (aIsNull, bIsNull) = _numbers is not null ? (_numbers[a] is null, _numbers[b] is null) : (_texts![a] is null, _texts[b] is null);
        if (aIsNull || bIsNull) return aIsNull.CompareTo(bIsNull);
        var values = _wholes is not null ? _wholes[a].CompareTo(_wholes[b])
            : _numbers is not null ? _numbers[a]!.Value.CompareTo(_numbers[b]!.Value) : string.CompareOrdinal(_texts![a], _texts[b]);
        return descending ? -values : values;
    }
}

/// <summary>The hits of a search while a chain works on them: columns of values, and of each query the hits that are left, in order.</summary>
internal sealed class HitFrame
{
    public const string Score = "$score";
    public const string Key = "$id";

    /// <summary>The score of a hit's group, behind a step that groups.</summary>
    public const string GroupScore = "$group_score";

    private readonly Dictionary<string, FrameColumn> _columns = new(StringComparer.Ordinal);

    public HitFrame(MergedHits hits)
    {
        Hits = hits;
        Left = new int[hits.Counts.Length][];
        for (int query = 0, first = 0; query < Left.Length; first += hits.Counts[query++])
        {
            Left[query] = new int[hits.Counts[query]];
            for (var i = 0; i < Left[query].Length; i++) Left[query][i] = first + i;
        }
        this[Key] = new FrameColumn(hits);
        this[Score] = new FrameColumn(Array.ConvertAll(hits.Scores, s => (double?)s));
    }

    public MergedHits Hits { get; }

    /// <summary>Positions among all hits, a list per query.</summary>
    public int[][] Left { get; }

    public int Count => Hits.Scores.Length;

    public FrameColumn this[string name]
    {
        get => _columns[name];
        set => _columns[name] = value;
    }

    public void Sort(string by, bool descending, string? tieBreak)
    {
        var (column, ties) = (this[by], tieBreak is null ? null : this[tieBreak]);
        foreach (var left in Left)
        {
            // Array.Sort is not stable: hits that nothing tells apart keep their order by their place before.
            var place = new int[left.Length];
            for (var i = 0; i < place.Length; i++) place[i] = i;
            var before = (int[])left.Clone();
            Array.Sort(place, (a, b) =>
            {
                var order = column.Compare(before[a], before[b], descending);
                if (order == 0 && ties is not null) order = ties.Compare(before[a], before[b], descending: false);
                return order != 0 ? order : a.CompareTo(b);
            });
            for (var i = 0; i < place.Length; i++) left[i] = before[place[i]];
        }
    }

    /// <summary>Makes distances of similarities, and the other way round.</summary>
    public void NegateScores()
    {
        var score = this[Score];
        var negated = new double?[Count];
        for (var i = 0; i < negated.Length; i++) negated[i] = 0 - score.Number(i);
        this[Score] = new FrameColumn(negated);
    }

    public void Limit(int offset, int count)
    {
        for (var query = 0; query < Left.Length; query++) Left[query] = [.. Left[query].Skip(offset).Take(count)];
    }

    /// <summary>The hits that are left with their scores of now; hits whose score is null score 0.</summary>
    public MergedHits ToHits()
    {
        var score = this[Score];
        var scores = new float[Count];
        for (var i = 0; i < scores.Length; i++) scores[i] = (float)(score.Number(i) ?? 0);
        return Hits.Pick(Left, scores);
    }
}
