using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Reading.Ranking;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy.Reading.Fusion;

internal enum RankStrategy
{
    ReciprocalRank,
    Weighted,

    /// <summary>A reranker scores what the sub-requests found; their scores come together as it says.</summary>
    Reranked,
}

/// <summary>How a group of fused hits is scored.</summary>
internal enum GroupScorer
{
    Max,
    Sum,
    Average,
}

/// <summary>The rank parameters of a hybrid search, parsed.</summary>
internal sealed record RankParameters
{
    private const string DefaultK = "60";

    public required int Limit { get; init; }

    public required int Offset { get; init; }

    public int RoundDecimal { get; init; } = ScoreRounding.Off;

    public RankStrategy Strategy { get; init; }

    /// <summary>Reciprocal rank: the constant added to ranks.</summary>
    public double K { get; init; }

    /// <summary>Weighted: one weight per sub-request.</summary>
    public ImmutableArray<double> Weights { get; init; } = [];

    public bool NormalizeScores { get; init; }

    /// <summary>Reranked: how scores of several lists become one.</summary>
    public ScoreMode Mode { get; init; }

    public GroupParameters? Group { get; init; }

    public GroupScorer GroupScorer { get; init; }

    /// <exception cref="MilvusException">1100.</exception>
    /// <param name="score">A ranker as a function, which wins over the strategy; null without one.</param>
    /// <param name="reranker">What the function is when it is neither rrf nor weighted.</param>
    public static RankParameters Parse(ImmutableDictionary<string, string> given, int requests, CollectionInfo collection, FunctionScore? score = null, Reranker? reranker = null)
    {
        var limit = WindowChecks.Find(given, "limit") ?? throw MilvusException.InvalidParameter("limit not found in rank_params");
        var offset = WindowChecks.Find(given, "offset") ?? 0;
        WindowChecks.CheckQuery(limit, offset, WindowChecks.Most(collection));
        var function = score?.Functions.FirstOrDefault();
        if (score is { Functions.Length: > 1 }) throw MilvusException.InvalidParameter("currently only supports one rerank");
        if (function?.Kind() == "boost") throw MilvusException.InvalidParameter("boost ranker is not supported as the ranker of a hybrid search, give it to the requests");
        IReadOnlyDictionary<string, string> values = function is null ? Flatten(given) : function.Params;
        var strategy = reranker is not null ? RankStrategy.Reranked : (function?.Kind() ?? given.GetValueOrDefault("strategy", "")) switch
        {
            "" or "rrf" => RankStrategy.ReciprocalRank,
            "weighted" => RankStrategy.Weighted,
            var other => throw MilvusException.InvalidParameter($"unsupported rank type {other}"),
        };
        return new RankParameters
        {
            Limit = (int)limit,
            Offset = (int)offset,
            RoundDecimal = ScoreRounding.Parse(given),
            Strategy = strategy,
            K = strategy == RankStrategy.ReciprocalRank ? ParseK(values.GetValueOrDefault("k", DefaultK)) : 0,
            Weights = strategy == RankStrategy.Weighted ? ParseWeights(values.GetValueOrDefault("weights"), requests) : [],
            NormalizeScores = reranker?.NormalizeScores ?? ParamText.IsTrue(values.GetValueOrDefault("norm_score")),
            Mode = reranker?.Mode ?? ScoreMode.Sum,
            Group = GroupParameters.Parse(given),
            GroupScorer = given.GetValueOrDefault("rank_group_scorer", "max") switch
            {
                "max" or "" => GroupScorer.Max,
                "sum" => GroupScorer.Sum,
                "avg" => GroupScorer.Average,
                var other => throw MilvusException.InvalidParameter($"input group scorer:{other} is not supported"),
            },
        };
    }

    /// <summary>The members of <c>params</c> as texts, beside the flat ones.</summary>
    private static Dictionary<string, string> Flatten(ImmutableDictionary<string, string> given)
    {
        var values = new Dictionary<string, string>(given, StringComparer.Ordinal);
        if (!given.TryGetValue("params", out var json) || string.IsNullOrWhiteSpace(json)) return values;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Null) return values;
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw MilvusException.InvalidParameter($"rank params should be a JSON object, but got {json}");
            foreach (var member in document.RootElement.EnumerateObject())
                values[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
            return values;
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"failed to parse rank params {json}: {e.Message}");
        }
    }

    private static double ParseK(string text)
    {
        if (!ParamText.TryNumber(text, out var k)) throw MilvusException.InvalidParameter($"The type of rank param k should be float, but got {text}");
        return k is > 0 and < 16384 ? k : throw MilvusException.InvalidParameter("The rank params k should be in range (0, 16384)");
    }

    private static ImmutableArray<double> ParseWeights(string? text, int requests)
    {
        if (text is null) throw MilvusException.InvalidParameter("rank param weights not found");
        var weights = ImmutableArray.CreateBuilder<double>();
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Array) throw Wrong();
            foreach (var item in document.RootElement.EnumerateArray())
                weights.Add(item.ValueKind == JsonValueKind.Number ? item.GetDouble() : throw Wrong());
        }
        catch (JsonException)
        {
            throw Wrong();
        }
        foreach (var w in weights)
            if (w is not (>= 0 and <= 1)) throw MilvusException.InvalidParameter("rank param weight should be in range [0, 1]");
        if (weights.Count != requests)
            throw MilvusException.InvalidParameter("the length of weights param mismatch with ann search requests", requests, weights.Count);
        return weights.DrainToImmutable();

        MilvusException Wrong() => MilvusException.InvalidParameter($"The weights param should be an array of numbers, but got {text}");
    }
}
