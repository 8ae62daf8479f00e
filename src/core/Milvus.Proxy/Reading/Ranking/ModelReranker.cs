using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>Has a model score every hit's text against its query.</summary>
internal sealed class ModelReranker : Reranker
{
    private readonly FieldSchema _field;
    private readonly ImmutableArray<string> _queries;
    private readonly ModelCall _call;
    private readonly IModelGateway _models;

    private ModelReranker(FieldSchema field, ImmutableArray<string> queries, ModelCall call, IModelGateway models)
    {
        _field = field;
        _queries = queries;
        _call = call;
        _models = models;
    }

    public static ModelReranker Parse(CollectionSchema schema, RankFunction function, int queries, IModelGateway models)
    {
        var field = InputField(schema, function);
        if (!field.Type.IsText()) throw MilvusException.InvalidParameter($"rerank_builder: model input field {field.Name} must be VarChar, got {field.Type.Spelled()}");
        var texts = Texts(function.Params.GetValueOrDefault("queries"));
        if (texts.Length != queries) throw MilvusException.InvalidParameter($"model: queries count ({texts.Length}) != nq count ({queries})");
        var call = new ModelCall(function.Params.GetValueOrDefault("provider", "").ToLowerInvariant(), function.Params);
        models.CheckReranker(call);
        return new ModelReranker(field, texts, call, models);
    }

    public override async Task<double[]> ScoreAsync(RowFetch rows, double[] scores, int[] counts, CancellationToken cancellation)
    {
        var column = (BinaryColumn)await rows.FetchAsync(_field, cancellation).ConfigureAwait(false);
        var result = new double[scores.Length];
        for (int query = 0, first = 0; query < counts.Length; first += counts[query++])
        {
            if (counts[query] == 0) continue;
            var texts = new string[counts[query]];
            for (var i = 0; i < texts.Length; i++) texts[i] = column.IsNull(first + i) ? "" : column.GetString(first + i);
            var given = await _models.RerankAsync(_call, _queries[query], texts, cancellation).ConfigureAwait(false);
            given.CopyTo(result, first);
        }
        return result;
    }

    private static ImmutableArray<string> Texts(string? json)
    {
        if (json is null) throw MilvusException.InvalidParameter("rerank_builder: rerank function missing required param: queries");
        try
        {
            return [.. JsonSerializer.Deserialize<string[]>(json) ?? []];
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"rerank_builder: parse rerank params [queries] failed: {e.Message}");
        }
    }
}
