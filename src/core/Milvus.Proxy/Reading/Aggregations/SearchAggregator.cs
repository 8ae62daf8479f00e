using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Aggregations;

/// <summary>Runs a search whose answer is buckets: a grouped search by the key fields of all levels, then the buckets of what it finds.</summary>
internal sealed class SearchAggregator(SearchRunner runner)
{
    /// <summary>The search that finds the hits of the buckets.</summary>
    /// <exception cref="MilvusException">1100: the aggregation does not fit the collection or the request.</exception>
    public static (SearchPlan Plan, AggregationLevel Top) Plan(SearchPlan plan, SearchAggregation request)
    {
        var parameters = plan.Parameters;
        if (plan.Keys is not null) throw MilvusException.InvalidParameter("search aggregation is not supported with search by ids");
        if (parameters.Offset > 0) throw MilvusException.InvalidParameter("offset is not supported with search_aggregation");
        if (parameters.IsIterator) throw MilvusException.InvalidParameter("search iterator is not supported with search_aggregation");
        if (!plan.GroupBy.IsEmpty) throw MilvusException.InvalidParameter("group_by_field and search_aggregation cannot be used simultaneously");
        if (!parameters.OrderBy.IsEmpty) throw MilvusException.InvalidParameter("search aggregation is not supported with order_by_fields");
        if (plan.IsScored) throw MilvusException.InvalidParameter("search aggregation is not supported with function score");
        var top = AggregationLevel.Parse(plan.Collection, request, plan.QueryCount);
        ImmutableArray<FieldSchema> fields = [.. top.All.SelectMany(l => l.Fields).DistinctBy(f => f.Id)];
        ImmutableArray<GroupTarget> groupBy = [.. fields.Select(f => new GroupTarget(f))];
        ListSearchRules.CheckControls(plan.Collection.Schema, plan.Field, plan.Metric, parameters, groupBy, isRange: false, hybrid: false);
        var groups = 1;
        foreach (var level in top.All) groups *= level.SearchSize;
        var group = new GroupParameters([.. fields.Select(f => f.Name)], IsList: true, Math.Max(1, top.All.Max(l => l.TopHits)), Strict: false);
        return (plan with { GroupBy = groupBy, Parameters = parameters with { Group = group, TopK = groups } }, top);
    }

    public async Task<(MergedHits Hits, ImmutableArray<ImmutableArray<AggregationBucket>> Buckets)> SearchAsync(
        ShardReaders readers, SearchPlan plan, AggregationLevel top, CancellationToken cancellation)
    {
        var hits = await runner.RunAsync(readers, plan, null, cancellation).ConfigureAwait(false);
        var fetch = new RowFetch(readers, hits.Rows());
        var values = new Dictionary<long, Column>();
        for (var t = 0; t < plan.GroupBy.Length && !hits.GroupValues.IsEmpty; t++) values[plan.GroupBy[t].Field.Id] = hits.GroupValues[t];
        foreach (var field in top.All.SelectMany(l => l.Metrics.Select(m => m.Field).Concat(l.HitSort.Select(s => s.Field)).Concat(l.Fields)))
            if (field is not null && !values.ContainsKey(field.Id)) values[field.Id] = await fetch.FetchAsync(field, cancellation).ConfigureAwait(false);
        var builder = new BucketBuilder(hits, values, plan.Metric.LargerIsBetter());
        var buckets = ImmutableArray.CreateBuilder<ImmutableArray<AggregationBucket>>(hits.Counts.Length);
        for (int query = 0, first = 0; query < hits.Counts.Length; first += hits.Counts[query++])
        {
            var best = Enumerable.Range(first, hits.Counts[query]).ToArray();
            // Hits come group by group; buckets of fewer fields want them by score.
            Array.Sort(best, (a, b) => (plan.Metric.LargerIsBetter() ? hits.Scores[b].CompareTo(hits.Scores[a]) : hits.Scores[a].CompareTo(hits.Scores[b])) is not 0 and var order ? order : a.CompareTo(b));
            buckets.Add(builder.Build(top, best));
        }
        return (hits, buckets.MoveToImmutable());
    }
}
