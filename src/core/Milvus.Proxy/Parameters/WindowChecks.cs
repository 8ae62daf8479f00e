using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Limits and offsets as text parameters, with the texts clients match on.</summary>
internal static class WindowChecks
{
    public static long? Find(ImmutableDictionary<string, string> parameters, string key)
    {
        if (!parameters.TryGetValue(key, out var text) || text.Length == 0) return null;
        return ParamText.TryInt(text, out var value) ? value : throw MilvusException.InvalidParameter($"{key} [{text.Trim()}] is invalid");
    }

    /// <summary>Hits and rows that one request to a collection may ask for.</summary>
    public static int Most(CollectionInfo collection) => collection.Property("query_mode") == "large_topk" ? 1_000_000 : Limits.TopK;

    /// <summary>Limit and offset of a query.</summary>
    public static void CheckQuery(long limit, long offset, long most = Limits.ResultWindow)
    {
        if (offset < 0) throw Window($"offset [{offset}] is invalid, should be gte than 0");
        if (limit <= 0) throw Window($"limit [{limit}] is invalid, should be greater than 0");
        if (limit > most || offset > most || limit + offset > most)
            throw Window($"(offset+limit) should be in range [1, {most}], but got {Sum(limit, offset)}");

        static MilvusException Window(string problem) => MilvusException.InvalidParameter("invalid max query result window, " + problem);
    }

    /// <summary>Hits and offset of a search.</summary>
    /// <param name="name">What the client calls the number of hits: topk or limit.</param>
    public static void CheckSearch(string name, long topK, long offset, long most = Limits.TopK)
    {
        if (topK < 1 || topK > most) throw MilvusException.InvalidParameter($"{name} [{topK}] is invalid, it should be in range [1, {most}], but got {topK}");
        // No offset is no fault, though the words leave it out.
        if (offset < 0 || offset > most) throw MilvusException.InvalidParameter($"offset [{offset}] is invalid, it should be in range [1, {most}], but got {offset}");
        if (topK + offset > most)
            throw MilvusException.InvalidParameter($"offset+{name} [{topK + offset}] is invalid, it should be in range [1, {most}], but got {topK + offset}");
    }

    private static string Sum(long a, long b) => ((Int128)a + b).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
