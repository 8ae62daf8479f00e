using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>How the scores of one row in several lists become one.</summary>
internal enum ScoreMode
{
    Max,
    Sum,
    Average,
}

/// <summary>Scores hits anew by what their rows hold. The new scores are similarities: larger is better.</summary>
internal abstract class Reranker
{
    /// <summary>How scores of several lists come together before.</summary>
    public ScoreMode Mode { get; protected init; }

    /// <summary>Scores are brought between 0 and 1 before, whatever their metric.</summary>
    public bool NormalizeScores { get; protected init; }

    /// <param name="rows">The rows of all hits, one query's after the other's.</param>
    /// <param name="scores">What the searches gave, as similarities.</param>
    /// <param name="counts">Hits per query.</param>
    /// <returns>The new scores, aligned.</returns>
    /// <exception cref="MilvusException">2 and 2400: a model could not be asked.</exception>
    public abstract Task<double[]> ScoreAsync(RowFetch rows, double[] scores, int[] counts, CancellationToken cancellation);

    /// <summary>Null when there is none but boosts and rank fusion.</summary>
    /// <param name="queries">Queries of the search.</param>
    /// <exception cref="MilvusException">1100: several, unknown, or wrong parameters.</exception>
    public static Reranker? Find(CollectionInfo collection, FunctionScore? score, int queries, IModelGateway models)
    {
        var given = score?.Functions.Where(f => f.Kind() is not ("boost" or "rrf" or "weighted")).ToArray() ?? [];
        if (given.Length == 0) return null;
        if (score!.Functions.Count(f => f.Kind() != "boost") > 1) throw MilvusException.InvalidParameter("rerank_builder: currently only supports one rerank function");
        return given[0].Kind() switch
        {
            "decay" => DecayReranker.Parse(collection.Schema, given[0]),
            "model" => ModelReranker.Parse(collection.Schema, given[0], queries, models),
            var other => throw MilvusException.InvalidParameter($"rerank_builder: unsupported reranker {other}"),
        };
    }

    protected static ScoreMode ParseMode(ImmutableDictionary<string, string> parameters) => parameters.GetValueOrDefault("score_mode", "max").ToLowerInvariant() switch
    {
        "max" => ScoreMode.Max,
        "sum" => ScoreMode.Sum,
        "avg" => ScoreMode.Average,
        var other => throw MilvusException.InvalidParameter($"unsupported score_mode: {other}, only supports [max, sum, avg]"),
    };

    protected static FieldSchema InputField(CollectionSchema schema, RankFunction function)
    {
        if (function.InputFields.Length != 1)
            throw MilvusException.InvalidParameter($"rerank_builder: {function.Kind()} reranker requires exactly 1 input field, got {function.InputFields.Length}");
        return schema.Find(function.InputFields[0]) ?? throw MilvusException.InvalidParameter($"rerank_builder: input field {function.InputFields[0]} not found in collection schema");
    }
}

internal static class RankFunctions
{
    /// <summary>The name of the reranker in lower case.</summary>
    /// <exception cref="MilvusException">1100: the function does not say.</exception>
    public static string Kind(this RankFunction function) =>
        function.Params.GetValueOrDefault("reranker", "") is { Length: > 0 } kind
            ? kind.ToLowerInvariant()
            : throw new MilvusException(ErrorCode.MissingParameter, "rerank_builder: reranker name not specified: missing parameter") { IsInputError = true };
}
