using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>Answers queries with aggregates: every shard aggregates its rows, groups are put together, ordered and cut here.</summary>
internal static class Aggregator
{
    /// <param name="order">Of <see cref="Order"/>.</param>
    public static async Task<QueryResult> QueryAsync(
        ShardReaders readers, AggregationPlan plan, ShardQuery query, ImmutableArray<(SortKey Key, int Column)> order, QueryParameters parameters, CancellationToken cancellation)
    {
        var (count, keys, results) = plan.IsCount
            ? await CountAsync(readers, query, cancellation).ConfigureAwait(false)
            : await AggregateAsync(readers, plan, query, cancellation).ConfigureAwait(false);
        if (!plan.GroupBy.IsEmpty)
        {
            var rows = Window(order, keys, count, parameters);
            (count, keys, results) = (rows.Length, [.. keys.Select(k => k.Take(rows))], [.. results.Select(r => r.Take(rows))]);
        }
        var collection = readers.Scope.Collection;
        return new QueryResult
        {
            RowCount = count,
            Columns = [.. plan.Outputs.Select(o => new NamedColumn(o.Name, o.IsAggregate ? results[o.Index] : keys[o.Index]))],
            OutputFields = [.. plan.Outputs.Select(o => o.Name)],
            PrimaryField = collection.Schema.PrimaryKey.Name,
            ReadAt = readers.ReadAt,
            Collection = collection,
        };
    }

    private static async Task<(int, ImmutableArray<Column>, ImmutableArray<Column>)> CountAsync(ShardReaders readers, ShardQuery query, CancellationToken cancellation)
    {
        long total = 0;
        if (query.Filter is not { IsAlwaysFalse: true })
            foreach (var n in await readers.AskAsync(r => r.CountAsync(query, cancellation)).ConfigureAwait(false)) total += n;
        return (1, [], [new FixedColumn<long>(DataType.Int64, new[] { total })]);
    }

    private static async Task<(int, ImmutableArray<Column>, ImmutableArray<Column>)> AggregateAsync(
        ShardReaders readers, AggregationPlan plan, ShardQuery query, CancellationToken cancellation)
    {
        var table = new GroupTable(plan.GroupBy, plan.Aggregates);
        if (query.Filter is not { IsAlwaysFalse: true })
        {
            var wanted = new ShardAggregation { Rows = query with { Limit = null, Order = [] }, GroupBy = plan.GroupBy, Aggregates = plan.Aggregates };
            foreach (var states in await readers.AskAsync(r => r.AggregateAsync(wanted, cancellation)).ConfigureAwait(false)) table.Add(states);
        }
        return table.Finish();
    }

    /// <summary>The order asked for, then the group fields in theirs, so that windows of one request do not overlap.</summary>
    /// <exception cref="MilvusException">1100: rows are ordered by something that is no group column.</exception>
    public static ImmutableArray<(SortKey Key, int Column)> Order(CollectionInfo collection, AggregationPlan plan, QueryParameters parameters)
    {
        var order = ImmutableArray.CreateBuilder<(SortKey, int)>();
        foreach (var key in QueryOrder.Fields(collection, parameters))
        {
            var column = plan.GroupBy.IndexOf(key.Field);
            if (column < 0) throw MilvusException.InvalidParameter($"ORDER BY field '{key.Field.Name}' is not valid: when using GROUP BY or aggregates, ORDER BY can only reference GROUP BY columns. Valid targets are: [{string.Join(' ', plan.GroupBy.Select(f => f.Name))}]");
            order.Add((key, column));
        }
        for (var g = 0; g < plan.GroupBy.Length; g++) order.Add((new SortKey(plan.GroupBy[g]), g));
        return order.ToImmutable();
    }

    private static int[] Window(ImmutableArray<(SortKey Key, int Column)> order, ImmutableArray<Column> keys, int count, QueryParameters parameters)
    {
        var rows = new int[count];
        for (var i = 0; i < count; i++) rows[i] = i;
        Array.Sort(rows, (a, b) =>
        {
            foreach (var (key, column) in order)
                if (key.Compare(keys[column], a, keys[column], b) is not 0 and var c) return c;
            return 0;
        });
        var from = Math.Min(parameters.Offset, count);
        return rows[from..Math.Min(count, parameters.Limit is { } limit ? from + limit : count)];
    }
}
