using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>Answers queries: rows by filter or key, ascending by primary key, and counts.</summary>
internal sealed partial class QueryExecutor(IShardGateway gateway, ReadScopes scopes, Filters filters, ProxyOptions options)
{
    private const string CountColumn = "count(*)";

    public async Task<QueryResult> QueryAsync(CollectionInfo collection, QueryRequest request, CancellationToken cancellation)
    {
        var parameters = QueryParameters.Parse(request.Params);
        CollectionIdCheck.Check(collection, request.Params);
        var scope = scopes.Resolve(collection, request.Partitions, request.ConsistencyLevel, request.GuaranteeTimestamp, parameters.IsIterator);
        var count = IsCount(request.OutputFields);
        var output = count ? null : OutputFields.Resolve(collection, request.OutputFields, always: true);
        var filter = Compile(collection, request);
        if (count && parameters.HasWindow) throw MilvusException.InvalidParameter("count entities with pagination is not allowed");
        if (!count && filter.IsAlwaysTrue && parameters.Limit is null) throw MilvusException.InvalidParameter("empty expression should be used with limit");

        using var readers = await ShardReaders.OpenAsync(gateway, scope, cancellation).ConfigureAwait(false);
        var query = Shard(scope, filter, parameters);
        return output is null
            ? await CountAsync(readers, query, cancellation).ConfigureAwait(false)
            : await RowsAsync(readers, query, parameters, output, cancellation).ConfigureAwait(false);
    }

    /// <summary>What each shard is asked; partitions that the partition key rules out are left out.</summary>
    public static ShardQuery Shard(ReadScope scope, FilterPlan filter, QueryParameters? parameters = null)
    {
        return new ShardQuery
        {
            Filter = filter.IsAlwaysTrue ? null : filter,
            PartitionIds = PartitionPruning.Narrow(scope, filter),
            ExpireBefore = scope.ExpireBefore,
            IgnoreGrowing = parameters?.IgnoreGrowing ?? false,
            Limit = parameters?.Limit is { } limit ? limit + parameters.Offset : null,
        };
    }

    private FilterPlan Compile(CollectionInfo collection, QueryRequest request)
    {
        if (request.Keys is not { } keys)
            return filters.Compile(collection, request.Expression, request.Templates, request.Params.GetValueOrDefault("timezone"));
        KeyChecks.RequireType(collection.Schema, keys);
        return Filters.ForKeys(collection.Schema, keys);
    }

    private static async Task<QueryResult> CountAsync(ShardReaders readers, ShardQuery query, CancellationToken cancellation)
    {
        long total = 0;
        if (query.Filter is not { IsAlwaysFalse: true })
            foreach (var n in await readers.AskAsync(r => r.CountAsync(query, cancellation)).ConfigureAwait(false)) total += n;
        var collection = readers.Scope.Collection;
        return new QueryResult
        {
            RowCount = 1,
            Columns = [new NamedColumn(CountColumn, new FixedColumn<long>(DataType.Int64, new[] { total }))],
            OutputFields = [CountColumn],
            PrimaryField = collection.Schema.PrimaryKey.Name,
            ReadAt = readers.ReadAt,
            Collection = collection,
        };
    }

    private async Task<QueryResult> RowsAsync(ShardReaders readers, ShardQuery query, QueryParameters parameters, OutputFields output, CancellationToken cancellation)
    {
        var collection = readers.Scope.Collection;
        var key = collection.Schema.PrimaryKey;
        var found = await KeyedRows.FindAsync(readers, query, parameters.Offset, parameters.Limit, cancellation).ConfigureAwait(false);
        var rows = new RowFetch(readers, found.Rows);
        return new QueryResult
        {
            RowCount = rows.Count,
            Columns = await OutputAssembler.FetchAsync(output, key, found.Ids, rows, options.MaxResultBytes, cancellation).ConfigureAwait(false),
            OutputFields = output.Names,
            PrimaryField = key.Name,
            ReadAt = readers.ReadAt,
            Collection = collection,
        };
    }

    private static bool IsCount(ImmutableArray<string> fields)
    {
        var found = false;
        foreach (var field in fields)
        {
            if (CountAll().IsMatch(field)) found = true;
            else if (Aggregate().Match(field) is { Success: true } other)
                throw new MilvusException(ErrorCode.Unimplemented, $"aggregation {other.Value} is not supported yet");
        }
        if (found && fields.Length > 1) throw MilvusException.InvalidParameter($"{CountColumn} can not be combined with other output fields");
        return found;
    }

    [GeneratedRegex(@"^\s*count\s*\(\s*\*\s*\)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex CountAll();

    [GeneratedRegex(@"^\s*(count|sum|avg|min|max)\s*\([^()]*\)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Aggregate();
}
