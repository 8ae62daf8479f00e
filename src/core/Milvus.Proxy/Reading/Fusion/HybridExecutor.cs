using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading.Ranking;
using Milvus.Proxy.Reading.Searches;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Fusion;

/// <summary>Answers hybrid searches: several searches of one state, fused into one list per query.</summary>
internal sealed class HybridExecutor(
    IShardGateway gateway, ReadScopes scopes, SearchPlanner planner, SearchRunner runner, HitScoring scoring, IModelGateway models, ProxyOptions options)
{
    public async Task<SearchResult> SearchAsync(CollectionInfo collection, HybridSearchRequest request, CancellationToken cancellation)
    {
        if (request.Requests.Length > Limits.HybridRequests) throw MilvusException.InvalidParameter($"maximum of ann search requests is {Limits.HybridRequests}");
        if (request.Requests.IsEmpty) QueryVectorChecks.CheckCount(0);
        var queries = request.Requests[0].Vectors?.Rows.Length ?? 0;
        var reranker = Reranker.Find(collection, request.Score, queries, models);
        var rank = RankParameters.Parse(request.RankParams, request.Requests.Length, collection, request.Score, reranker);
        var scope = scopes.Resolve(collection, request.Partitions, request.ConsistencyLevel, request.GuaranteeTimestamp, travel: ReadScopes.Travel(request.RankParams));
        ImmutableArray<SearchPlan> plans = [.. request.Requests.Select(r => Plan(collection, WithLimit(r, rank), rank.Group))];
        foreach (var plan in plans)
            if (plan.QueryCount != plans[0].QueryCount)
                throw MilvusException.InvalidParameter("nq of ann search requests must be equal", plans[0].QueryCount, plan.QueryCount);
        var byElement = AreOfOneStruct(plans);
        if (rank.Group is not null && !byElement && plans.Any(p => p.IsElementLevel))
            throw MilvusException.InvalidParameter("group by search is only supported for same-struct element-level vector array fields");
        var collapses = plans.Select(p => ElementCollapse.Of(p, !byElement)).ToArray();
        var output = OutputFields.Resolve(collection, request.OutputFields, always: false);

        using var readers = await ShardReaders.OpenAsync(gateway, scope, cancellation).ConfigureAwait(false);
        var lists = await Task.WhenAll(plans.Select((p, i) => SearchAsync(readers, p, collapses[i], cancellation))).ConfigureAwait(false);
        return await FuseAsync(readers, plans, [.. lists], byElement, rank, reranker, output, cancellation).ConfigureAwait(false);
    }

    private async Task<MergedHits> SearchAsync(ShardReaders readers, SearchPlan plan, ElementCollapse? collapse, CancellationToken cancellation)
    {
        var hits = plan.IsScored
            ? await scoring.SearchAsync(readers, plan, cancellation).ConfigureAwait(false)
            : await runner.RunAsync(readers, plan, null, cancellation).ConfigureAwait(false);
        return collapse is null ? hits : collapse.Apply(hits, plan.Metric.LargerIsBetter());
    }

    // Elements meet each other where all searches rank the elements of one struct; else rows do.
    private static bool AreOfOneStruct(ImmutableArray<SearchPlan> plans)
    {
        var schema = plans[0].Collection.Schema;
        return plans.All(p => p.IsElementLevel && schema.ParentOf(p.Field)?.Id == schema.ParentOf(plans[0].Field)?.Id);
    }

    // A search that does not say how many hits it wants finds as many as the whole; offsets are those of the whole alone.
    private static SearchRequest WithLimit(SearchRequest request, RankParameters rank)
    {
        request = request with { Params = request.Params.Remove("offset") };
        var name = request.Params.ContainsKey("topk") ? "topk" : "limit";
        if (request.Params.TryGetValue(name, out var given) && ParamText.TryInt(given, out _)) return request;
        var all = (rank.Limit + rank.Offset).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return request with { Params = request.Params.SetItem(name, all) };
    }

    private SearchPlan Plan(CollectionInfo collection, SearchRequest request, GroupParameters? group)
    {
        var plan = planner.Plan(collection, request, group, hybrid: true);
        if (plan.Parameters.IsIterator) throw MilvusException.InvalidParameter("hybrid search does not support iteration");
        if (plan.Chains is not null) throw MilvusException.InvalidParameter("function_chains is not supported for hybrid search yet");
        if (request.Aggregation is not null) throw MilvusException.InvalidParameter("hybrid search does not support search aggregation");
        if (request.Highlight is not null) throw MilvusException.InvalidParameter("hybrid search does not support highlighter");
        if (plan.Keys is not null) throw MilvusException.InvalidParameter("hybrid search does not support search by ids");
        if (!plan.Parameters.OrderBy.IsEmpty) throw MilvusException.InvalidParameter("hybrid search does not support order_by_fields");
        if (plan.Reranker is not null) throw MilvusException.InvalidParameter("requests of a hybrid search take boost rankers only");
        return group is null ? plan with { GroupBy = [] } : plan;
    }

    private async Task<SearchResult> FuseAsync(
        ShardReaders readers, ImmutableArray<SearchPlan> plans, ImmutableArray<MergedHits> lists, bool byElement, RankParameters rank, Reranker? reranker, OutputFields output, CancellationToken cancellation)
    {
        var collection = plans[0].Collection;
        var key = collection.Schema.PrimaryKey;
        var fused = new FusedHits(lists, new RankFusion(rank, [.. plans.Select(p => p.Metric)]), rank, byElement);
        var elements = new List<int>();
        var counts = new int[plans[0].QueryCount];
        var scores = new List<float>();
        var rows = new List<RowAt>();
        var ids = ColumnBuilder.For(key);
        ImmutableArray<ColumnBuilder> groups = [.. plans[0].GroupBy.Select(t => ColumnBuilder.For(t.Type))];
        var found = new List<FusedHit>[counts.Length];
        for (var q = 0; q < counts.Length; q++) found[q] = fused.Next(q);
        if (reranker is not null) await RerankAsync(readers, lists, found, reranker, cancellation).ConfigureAwait(false);
        for (var q = 0; q < counts.Length; q++)
        {
            var hits = fused.Select(found[q]);
            counts[q] = hits.Count;
            foreach (var hit in hits)
            {
                var list = lists[hit.List];
                scores.Add((float)hit.Score);
                rows.Add(list.RowOf(hit.Hit));
                if (byElement) elements.Add(hit.Element);
                ids.AppendFrom(list.Ids.Column, hit.Hit);
                for (var t = 0; t < groups.Length; t++) groups[t].AppendFrom(list.GroupValues[t], hit.Hit);
            }
        }
        var final = scores.ToArray();
        ScoreRounding.Round(final, rank.RoundDecimal);
        var keys = new PrimaryKeys(ids.Build());
        var fetch = new RowFetch(readers, rows.ToArray());
        return new SearchResult
        {
            QueryCount = counts.Length,
            TopKs = [.. counts],
            Scores = [.. final],
            Ids = keys,
            Columns = await OutputAssembler.FetchAsync(output, key, keys, fetch, options.MaxResultBytes, cancellation).ConfigureAwait(false),
            OutputFields = output.Names,
            PrimaryField = key.Name,
            GroupBy = plans[0].GroupColumns([.. groups.Select(g => g.Build())]),
            Elements = [.. elements],
            Examined = lists.Sum(l => l.Examined),
            ReadAt = readers.ReadAt,
            Collection = collection,
        };
    }

    private static async Task RerankAsync(ShardReaders readers, ImmutableArray<MergedHits> lists, List<FusedHit>[] found, Reranker reranker, CancellationToken cancellation)
    {
        var rows = found.SelectMany(q => q.Select(h => lists[h.List].RowOf(h.Hit))).ToArray();
        if (rows.Length == 0) return;
        double[] scores = [.. found.SelectMany(q => q.Select(h => h.Score))];
        var better = await reranker.ScoreAsync(new RowFetch(readers, rows), scores, [.. found.Select(q => q.Count)], cancellation).ConfigureAwait(false);
        var next = 0;
        foreach (var q in found)
            for (var i = 0; i < q.Count; i++) q[i] = q[i] with { Score = better[next++] };
    }
}
