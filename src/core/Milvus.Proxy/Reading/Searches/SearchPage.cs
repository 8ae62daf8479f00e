using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>One page of a search iterator (version 2).</summary>
/// <param name="Token">Names the iterator.</param>
/// <param name="LastBound">The last score of the page before; null for the first page.</param>
internal sealed record SearchPage(Guid Token, int BatchSize, float? LastBound)
{
    public static SearchPage Parse(ImmutableDictionary<string, string> parameters)
    {
        var batch = WindowChecks.Find(parameters, "search_iter_batch_size")
            ?? throw MilvusException.InvalidParameter("batch size is required");
        if (batch is < 1 or > Limits.TopK)
            throw MilvusException.InvalidParameter($"batch size is invalid, it should be in range [1, {Limits.TopK}], but got {batch}");
        var token = Guid.NewGuid();
        if (parameters.TryGetValue("search_iter_id", out var id) && id.Length > 0 && !Guid.TryParse(id, out token))
            throw MilvusException.InvalidParameter("invalid token format");
        float? bound = null;
        if (parameters.TryGetValue("search_iter_last_bound", out var text) && text.Length > 0)
            bound = ParamText.TryNumber(text, out var b) ? (float)b : throw MilvusException.InvalidParameter($"failed to parse input last bound: {text}");
        return new SearchPage(token, (int)batch, bound);
    }
}
