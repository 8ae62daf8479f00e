using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Proxy.Tests.Model;

/// <summary>Answers by looking at every row.</summary>
internal sealed class ModelReader(ModelShards shards, CollectionInfo collection, List<ModelRow> rows, Timestamp readAt) : IShardReader
{
    private readonly ImmutableArray<ModelRow> _rows = [.. rows];

    public Timestamp ReadAt => readAt;

    public void Dispose() => shards.OpenReaders--;

    public ValueTask<ShardHits> SearchAsync(ShardSearch request, CancellationToken cancellation)
    {
        shards.PerhapsMove();
        shards.Searches.Add(request);
        var candidates = Visible(request.Filter, request.PartitionIds, request.ExpireBefore, newestOnly: !shards.KeepsDuplicates);
        var counts = new List<int>();
        var scores = new List<float>();
        var found = new List<int>();
        foreach (var query in request.Queries.Rows)
        {
            var scored = candidates.Where(i => !Value(i, request.Field.Id).IsNull(_rows[i].Index)).Select(i => (Row: i, Score: Score(request, query.Span, i)))
                .Where(h => InRange(request, h.Score)).ToList();
            scored.Sort((a, b) =>
            {
                var order = request.Metric.LargerIsBetter() ? b.Score.CompareTo(a.Score) : a.Score.CompareTo(b.Score);
                return order != 0 ? order : CompareKeys(a.Row, b.Row);
            });
            if (!request.OnlyGroups.IsEmpty)
            {
                var wanted = Enumerable.Range(0, request.OnlyGroups[0].Count).Select(i => string.Join('|', request.OnlyGroups.Select(c => Given.Show(c, i)))).ToHashSet();
                scored = [.. scored.Where(h => wanted.Contains(GroupText(h.Row, request.GroupBy)))];
            }
            // Like a place that stops early, unless it is asked not to: of a group that is not among the best nothing is told.
            if (!request.GroupBy.IsEmpty)
                scored = [.. scored.GroupBy(h => GroupText(h.Row, request.GroupBy)).Take(request.K).SelectMany(g => g.Take(request.GroupSize))];
            var best = scored.Take(request.GroupBy.IsEmpty ? request.K : int.MaxValue).ToList();
            counts.Add(best.Count);
            scores.AddRange(best.Select(h => h.Score));
            found.AddRange(best.Select(h => h.Row));
        }
        return new(new ShardHits
        {
            Counts = [.. counts],
            Scores = [.. scores],
            Rows = [.. found.Select(i => new RowReference(0, i))],
            Ids = Keys(found),
            Timestamps = [.. found.Select(i => _rows[i].Timestamp)],
            GroupValues = [.. request.GroupBy.Select(t => t.Project(Collect(t.Field, found)))],
            Examined = candidates.Count,
        });
    }

    public ValueTask<ShardRows> QueryAsync(ShardQuery request, CancellationToken cancellation)
    {
        shards.PerhapsMove();
        var found = Visible(request.Filter, request.PartitionIds, request.ExpireBefore, newestOnly: true);
        found.Sort((a, b) =>
        {
            foreach (var key in request.Order)
                if (key.Compare(Value(a, key.Field.Id), _rows[a].Index, Value(b, key.Field.Id), _rows[b].Index) is not 0 and var order) return order;
            return CompareKeys(a, b);
        });
        if (request.Limit is { } limit) found = found.Take(limit).ToList();
        return new(new ShardRows { Rows = [.. found.Select(i => new RowReference(0, i))], Ids = Keys(found), Timestamps = [.. found.Select(i => _rows[i].Timestamp)], OrderValues = [.. request.Order.Select(k => Collect(k.Field, found))] });
    }

    /// <summary>Every row is a group of its own: whoever asks must put them together.</summary>
    public ValueTask<GroupStates> AggregateAsync(ShardAggregation request, CancellationToken cancellation)
    {
        shards.PerhapsMove();
        var found = Visible(request.Rows.Filter, request.Rows.PartitionIds, request.Rows.ExpireBefore, newestOnly: false);
        return new(new GroupStates(found.Count, [.. request.GroupBy.Select(f => Collect(f, found))], [.. request.Aggregates.SelectMany(a => States(a, found))]));
    }

    public ValueTask<long> CountAsync(ShardQuery request, CancellationToken cancellation) =>
        new(Visible(request.Filter, request.PartitionIds, request.ExpireBefore, newestOnly: false).Count);

    public ValueTask<Column> FetchAsync(long fieldId, ReadOnlyMemory<RowReference> rows, CancellationToken cancellation)
    {
        shards.Fetched.Add(fieldId);
        return new(Collect(collection.Schema.Find(fieldId)!, [.. rows.ToArray().Select(r => r.Row)]));
    }

    public ValueTask<ImmutableArray<SegmentExplain>> ExplainSearchAsync(ShardSearch request, CancellationToken cancellation) =>
        new([Explain(request.Filter, request.PartitionIds) with { SearchPlan = "brute force" }]);

    public ValueTask<ImmutableArray<SegmentExplain>> ExplainQueryAsync(ShardQuery request, CancellationToken cancellation) =>
        new([Explain(request.Filter, request.PartitionIds)]);

    private SegmentExplain Explain(FilterPlan? filter, ImmutableArray<long> partitions) => new()
    {
        SegmentId = 1,
        PartitionId = 2,
        IsSealed = false,
        RowCount = _rows.Length,
        RowsVisible = Visible(null, partitions, default, newestOnly: false).Count,
        RowsPassing = Visible(filter, partitions, default, newestOnly: false).Count,
        FilterPlan = filter is null ? "none" : "columns",
    };

    public ValueTask<Bm25QueryStatistics> GetTermStatisticsAsync(long fieldId, ReadOnlyMemory<uint> terms, CancellationToken cancellation)
    {
        var builder = new Bm25StatisticsBuilder();
        foreach (var i in Visible(null, [], default, newestOnly: true)) builder.Add(((BinaryColumn)Value(i, fieldId))[_rows[i].Index]);
        var frequencies = new long[terms.Length];
        long documents = 0, tokens = 0;
        builder.AddTo(terms.Span, frequencies, ref documents, ref tokens);
        return new(new Bm25QueryStatistics(documents, tokens, terms.ToArray(), frequencies));
    }

    private List<int> Visible(FilterPlan? filter, ImmutableArray<long> partitions, Timestamp expireBefore, bool newestOnly)
    {
        var found = new List<int>();
        for (var i = 0; i < _rows.Length; i++)
        {
            var row = _rows[i];
            if (row.Timestamp > readAt || row.DeletedAt <= readAt || row.Timestamp < expireBefore) continue;
            if (partitions.IsEmpty || partitions.Contains(row.PartitionId)) found.Add(i);
        }
        if (filter is not null) found = Filtered(filter, found);
        if (newestOnly) found = [.. found.GroupBy(i => _rows[i].Key).Select(g => g.MaxBy(i => _rows[i].Timestamp))];
        return found;
    }

    private List<int> Filtered(FilterPlan filter, List<int> candidates)
    {
        var words = new ulong[Validity.WordCount(candidates.Count)];
        words.AsSpan().Fill(ulong.MaxValue);
        var blocks = new ModelBlocks(candidates.Count, id => Collect(collection.Schema.Find(id)!, candidates));
        FilterEvaluator.Evaluate(filter, blocks, candidates.Count, words);
        return [.. candidates.Where((_, i) => (words[i >> 6] >> (i & 63) & 1) != 0)];
    }

    private IEnumerable<Column> States(Aggregate aggregate, List<int> found)
    {
        Column Longs(Func<int, long?> of)
        {
            var builder = new FixedColumnBuilder<long>(DataType.Int64);
            for (var i = 0; i < found.Count; i++)
            {
                if (of(i) is { } value) builder.Append(value);
                else builder.AppendNull();
            }
            return builder.Build();
        }
        if (aggregate.Field is not { } field) return [Longs(_ => 1)];
        var values = Collect(field, found);
        double? Number(int i) => values.IsNull(i) ? null : double.Parse(Given.Show(values, i), System.Globalization.CultureInfo.InvariantCulture);
        Column Doubles(Func<int, double?> of)
        {
            var builder = new FixedColumnBuilder<double>(DataType.Double);
            for (var i = 0; i < found.Count; i++)
            {
                if (of(i) is { } value) builder.Append(value);
                else builder.AppendNull();
            }
            return builder.Build();
        }
        return aggregate.Kind switch
        {
            AggregateKind.Count => [Longs(i => values.IsNull(i) ? 0 : 1)],
            AggregateKind.Sum when aggregate.ResultType == DataType.Int64 => [Longs(i => (long?)Number(i))],
            AggregateKind.Sum => [Doubles(Number)],
            AggregateKind.Average => [Doubles(i => Number(i) ?? 0), Longs(i => values.IsNull(i) ? 0 : 1)],
            _ => [values],
        };
    }

    private Column Value(int row, long fieldId) => _rows[row].Batch.Find(fieldId)!;

    private Column Collect(FieldSchema field, List<int> found)
    {
        var builder = ColumnBuilder.For(field);
        foreach (var i in found) builder.AppendFrom(Value(i, field.Id), _rows[i].Index);
        return builder.Build();
    }

    private PrimaryKeys Keys(List<int> found) => new(Collect(collection.Schema.PrimaryKey, found));

    private int CompareKeys(int a, int b)
    {
        var id = collection.Schema.PrimaryKey.Id;
        return Value(a, id) is FixedColumn<long> x
            ? x.Values[_rows[a].Index].CompareTo(((FixedColumn<long>)Value(b, id)).Values[_rows[b].Index])
            : ((BinaryColumn)Value(a, id))[_rows[a].Index].SequenceCompareTo(((BinaryColumn)Value(b, id))[_rows[b].Index]);
    }

    private string GroupText(int row, ImmutableArray<GroupTarget> targets) => string.Join('|', targets.Select(t => Given.Show(t.Project(Collect(t.Field, [row])), 0)));

    private static bool InRange(ShardSearch request, float score)
    {
        var larger = request.Metric.LargerIsBetter();
        if (request.Radius is { } radius && !(larger ? score > radius : score < radius)) return false;
        if (request.Metric == MetricType.BM25 && score <= 0) return false;
        return request.RangeFilter is not { } filter || (larger ? score <= filter : score >= filter);
    }

    private float Score(ShardSearch request, ReadOnlySpan<byte> query, int row)
    {
        if (Value(row, request.Field.Id) is BinaryColumn sparse)
        {
            var stored = SparseRow.Elements(sparse[_rows[row].Index]);
            var wanted = SparseRow.Elements(query);
            return request.Bm25 is { } scoring ? Bm25(scoring, wanted, stored) : SparseRow.Dot(wanted, stored);
        }
        var vectors = (VectorColumn)Value(row, request.Field.Id);
        return Dense(request.Metric, MemoryMarshal.Cast<byte, float>(query), MemoryMarshal.Cast<byte, float>(vectors[_rows[row].Index]));
    }

    private static float Bm25(Bm25Scoring scoring, ReadOnlySpan<SparseElement> query, ReadOnlySpan<SparseElement> stored)
    {
        double length = 0, score = 0;
        foreach (var e in stored) length += e.Value;
        foreach (var q in query)
            foreach (var e in stored)
                if (e.Index == q.Index)
                    score += q.Value * scoring.InverseDocumentFrequency(q.Index) * e.Value * (scoring.K1 + 1)
                        / (e.Value + (scoring.K1 * (1 - scoring.B + (scoring.B * length / scoring.AverageLength))));
        return (float)score;
    }

    private static float Dense(MetricType metric, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, distance = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += a[i] * b[i];
            distance += (a[i] - b[i]) * (a[i] - b[i]);
            aa += a[i] * a[i];
            bb += b[i] * b[i];
        }
        return (float)(metric switch
        {
            MetricType.L2 => distance,
            MetricType.IP => dot,
            _ => aa == 0 || bb == 0 ? 0 : dot / Math.Sqrt(aa * bb),
        });
    }

    private sealed class ModelBlocks(int count, Func<long, Column> column) : IColumnBlocks
    {
        private readonly Dictionary<long, Column> _columns = [];

        public int RowCount => count;

        public Column GetBlock(long fieldId, int block)
        {
            if (!_columns.TryGetValue(fieldId, out var whole)) _columns[fieldId] = whole = column(fieldId);
            var start = block * ColumnLimits.BlockRows;
            return whole.Slice(start, Math.Min(ColumnLimits.BlockRows, count - start));
        }

        public ColumnStatistics? GetStatistics(long fieldId, int block) => null;
    }
}
