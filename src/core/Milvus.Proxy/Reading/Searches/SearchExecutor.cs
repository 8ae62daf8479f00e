using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Proxy.Reading.Aggregations;
using Milvus.Proxy.Reading.Highlighting;
using Milvus.Proxy.Reading.Ranking;
using Milvus.Text.Analyzers;
using Milvus.Vectors;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Answers plain searches and the pages of search iterators.</summary>
internal sealed class SearchExecutor(IShardGateway gateway, ReadScopes scopes, SearchPlanner planner, SearchRunner runner, HitScoring scoring, SearchAggregator aggregator, AnalyzerRegistry analyzers, IModelGateway models, ProxyOptions options)
{
    private readonly IteratorPlaces _places = new(options.RememberedIterators);

    public Task<SearchResult> SearchAsync(CollectionInfo collection, SearchRequest request, CancellationToken cancellation) =>
        request.Template?.Find(collection) is { } planned ? SearchAgainAsync(planned, request, cancellation) : PlanAndSearchAsync(collection, request, cancellation);

    /// <summary>A search like one before it: only its vectors have to be checked.</summary>
    private async Task<SearchResult> SearchAgainAsync(PlannedSearch planned, SearchRequest request, CancellationToken cancellation)
    {
        var collection = planned.Plan.Collection;
        SearchPlanner.CheckQueries(planned.Plan.Field, planned.Plan.Metric, request, planned.Plan.Parameters);
        var scope = scopes.Resolve(collection, request.Partitions, request.ConsistencyLevel, request.GuaranteeTimestamp);
        var plan = planned.Plan with { Vectors = request.Vectors };
        using var readers = await ShardReaders.OpenAsync(gateway, scope, cancellation).ConfigureAwait(false);
        var found = await runner.RunAsync(readers, plan, null, cancellation).ConfigureAwait(false);
        return await ResultAsync(readers, plan, planned.Output, found, null, cancellation).ConfigureAwait(false);
    }

    private async Task<SearchResult> PlanAndSearchAsync(CollectionInfo collection, SearchRequest request, CancellationToken cancellation)
    {
        var iterator = ParamText.IsTrue(request.Params.GetValueOrDefault("iterator"));
        var scope = scopes.Resolve(collection, request.Partitions, request.ConsistencyLevel, request.GuaranteeTimestamp, iterator, ReadScopes.Travel(request.Params));
        HighlightPlan.Check(collection, request);
        var plan = planner.Plan(collection, request);
        var output = OutputFields.Resolve(collection, request.OutputFields, always: false);
        var order = HitOrdering.Find(collection, plan.Parameters.OrderBy);
        var highlight = HighlightPlan.NeedsTexts(plan, request.Highlight) ? null : HighlightPlan.Find(plan, request.Highlight, analyzers, models);
        if (request.Template is { } template && PlannedSearch.IsLasting(plan, request)) template.Remember(PlannedSearch.Of(plan, output));
        if (request.Aggregation is { } aggregation)
        {
            if (request.Highlight is not null) throw MilvusException.InvalidParameter("highlighter and search_aggregation cannot be used simultaneously");
            (plan, var top) = SearchAggregator.Plan(plan, aggregation);
            using var open = await ShardReaders.OpenAsync(gateway, scope, cancellation).ConfigureAwait(false);
            var (all, buckets) = await aggregator.SearchAsync(open, plan, top, cancellation).ConfigureAwait(false);
            return await ResultAsync(open, plan, output, all, null, cancellation).ConfigureAwait(false) with { Buckets = buckets };
        }

        using var readers = await ShardReaders.OpenAsync(gateway, scope, cancellation).ConfigureAwait(false);
        if (plan.Parameters.Page is not { } page)
        {
            if (HighlightPlan.NeedsTexts(plan, request.Highlight))
            {
                plan = await runner.LookUpAsync(readers, plan, cancellation).ConfigureAwait(false);
                highlight = HighlightPlan.Find(plan, request.Highlight, analyzers, models);
            }
            var found = plan.IsScored
                ? await scoring.SearchAsync(readers, plan, cancellation).ConfigureAwait(false)
                : await runner.RunAsync(readers, plan, null, cancellation).ConfigureAwait(false);
            if (order is not null) found = await order.ApplyAsync(readers, found, cancellation).ConfigureAwait(false);
            return await ResultAsync(readers, plan, output, found, highlight, cancellation).ConfigureAwait(false);
        }
        var (hits, bound) = await PageAsync(readers, plan, page, cancellation).ConfigureAwait(false);
        var result = await ResultAsync(readers, plan, output, hits, null, cancellation).ConfigureAwait(false);
        return result with { IteratorToken = page.Token.ToString(), IteratorLastBound = bound };
    }

    /// <summary>
    /// The hits behind the last bound: the search starts at the bound itself and leaves out what was given out with that very score. A
    /// place that is not known any more starts strictly behind the bound.
    /// </summary>
    private async Task<(MergedHits Hits, float Bound)> PageAsync(ShardReaders readers, SearchPlan plan, SearchPage page, CancellationToken cancellation)
    {
        if (page.LastBound is not { } last)
        {
            var first = await runner.RunAsync(readers, plan, null, cancellation).ConfigureAwait(false);
            return (first, Remember(plan.Metric, page, first, null));
        }
        var given = _places.Find(page.Token, last);
        var start = given is not null ? last : plan.Metric.LargerIsBetter() ? MathF.BitDecrement(last) : MathF.BitIncrement(last);
        var window = new PageWindow(page.BatchSize + (given?.Keys.Count ?? 0), start, Exhaustive: true);
        var hits = await runner.RunAsync(readers, plan, window, cancellation).ConfigureAwait(false);
        var fresh = hits.TakeOfSingleQuery(Fresh(hits, last, given, page.BatchSize));
        return (fresh, Remember(plan.Metric, page, fresh, given));
    }

    private static int[] Fresh(MergedHits hits, float last, HitNames? given, int most)
    {
        var known = new HashSet<(KeyValue, int)>();
        for (var i = 0; i < (given?.Keys.Count ?? 0); i++) known.Add(given![i]);
        var fresh = new List<int>(most);
        for (var i = 0; i < hits.Scores.Length && fresh.Count < most; i++)
            if (hits.Scores[i] != last || !known.Contains((KeyValue.Of(hits.Ids, i), hits.ElementOf(i)))) fresh.Add(i);
        return [.. fresh];
    }

    private float Remember(MetricType metric, SearchPage page, MergedHits hits, HitNames? given)
    {
        if (hits.Scores.Length == 0) return page.LastBound ?? (metric.LargerIsBetter() ? float.MaxValue : float.MinValue);
        var bound = hits.Scores[^1];
        var keys = ColumnBuilder.For(hits.Ids.Column.Type);
        var elements = new List<int>();
        if (bound == page.LastBound && given is not null)
        {
            for (var i = 0; i < given.Keys.Count; i++) keys.AppendFrom(given.Keys.Column, i);
            elements.AddRange(given.Elements);
        }
        for (var i = 0; i < hits.Scores.Length; i++)
        {
            if (hits.Scores[i] != bound) continue;
            keys.AppendFrom(hits.Ids.Column, i);
            if (hits.ElementOf(i) is >= 0 and var element) elements.Add(element);
        }
        _places.Remember(page.Token, bound, new HitNames(new PrimaryKeys(keys.Build()), [.. elements]));
        return bound;
    }

    private async Task<SearchResult> ResultAsync(ShardReaders readers, SearchPlan plan, OutputFields output, MergedHits hits, HighlightPlan? highlight, CancellationToken cancellation)
    {
        var key = plan.Collection.Schema.PrimaryKey;
        ImmutableArray<NamedColumn> columns = [];
        RowFetch? fetch = null;
        if (!output.IsEmpty || highlight is not null)
        {
            fetch = new RowFetch(readers, hits.Rows());
            columns = await OutputAssembler.FetchAsync(output, key, hits.Ids, fetch, options.MaxResultBytes, cancellation).ConfigureAwait(false);
        }
        var scores = hits.Scores;
        if (plan.Parameters.RoundDecimal != ScoreRounding.Off)
        {
            scores = (float[])scores.Clone();
            ScoreRounding.Round(scores, plan.Parameters.RoundDecimal);
        }
        return new SearchResult
        {
            QueryCount = plan.QueryCount,
            // Nobody writes to what was found.
            TopKs = ImmutableCollectionsMarshal.AsImmutableArray(hits.Counts),
            Scores = ImmutableCollectionsMarshal.AsImmutableArray(scores),
            Ids = hits.Ids,
            Columns = columns,
            OutputFields = output.Names,
            PrimaryField = key.Name,
            GroupBy = plan.GroupColumns(hits.GroupValues),
            Elements = ImmutableCollectionsMarshal.AsImmutableArray(hits.Elements),
            Highlights = highlight is null ? [] : await highlight.HighlightAsync(fetch!, hits.Counts, cancellation).ConfigureAwait(false),
            Examined = hits.Examined,
            ReadAt = readers.ReadAt,
            Collection = plan.Collection,
        };
    }
}
