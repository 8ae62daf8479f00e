using System.Collections.Immutable;
using Milvus.Coordinator.Indexes;
using Milvus.Model;
using Milvus.Proxy.Reading.Queries;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>What a page of an iterator changes about its search.</summary>
/// <param name="K">Hits wanted.</param>
/// <param name="RangeFilter">The inclusive bound in place of the request's own; null to keep that.</param>
internal sealed record PageWindow(int K, float? RangeFilter, bool Exhaustive);

/// <summary>Sends a planned search to all shards and merges their hits.</summary>
internal sealed class SearchRunner(TermQueries terms, Filters filters)
{
    public async Task<MergedHits> RunAsync(ShardReaders readers, SearchPlan plan, PageWindow? page, CancellationToken cancellation)
    {
        var parameters = plan.Parameters;
        ImmutableArray<ShardHits> shards = [];
        ShardSearch? asked = null;
        if (!plan.Filter.IsAlwaysFalse) plan = await LookUpAsync(readers, plan, cancellation).ConfigureAwait(false);
        // Rows without a vector that are searched by find nothing.
        var present = plan.Found?.Present;
        if (!plan.Filter.IsAlwaysFalse && present is not { Length: 0 })
        {
            var queries = await terms.EmbedAsync(plan, plan.Found?.Vectors ?? plan.Vectors!, cancellation).ConfigureAwait(false);
            var search = Shard(readers.Scope, plan, queries, page) with
            {
                Bm25 = await TermQueries.ScoreAsync(readers, plan, queries, cancellation).ConfigureAwait(false),
            };
            asked = search;
            shards = await readers.AskAsync(r => r.SearchAsync(search, cancellation)).ConfigureAwait(false);
        }
        var isGrouped = !plan.GroupBy.IsEmpty;
        var merged = new HitMerger(shards, plan.Metric, plan.Collection.Schema.PrimaryKey.Type)
            .Merge(present is { Length: > 0 } ? present.Length : plan.QueryCount, parameters.Offset, page?.K ?? parameters.TopK, isGrouped ? parameters.Group!.Size : null);
        if (isGrouped && parameters.Group!.Size > 1 && asked is not null) merged = await GroupFilling.FillAsync(readers, plan, asked, merged, cancellation).ConfigureAwait(false);
        return present is { Length: > 0 } ? merged.Spread(plan.QueryCount, present) : merged;
    }

    /// <summary>A search by keys together with what it searches by; any other search as it is.</summary>
    /// <exception cref="MilvusException">1100: a row does not exist.</exception>
    public async Task<SearchPlan> LookUpAsync(ShardReaders readers, SearchPlan plan, CancellationToken cancellation) =>
        plan is { Keys: { } keys, Found: null } ? plan with { Found = await VectorsOfAsync(readers, plan, keys, cancellation).ConfigureAwait(false) } : plan;

    private static ShardSearch Shard(ReadScope scope, SearchPlan plan, QueryVectors queries, PageWindow? page) => new()
    {
        Field = plan.Field,
        Metric = plan.Metric,
        Queries = queries,
        K = page?.K ?? plan.Parameters.TopK + plan.Parameters.Offset,
        IndexParams = plan.IndexTexts,
        Radius = plan.IndexParams.Radius,
        RangeFilter = page?.RangeFilter ?? plan.IndexParams.RangeFilter,
        Filter = plan.Filter.IsAlwaysTrue ? null : plan.Filter,
        PartitionIds = PartitionPruning.Narrow(scope, plan.Filter),
        IgnoreGrowing = plan.Parameters.IgnoreGrowing,
        ExpireBefore = scope.ExpireBefore,
        GroupBy = plan.GroupBy,
        GroupSize = plan.Parameters.Group?.Size ?? 1,
        StrictGroupSize = plan.Parameters.Group?.Strict ?? false,
        // Whoever has an exact index gets exact answers from rows that are not sealed yet, too.
        Exhaustive = page?.Exhaustive ?? plan.IsExact,
    };

    // In the order of the keys.
    private async Task<KeyedVectors> VectorsOfAsync(ShardReaders readers, SearchPlan plan, PrimaryKeys keys, CancellationToken cancellation)
    {
        var schema = plan.Collection.Schema;
        KeyChecks.RequireType(schema, keys);
        var query = QueryExecutor.Shard(readers.Scope, filters.ForKeys(plan.Collection, keys));
        var found = await KeyedRows.FindAsync(readers, query, 0, null, cancellation).ConfigureAwait(false);
        var positions = found.Positions();
        var rows = new RowAt[keys.Count];
        var missing = new List<string>();
        for (var i = 0; i < rows.Length; i++)
        {
            var key = KeyValue.Of(keys, i);
            if (positions.TryGetValue(key, out var at)) rows[i] = found.Rows[at];
            else missing.Add(key.ToString());
        }
        if (missing.Count > 0)
            throw MilvusException.InvalidParameter($"some of the provided primary key IDs do not exist: missing IDs = [{string.Join(' ', missing)}]");
        var field = schema.FunctionOf(plan.Field) is { Type: FunctionType.BM25 } function ? schema.Find(function.InputFields[0])! : plan.Field;
        var column = await new RowFetch(readers, rows).FetchAsync(field, cancellation).ConfigureAwait(false);
        int[] present = [.. Enumerable.Range(0, rows.Length).Where(i => !column.IsNull(i))];
        if (present.Length == rows.Length) return new KeyedVectors(Queries(field, column), null);
        if (present.Length == 0) return new KeyedVectors(null, present);
        return new KeyedVectors(Queries(field, column.Take(present)), present);
    }

    private static QueryVectors Queries(FieldSchema field, Column column) => column is BinaryColumn texts && field.Type.IsText()
        ? new QueryVectors(DataType.VarChar, [.. Enumerable.Range(0, texts.Count).Select(texts.GetMemory)])
        : QueryVectorChecks.FromColumn(field, column);
}
