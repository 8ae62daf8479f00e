using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;
using Milvus.Protocol.Schema;

namespace Milvus.Api.Mapping;

/// <summary>Rerankers given as a function are the same thing as rank parameters, in another shape.</summary>
internal static class RankFunctions
{
    /// <exception cref="MilvusException">1100: several functions, or a reranker other than rrf and weighted.</exception>
    public static ImmutableDictionary<string, string> Merge(ImmutableDictionary<string, string> rank, FunctionScore score)
    {
        if (score.Functions.Count > 1) throw MilvusException.InvalidParameter("currently only supports one rerank");
        var given = score.Functions[0].Params.ToParams();
        var strategy = given.GetValueOrDefault("reranker", "").ToLowerInvariant();
        if (strategy is not ("rrf" or "weighted")) throw MilvusException.InvalidParameter($"unsupported rank type {strategy}");

        var values = new Dictionary<string, JsonElement>();
        foreach (var (key, text) in given)
            if (key != "reranker") values[key] = ParseOrText(text);
        return rank.SetItem("strategy", strategy).SetItem("params", JsonSerializer.Serialize(values));
    }

    private static JsonElement ParseOrText(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
