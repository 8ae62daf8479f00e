using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy.Reading.Ranking.Chains;

/// <summary>
/// Function chains of a search, checked: the stages in order, each a list of steps over the hits. All stages run over the merged hits, where Milvus runs
/// the first two over those of a segment and of a node; behind them hits are sorted by score, behind the last the chain's own order stays.
/// </summary>
internal sealed class FunctionChainPlan
{
    private readonly ImmutableArray<(ChainStage Stage, ImmutableArray<ChainOperator> Steps)> _stages;
    private readonly ImmutableArray<FieldSchema> _fields;

    private FunctionChainPlan(ImmutableArray<(ChainStage, ImmutableArray<ChainOperator>)> stages, ImmutableArray<FieldSchema> fields)
    {
        _stages = stages;
        _fields = fields;
    }

    public static string NameOf(ChainStage stage) => stage switch
    {
        ChainStage.Ingestion => "ingestion",
        ChainStage.PreProcess => "preprocess",
        ChainStage.Level0Rerank => "L0_rerank",
        ChainStage.Level1Rerank => "L1_rerank",
        ChainStage.Level2Rerank => "L2_rerank",
        ChainStage.PostProcess => "postprocess",
        _ => "unspecified",
    };

    /// <summary>Null when the search has no chains.</summary>
    /// <exception cref="MilvusException">1100: chains that this search cannot have, or that are wrong by themselves.</exception>
    public static FunctionChainPlan? Find(CollectionInfo collection, SearchRequest request, SearchParameters parameters, int queries, IModelGateway models)
    {
        if (request.Chains.IsEmpty) return null;
        if (request.Score is not null) throw MilvusException.InvalidParameter("function_score and function_chains cannot be used together");
        if (parameters.IsIterator) throw MilvusException.InvalidParameter("function_chains is not supported with search iterator");
        if (!parameters.OrderBy.IsEmpty) throw MilvusException.InvalidParameter("order_by and function_chains cannot be used together: they specify conflicting sort criteria");
        if (request.Aggregation is not null) throw MilvusException.InvalidParameter("function_chains is not supported with search aggregation");
        var fields = new List<FieldSchema>();
        var stages = new List<(ChainStage Stage, ImmutableArray<ChainOperator> Steps)>();
        foreach (var chain in request.Chains)
        {
            if (chain.Stage is not (ChainStage.Level0Rerank or ChainStage.Level1Rerank or ChainStage.Level2Rerank))
                throw MilvusException.InvalidParameter($"unsupported function chain stage: {NameOf(chain.Stage)}");
            if (stages.Any(s => s.Stage == chain.Stage)) throw MilvusException.InvalidParameter($"duplicate function chain stage: {NameOf(chain.Stage)}");
            var parser = new ChainParser(collection, chain.Stage, queries, models, fields);
            stages.Add((chain.Stage, [.. chain.Steps.Select(parser.Parse).OfType<ChainOperator>()]));
        }
        return new FunctionChainPlan([.. stages.OrderBy(s => s.Stage)], [.. fields]);
    }

    /// <summary>The hits as the chains leave them.</summary>
    /// <param name="largerIsBetter">
    /// Whether scores are similarities. Distances are negated for the stages before the last, which put the largest scores first, and turned back behind them.
    /// </param>
    /// <exception cref="MilvusException">2 and 2400: a model could not be asked.</exception>
    public async Task<MergedHits> ApplyAsync(ShardReaders readers, MergedHits hits, bool largerIsBetter, CancellationToken cancellation)
    {
        if (hits.Scores.Length == 0) return hits;
        var fetch = new RowFetch(readers, hits.Rows());
        var fetched = new Dictionary<string, FrameColumn>(StringComparer.Ordinal);
        foreach (var field in _fields) fetched[field.Name] = FrameColumn.Of(await fetch.FetchAsync(field, cancellation).ConfigureAwait(false));
        var frame = new HitFrame(hits);
        foreach (var (stage, steps) in _stages)
        {
            var isEarly = stage != ChainStage.Level2Rerank;
            // Columns that an earlier stage wrote are its own: each begins with the fields as they are.
            foreach (var (name, column) in fetched) frame[name] = column;
            if (isEarly && !largerIsBetter) frame.NegateScores();
            foreach (var step in steps) await step.RunAsync(frame, cancellation).ConfigureAwait(false);
            if (isEarly) frame.Sort(HitFrame.Score, descending: true, HitFrame.Key);
            if (isEarly && !largerIsBetter) frame.NegateScores();
        }
        return frame.ToHits();
    }
}
