using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Indexes;
using Milvus.Model;
using Milvus.Proxy.Reading.Queries;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>What a page of an iterator changes about its search.</summary>
/// <param name="K">Hits wanted.</param>
/// <param name="RangeFilter">The inclusive bound in place of the request's own; null to keep that.</param>
internal sealed record PageWindow(int K, float? RangeFilter, bool Exhaustive);

/// <summary>Sends a planned search to all shards and merges their hits.</summary>
internal sealed class SearchRunner(TermQueries terms)
{
    private const string ElementBits = "mh_element_bit_width";

    public async Task<MergedHits> RunAsync(ShardReaders readers, SearchPlan plan, PageWindow? page, CancellationToken cancellation)
    {
        var parameters = plan.Parameters;
        ImmutableArray<ShardHits> shards = [];
        ShardSearch? asked = null;
        if (!plan.Filter.IsAlwaysFalse)
        {
            var queries = plan.Keys is { } keys
                ? await VectorsOfAsync(readers, plan, keys, cancellation).ConfigureAwait(false)
                : await terms.EmbedAsync(plan, plan.Vectors!, cancellation).ConfigureAwait(false);
            var search = Shard(readers.Scope, plan, queries, page) with
            {
                Bm25 = await TermQueries.ScoreAsync(readers, plan, queries, cancellation).ConfigureAwait(false),
            };
            asked = search;
            shards = await readers.AskAsync(r => r.SearchAsync(search, cancellation)).ConfigureAwait(false);
        }
        var isGrouped = !plan.GroupBy.IsEmpty;
        var merged = new HitMerger(shards, plan.Metric, plan.Collection.Schema.PrimaryKey.Type)
            .Merge(plan.QueryCount, parameters.Offset, page?.K ?? parameters.TopK, isGrouped ? parameters.Group!.Size : null);
        return isGrouped && parameters.Group!.Size > 1 && asked is not null
            ? await GroupFilling.FillAsync(readers, plan, asked, merged, cancellation).ConfigureAwait(false)
            : merged;
    }

    private static ShardSearch Shard(ReadScope scope, SearchPlan plan, QueryVectors queries, PageWindow? page) => new()
    {
        Field = plan.Field,
        Metric = plan.Metric,
        Queries = queries,
        K = page?.K ?? plan.Parameters.TopK + plan.Parameters.Offset,
        IndexParams = Texts(plan),
        Radius = plan.IndexParams.Radius,
        RangeFilter = page?.RangeFilter ?? plan.IndexParams.RangeFilter,
        Filter = plan.Filter.IsAlwaysTrue ? null : plan.Filter,
        PartitionIds = PartitionPruning.Narrow(scope, plan.Filter),
        IgnoreGrowing = plan.Parameters.IgnoreGrowing,
        ExpireBefore = scope.ExpireBefore,
        GroupBy = plan.GroupBy,
        GroupSize = plan.Parameters.Group?.Size ?? 1,
        StrictGroupSize = plan.Parameters.Group?.Strict ?? false,
        // Whoever asked for an exact index gets exact answers from rows that are not sealed yet, too.
        Exhaustive = page?.Exhaustive ?? (plan.Index?.IndexType is "FLAT" or "BIN_FLAT" or "GPU_BRUTE_FORCE"),
    };

    private static ImmutableDictionary<string, string> Texts(SearchPlan plan)
    {
        var parameters = plan.IndexParams;
        var texts = ImmutableDictionary.CreateBuilder<string, string>();
        texts.AddRange(parameters.Others);
        if (parameters.Candidates is { } candidates) texts["ef"] = candidates.ToString(CultureInfo.InvariantCulture);
        if (parameters.Nprobe is { } nprobe) texts["nprobe"] = nprobe.ToString(CultureInfo.InvariantCulture);
        if (parameters.DropRatio > 0) texts["drop_ratio_search"] = parameters.DropRatio.ToString("R", CultureInfo.InvariantCulture);
        if (parameters.MaxScoreRatio is { } bound) texts["dim_max_score_ratio"] = bound.ToString("R", CultureInfo.InvariantCulture);
        // One sparse index serves all algorithms: the one that the index was made for travels with the search that names no other.
        if (!texts.ContainsKey("search_algo") && plan.Index?.BuildParams.GetValueOrDefault("inverted_index_algo") is { } algorithm) texts["search_algo"] = algorithm;
        if (parameters.RefineFactor > 1) texts["refine_k"] = parameters.RefineFactor.ToString("R", CultureInfo.InvariantCulture);
        // Signatures that no index covers yet are compared too, and their elements are known by the index alone.
        if (plan.Metric == MetricType.MinHashJaccard && plan.Index?.BuildParams.GetValueOrDefault(ElementBits) is { } bits) texts[ElementBits] = bits;
        return texts.ToImmutable();
    }

    /// <summary>The searched field's vectors of the rows with the given keys, in their order.</summary>
    /// <exception cref="MilvusException">1100: a row does not exist.</exception>
    private static async Task<QueryVectors> VectorsOfAsync(ShardReaders readers, SearchPlan plan, PrimaryKeys keys, CancellationToken cancellation)
    {
        var schema = plan.Collection.Schema;
        KeyChecks.RequireType(schema, keys);
        var query = QueryExecutor.Shard(readers.Scope, Filters.ForKeys(schema, keys));
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
        return QueryVectorChecks.FromColumn(plan.Field, await new RowFetch(readers, rows).FetchAsync(plan.Field, cancellation).ConfigureAwait(false));
    }
}
