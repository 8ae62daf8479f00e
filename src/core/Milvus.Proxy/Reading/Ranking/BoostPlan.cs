using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Queries;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>
/// Changes the scores of hits that pass filters. The weights of all functions whose filter a hit passes combine, then the result with the hit's score;
/// hits that pass none keep theirs. The metric's direction stays.
/// </summary>
internal sealed class BoostPlan
{
    private const string KeysTemplate = "__boosted__";
    private const string PlanFailed = "failed to create query plan: ";
    private readonly ImmutableArray<Boost> _boosts;
    private readonly bool _sumsWeights;
    private readonly bool _sumsScore;

    private BoostPlan(ImmutableArray<Boost> boosts, bool sumsWeights, bool sumsScore)
    {
        _boosts = boosts;
        _sumsWeights = sumsWeights;
        _sumsScore = sumsScore;
    }

    /// <param name="Filter">Empty for every hit.</param>
    /// <param name="RandomField">Null for the primary key.</param>
    private sealed record Boost(double Weight, string Filter, long? Seed, FieldSchema? RandomField);

    /// <summary>Null when nothing is boosted.</summary>
    /// <exception cref="MilvusException">1100: wrong parameters.</exception>
    public static BoostPlan? Find(CollectionInfo collection, FunctionScore? score)
    {
        var functions = score?.Functions.Where(f => f.Kind() == "boost").ToArray() ?? [];
        if (functions.Length == 0) return null;
        return new BoostPlan(
            [.. functions.Select(f => Parse(collection.Schema, f.Params))], IsSum(score!.Params, "function_mode"), IsSum(score.Params, "boost_mode"));
    }

    /// <exception cref="MilvusException">1100: a filter is none.</exception>
    public void CheckFilters(Filters filters, CollectionInfo collection)
    {
        foreach (var boost in _boosts)
        {
            if (boost.Filter.Length == 0) continue;
            try
            {
                filters.Compile(collection, boost.Filter, ImmutableDictionary<string, Literal>.Empty);
            }
            catch (MilvusException e) when (e.Code == ErrorCode.InvalidParameter)
            {
                var reason = e.Message.StartsWith(PlanFailed, StringComparison.Ordinal) ? e.Message[PlanFailed.Length..] : e.Message;
                throw new MilvusException(e.Code, $"{PlanFailed}parse expr failed: {reason}", e) { IsInputError = true };
            }
        }
    }

    /// <summary>The new scores, aligned with the hits. What is added brings a hit forward: it makes a distance smaller.</summary>
    public async Task<double[]> ScoreAsync(ShardReaders readers, Filters filters, MergedHits hits, bool largerIsBetter, CancellationToken cancellation)
    {
        var scores = Array.ConvertAll(hits.Scores, s => (double)s);
        if (scores.Length == 0) return scores;
        var weights = new double?[scores.Length];
        foreach (var boost in _boosts)
        {
            var passing = boost.Filter.Length == 0 ? null : await PassingAsync(readers, filters, boost.Filter, hits.Ids, cancellation).ConfigureAwait(false);
            var random = boost.Seed is { } seed ? await RandomAsync(readers, hits, seed, boost.RandomField, cancellation).ConfigureAwait(false) : null;
            for (var i = 0; i < scores.Length; i++)
            {
                if (passing is not null && !passing.Contains(KeyValue.Of(hits.Ids, i))) continue;
                var weight = boost.Weight * (random?[i] ?? 1);
                weights[i] = weights[i] is not { } known ? weight : _sumsWeights ? known + weight : known * weight;
            }
        }
        for (var i = 0; i < scores.Length; i++)
            if (weights[i] is { } weight) scores[i] = !_sumsScore ? scores[i] * weight : largerIsBetter ? scores[i] + weight : scores[i] - weight;
        return scores;
    }

    private static Boost Parse(CollectionSchema schema, ImmutableDictionary<string, string> parameters)
    {
        if (!parameters.TryGetValue("weight", out var text)) throw MilvusException.InvalidParameter("must set weight params for weight scorer");
        if (!ParamText.TryNumber(text, out var weight)) throw MilvusException.InvalidParameter($"boost weight {text} is not a number");
        var (seed, field) = ParseRandom(schema, parameters.GetValueOrDefault("random_score", ""));
        return new Boost(weight, parameters.GetValueOrDefault("filter", "").Trim(), seed, field);
    }

    private static (long? Seed, FieldSchema? Field) ParseRandom(CollectionSchema schema, string json)
    {
        if (json.Length == 0) return (null, null);
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            long seed = root.TryGetProperty("seed", out var s) ? s.ValueKind == JsonValueKind.String ? long.Parse(s.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : s.GetInt64() : 0;
            if (!root.TryGetProperty("field", out var name)) return (seed, null);
            var field = schema.Find(name.GetString() ?? "") ?? throw MilvusException.InvalidParameter($"random_score field {name} not exist");
            return field.Type == DataType.Int64 ? (seed, field) : throw MilvusException.InvalidParameter("random_score field must be an int64 field");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw MilvusException.InvalidParameter($"failed to parse random_score {json}: {e.Message}");
        }
    }

    private static bool IsSum(ImmutableDictionary<string, string> parameters, string key) => parameters.GetValueOrDefault(key, "").ToLowerInvariant() switch
    {
        "" or "multiply" => false,
        "sum" => true,
        var other => throw MilvusException.InvalidParameter($"unsupported {key}: {other}, only supports: [multiply, sum]"),
    };

    private static async Task<HashSet<KeyValue>> PassingAsync(ShardReaders readers, Filters filters, string filter, PrimaryKeys keys, CancellationToken cancellation)
    {
        var collection = readers.Scope.Collection;
        var templates = ImmutableDictionary<string, Literal>.Empty.Add(KeysTemplate, Filters.Literals(keys));
        var plan = filters.Compile(collection, $"({filter}) and {collection.Schema.PrimaryKey.Name} in {{{KeysTemplate}}}", templates);
        var found = await KeyedRows.FindAsync(readers, QueryExecutor.Shard(readers.Scope, plan), 0, null, cancellation).ConfigureAwait(false);
        return [.. found.Positions().Keys];
    }

    /// <summary>A number in [0, 1) per hit, the same whenever seed and value are.</summary>
    private static async Task<double[]> RandomAsync(ShardReaders readers, MergedHits hits, long seed, FieldSchema? field, CancellationToken cancellation)
    {
        Column? values = null;
        if (field is not null) values = await new RowFetch(readers, hits.Rows()).FetchAsync(field, cancellation).ConfigureAwait(false);
        var result = new double[hits.Scores.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var value = values is FixedColumn<long> c ? c.Values[i] : hits.Ids.IsInt64 ? hits.Ids.Int64s[i] : Fold(hits.Ids.Strings[i]);
            result[i] = (Mix((ulong)seed ^ Mix((ulong)value)) >> 11) * (1.0 / (1UL << 53));
        }
        return result;
    }

    private static long Fold(ReadOnlySpan<byte> text)
    {
        ulong hash = (ulong)text.Length;
        foreach (var b in text) hash = Mix(hash ^ b);
        return (long)hash;
    }

    /// <summary>SplitMix64's finaliser (Steele et al. 2014).</summary>
    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
