using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>Answers queries: rows by filter or key, ascending by primary key or ordered by fields, and aggregates.</summary>
internal sealed class QueryExecutor(IShardGateway gateway, ReadScopes scopes, Filters filters, ProxyOptions options)
{
    public async Task<QueryResult> QueryAsync(CollectionInfo collection, QueryRequest request, CancellationToken cancellation)
    {
        var parameters = QueryParameters.Parse(request.Params, collection);
        CollectionIdCheck.Check(collection, request.Params);
        var aggregation = AggregationPlan.Find(collection, request.OutputFields, parameters.GroupBy);
        if (aggregation is null) QueryOrder.CheckLimit(parameters);
        if (aggregation is null && parameters.Limit is null && request.Keys is null && string.IsNullOrWhiteSpace(request.Expression)) throw NoLimit();
        var scope = scopes.Resolve(collection, request.Partitions, request.ConsistencyLevel, request.GuaranteeTimestamp, parameters.IsIterator, ReadScopes.Travel(request.Params));
        if (aggregation is not null)
        {
            if (parameters.IsIterator) throw MilvusException.InvalidParameter("aggregations are not supported when doing iteration");
            var groups = Aggregator.Order(collection, aggregation, parameters);
            if (aggregation.GroupBy.IsEmpty && parameters.Limit is not null && aggregation.Aggregates.Any(a => a.Kind == AggregateKind.CountRows))
                throw MilvusException.InvalidParameter("count entities with pagination is not allowed");
            var rows = Shard(scope, Compile(collection, request)) with { IgnoreGrowing = parameters.IgnoreGrowing };
            using var open = await ShardReaders.OpenAsync(gateway, scope, cancellation).ConfigureAwait(false);
            return await Aggregator.QueryAsync(open, aggregation, rows, groups, parameters, cancellation).ConfigureAwait(false);
        }
        var output = OutputFields.Resolve(collection, request.OutputFields, always: true);
        var order = QueryOrder.Resolve(collection, parameters);
        var filter = Compile(collection, request);
        if (filter.IsAlwaysTrue && parameters.Limit is null) throw NoLimit();

        using var readers = await ShardReaders.OpenAsync(gateway, scope, cancellation).ConfigureAwait(false);
        return await RowsAsync(readers, Shard(scope, filter, parameters) with { Order = order }, parameters, output, cancellation).ConfigureAwait(false);
    }

    private static MilvusException NoLimit() => MilvusException.InvalidParameter("empty expression should be used with limit");

    /// <summary>What each shard is asked; partitions that the partition key rules out are left out.</summary>
    public static ShardQuery Shard(ReadScope scope, FilterPlan filter, QueryParameters? parameters = null)
    {
        return new ShardQuery
        {
            Filter = filter.IsAlwaysTrue ? null : filter,
            PartitionIds = PartitionPruning.Narrow(scope, filter),
            ExpireBefore = scope.ExpireBefore,
            IgnoreGrowing = parameters?.IgnoreGrowing ?? false,
            // The row that an iterator stands in may have nothing left.
            Limit = parameters?.Limit is { } limit ? limit + parameters.Offset + (parameters.Cursor is null ? 0 : 1) : null,
        };
    }

    private FilterPlan Compile(CollectionInfo collection, QueryRequest request)
    {
        if (request.Keys is not { } keys)
            return filters.Compile(collection, request.Expression, request.Templates, request.Params.GetValueOrDefault("timezone"));
        KeyChecks.RequireType(collection.Schema, keys);
        return filters.ForKeys(collection, keys);
    }

    private async Task<QueryResult> RowsAsync(ShardReaders readers, ShardQuery query, QueryParameters parameters, OutputFields output, CancellationToken cancellation)
    {
        if (query.Filter is { ElementFilterStruct: not null } filter) return await ElementsAsync(readers, query, filter, parameters, output, cancellation).ConfigureAwait(false);
        var found = await KeyedRows.FindAsync(readers, query, parameters.Offset, parameters.Limit, cancellation).ConfigureAwait(false);
        return await ResultAsync(readers, found, new RowFetch(readers, found.Rows), [], output, cancellation).ConfigureAwait(false);
    }

    /// <summary>Every row has an element that passes, so no more rows are needed than elements.</summary>
    private async Task<QueryResult> ElementsAsync(ShardReaders readers, ShardQuery query, FilterPlan filter, QueryParameters parameters, OutputFields output, CancellationToken cancellation)
    {
        var all = await KeyedRows.FindAsync(readers, query, 0, query.Limit, cancellation).ConfigureAwait(false);
        var passing = await PassingElements.FindAsync(filter, readers.Scope.Collection.Schema, new RowFetch(readers, all.Rows), cancellation).ConfigureAwait(false);
        var (kept, places) = passing.Page(all.Ids, parameters);
        var found = new KeyedRows(new PrimaryKeys(all.Ids.Column.Take(kept)), Array.ConvertAll(kept, row => all.Rows[row]));
        var rows = new RowFetch(readers, found.Rows);
        foreach (var (field, column) in passing.Columns) rows.Know(field, column.Take(kept));
        return await ResultAsync(readers, found, rows, places, output, cancellation).ConfigureAwait(false);
    }

    private async Task<QueryResult> ResultAsync(
        ShardReaders readers, KeyedRows found, RowFetch rows, ImmutableArray<ImmutableArray<int>> elements, OutputFields output, CancellationToken cancellation)
    {
        var collection = readers.Scope.Collection;
        var key = collection.Schema.PrimaryKey;
        var columns = await OutputAssembler.FetchAsync(output, key, found.Ids, rows, options.MaxResultBytes, cancellation).ConfigureAwait(false);
        return new QueryResult
        {
            RowCount = rows.Count,
            Columns = columns,
            OutputFields = output.Names,
            PrimaryField = key.Name,
            Elements = elements,
            ReadAt = readers.ReadAt,
            Collection = collection,
        };
    }
}
