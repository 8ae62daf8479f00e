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
    private readonly ImmutableArray<(ChainStage Stage, ImmutableArray<Step> Steps)> _stages;
    private readonly ImmutableArray<FieldSchema> _fields;

    private FunctionChainPlan(ImmutableArray<(ChainStage, ImmutableArray<Step>)> stages, ImmutableArray<FieldSchema> fields)
    {
        _stages = stages;
        _fields = fields;
    }

    /// <summary>One step: a map has an expression, a sort a column, a limit neither.</summary>
    private sealed record Step(string Output, ChainExpression? Expression, string SortBy, bool Descending, string? TieBreak, int Offset, int Limit);

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
        var stages = new List<(ChainStage Stage, ImmutableArray<Step> Steps)>();
        foreach (var chain in request.Chains)
        {
            if (chain.Stage is not (ChainStage.Level0Rerank or ChainStage.Level1Rerank or ChainStage.Level2Rerank))
                throw MilvusException.InvalidParameter($"unsupported function chain stage: {NameOf(chain.Stage)}");
            if (stages.Any(s => s.Stage == chain.Stage)) throw MilvusException.InvalidParameter($"duplicate function chain stage: {NameOf(chain.Stage)}");
            var written = new HashSet<string>(StringComparer.Ordinal) { HitFrame.Score, HitFrame.Key };
            var steps = ImmutableArray.CreateBuilder<Step>(chain.Steps.Length);
            foreach (var step in chain.Steps) steps.Add(Parse(collection, chain.Stage, step, written, fields, queries, models));
            stages.Add((chain.Stage, steps.MoveToImmutable()));
        }
        return new FunctionChainPlan([.. stages.OrderBy(s => s.Stage)], [.. fields]);
    }

    /// <summary>The hits as the chains leave them.</summary>
    /// <exception cref="MilvusException">2400: a model could not be asked.</exception>
    public async Task<MergedHits> ApplyAsync(ShardReaders readers, MergedHits hits, CancellationToken cancellation)
    {
        if (hits.Scores.Length == 0) return hits;
        var rows = new RowAt[hits.Scores.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = hits.RowOf(i);
        var fetch = new RowFetch(readers, rows);
        var fetched = new Dictionary<string, FrameColumn>(StringComparer.Ordinal);
        foreach (var field in _fields) fetched[field.Name] = FrameColumn.Of(await fetch.FetchAsync(field, cancellation).ConfigureAwait(false));
        var frame = new HitFrame(hits);
        foreach (var (stage, steps) in _stages)
        {
            // Columns that an earlier stage wrote are its own: each begins with the fields as they are.
            foreach (var (name, column) in fetched) frame[name] = column;
            foreach (var step in steps) await RunAsync(frame, step, cancellation).ConfigureAwait(false);
            if (stage != ChainStage.Level2Rerank) frame.Sort(HitFrame.Score, descending: true, HitFrame.Key);
        }
        return frame.ToHits();
    }

    private static async ValueTask RunAsync(HitFrame frame, Step step, CancellationToken cancellation)
    {
        if (step.Expression is { } expression) frame[step.Output] = await expression.EvaluateAsync(frame, cancellation).ConfigureAwait(false);
        else if (step.SortBy.Length > 0) frame.Sort(step.SortBy, step.Descending, step.TieBreak);
        else frame.Limit(step.Offset, step.Limit);
    }

    private static Step Parse(
        CollectionInfo collection, ChainStage stage, ChainStep step, HashSet<string> written, List<FieldSchema> fields, int queries, IModelGateway models)
    {
        var name = step.Operator.Trim();
        if (name.Length == 0) throw MilvusException.InvalidParameter("function chain: op name is empty");
        if (step.Inputs.Any(string.IsNullOrWhiteSpace)) throw MilvusException.InvalidParameter("function chain: input name is empty");
        if (step.Outputs.Any(string.IsNullOrWhiteSpace)) throw MilvusException.InvalidParameter("function chain: output name is empty");
        if (name is not ("map" or "sort" or "limit" or "filter" or "select" or "group_by")) throw MilvusException.InvalidParameter($"function chain: unknown operator type {name}");
        if (stage == ChainStage.Level0Rerank && name != "map") throw MilvusException.InvalidParameter($"function chain: operator {name} is not supported at stage {NameOf(stage)}, only supports: [map]");
        if (name is "filter" or "select" or "group_by") throw MilvusException.InvalidParameter($"function chain: operator {name} is not supported at stage {NameOf(stage)}, only supports: [map, sort, limit]");
        if (name == "map") return Map(collection, stage, step, written, fields, queries, models);
        if (name == "limit")
        {
            var limit = Integer(step, "limit", null);
            if (limit <= 0) throw MilvusException.InvalidParameter("limit_op: limit must be positive");
            var offset = Integer(step, "offset", 0);
            if (offset < 0) throw MilvusException.InvalidParameter("limit_op: offset must be non-negative");
            return new Step("", null, "", false, null, offset, limit);
        }
        var by = (step.Params.GetValueOrDefault("column")?.ToString() ?? step.Inputs.FirstOrDefault() ?? "").Trim();
        if (by.Length == 0) throw MilvusException.InvalidParameter("sort_op: column is required");
        var tie = (step.Params.GetValueOrDefault("tie_break_col")?.ToString() ?? step.Inputs.ElementAtOrDefault(1))?.Trim();
        if (tie is "") tie = null;
        Require(collection, by, written, fields);
        if (tie is not null) Require(collection, tie, written, fields);
        return new Step("", null, by, step.Params.GetValueOrDefault("desc") is Literal.Bool { Value: true }, tie, 0, 0);
    }

    private static Step Map(
        CollectionInfo collection, ChainStage stage, ChainStep step, HashSet<string> written, List<FieldSchema> fields, int queries, IModelGateway models)
    {
        if (step.Function is not { } function) throw MilvusException.InvalidParameter("map operator requires function");
        if (step.Outputs.Length != 1) throw MilvusException.InvalidParameter($"map operator has one output, but got {step.Outputs.Length}");
        var output = step.Outputs[0].Trim();
        if (output[0] == '$' && output != HitFrame.Score) throw MilvusException.InvalidParameter($"function chain: unsupported system output {output}");
        var expression = ChainExpression.Parse(function, stage, queries, models);
        foreach (var input in expression.Inputs) Require(collection, input, written, fields);
        written.Add(output);
        return new Step(output, expression, "", false, null, 0, 0);
    }

    // What no step before has written is a field of the collection.
    private static void Require(CollectionInfo collection, string name, HashSet<string> written, List<FieldSchema> fields)
    {
        if (written.Contains(name)) return;
        if (name[0] == '$') throw MilvusException.InvalidParameter($"function chain: unsupported system input {name}");
        var field = collection.Schema.Find(name) ?? throw MilvusException.InvalidParameter($"function chain: input field {name} not found in collection schema");
        if (!(field.Type is DataType.Bool or DataType.Timestamptz || field.Type.IsNumeric() || field.Type.IsText()))
            throw MilvusException.InvalidParameter($"function chain: unsupported input field type {field.Type} of field {name}");
        OutputFields.RequireLoaded(collection, field);
        if (!fields.Contains(field)) fields.Add(field);
    }

    private static int Integer(ChainStep step, string key, int? usual) => step.Params.GetValueOrDefault(key) switch
    {
        null => usual ?? throw MilvusException.InvalidParameter($"limit_op: {key} is required"),
        Literal.Int { Value: >= int.MinValue and <= int.MaxValue } i => (int)i.Value,
        var other => throw MilvusException.InvalidParameter($"limit_op: {key} {other} is not an integer"),
    };
}
