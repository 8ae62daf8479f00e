using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Aggregations;

/// <summary>Builds the buckets of one search from its hits and the values of the fields involved.</summary>
internal sealed class BucketBuilder(MergedHits hits, Dictionary<long, Column> values, bool largerIsBetter)
{
    private static readonly FieldSchema s_score = new() { Name = AggregationLevel.Score, Type = DataType.Double };
    private readonly FixedColumn<double> _scores = new(DataType.Double, Array.ConvertAll(hits.Scores, s => (double)s));

    /// <param name="rows">Hits, best first.</param>
    public ImmutableArray<AggregationBucket> Build(AggregationLevel level, IReadOnlyList<int> rows)
    {
        Column[] keys = [.. level.Fields.Select(f => values[f.Id])];
        var numbers = new GroupNumbers();
        var groups = new List<List<int>>();
        foreach (var row in rows)
        {
            var number = numbers.Add(keys, row);
            if (number == groups.Count) groups.Add([]);
            groups[number].Add(row);
        }
        var metrics = Metrics(level, groups);
        var order = Enumerable.Range(0, groups.Count).ToArray();
        if (!level.Order.IsEmpty) Array.Sort(order, (a, b) => Compare(level, keys, groups, metrics, a, b) is not 0 and var c ? c : a.CompareTo(b));
        return [.. order.Take(level.Size).Select(g => new AggregationBucket(
            [.. level.Fields.Select((f, i) => (f.Name, new ColumnValue(keys[i], groups[g][0])))],
            groups[g].Count,
            [.. level.Metrics.Select((m, i) => (m.Name, new ColumnValue(metrics[i], g)))],
            TopHits(level, groups[g]),
            level.Sub is null ? [] : Build(level.Sub, groups[g])))];
    }

    /// <summary>A column per metric, a row per group.</summary>
    private Column[] Metrics(AggregationLevel level, List<List<int>> groups)
    {
        if (level.Metrics.IsEmpty || groups.Count == 0) return [];
        var all = groups.SelectMany(g => g).ToArray();
        var numberOf = groups.SelectMany((g, i) => Enumerable.Repeat(i, g.Count)).ToArray();
        var columns = level.Metrics.Select(m => m.Field is null ? _scores.Take(all) : values[m.Field.Id].Take(all)).ToArray();
        return GroupTable.Compute([.. level.Metrics.Select(m => new Aggregate(m.Kind, m.Kind == AggregateKind.CountRows ? null : m.Field ?? s_score))], columns, numberOf, groups.Count);
    }

    private ImmutableArray<int> TopHits(AggregationLevel level, List<int> rows)
    {
        if (level.TopHits == 0) return [];
        IEnumerable<int> sorted = rows;
        if (!level.HitSort.IsEmpty)
        {
            var list = rows.ToArray();
            Array.Sort(list, (a, b) =>
            {
                foreach (var (field, descending, nullsFirst) in level.HitSort)
                {
                    var column = field is null ? _scores : values[field.Id];
                    if (new SortKey(field ?? s_score, descending, nullsFirst).Compare(column, a, column, b) is not 0 and var order) return order;
                }
                return a.CompareTo(b);
            });
            sorted = list;
        }
        return [.. sorted.Take(level.TopHits)];
    }

    private int Compare(AggregationLevel level, Column[] keys, List<List<int>> groups, Column[] metrics, int a, int b)
    {
        foreach (var (key, descending, nullsFirst) in level.Order)
        {
            var order = key switch
            {
                AggregationLevel.Count => Direct(groups[a].Count.CompareTo(groups[b].Count), descending),
                // Of scores the best of a bucket counts; its order is that of the metric unless it is turned round.
                AggregationLevel.Score => Direct(hits.Scores[groups[a][0]].CompareTo(hits.Scores[groups[b][0]]), descending),
                AggregationLevel.Key => CompareKeys(level, keys, groups[a][0], groups[b][0], descending, nullsFirst),
                _ => CompareMetric(level, metrics, key, a, b, descending, nullsFirst),
            };
            if (order != 0) return order;
        }
        return largerIsBetter ? hits.Scores[groups[b][0]].CompareTo(hits.Scores[groups[a][0]]) : hits.Scores[groups[a][0]].CompareTo(hits.Scores[groups[b][0]]);
    }

    private static int CompareKeys(AggregationLevel level, Column[] keys, int a, int b, bool descending, bool nullsFirst)
    {
        for (var i = 0; i < keys.Length; i++)
            if (new SortKey(level.Fields[i], descending, nullsFirst).Compare(keys[i], a, keys[i], b) is not 0 and var order) return order;
        return 0;
    }

    private static int CompareMetric(AggregationLevel level, Column[] metrics, string name, int a, int b, bool descending, bool nullsFirst)
    {
        var i = 0;
        while (level.Metrics[i].Name != name) i++;
        return new SortKey(s_score, descending, nullsFirst).Compare(metrics[i], a, metrics[i], b);
    }

    private static int Direct(int order, bool descending) => descending ? -order : order;
}
