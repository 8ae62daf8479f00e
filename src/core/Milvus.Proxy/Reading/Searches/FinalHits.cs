using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Notices lists that merging would leave as they are, which is what a collection of one shard and one segment gives.</summary>
internal static class FinalHits
{
    /// <summary>Longer lists are merged the usual way.</summary>
    private const int MostHits = 128;

    /// <summary>True when no query has too many hits, hits are in order, ties by key included, and no key comes twice.</summary>
    public static bool IsFinal(ShardHits hits, int queries, int topK, bool largerIsBetter)
    {
        if (!hits.Ids.IsInt64 || hits.Counts.Length != queries) return false;
        ReadOnlySpan<float> scores = hits.Scores;
        var keys = hits.Ids.Int64s;
        var first = 0;
        foreach (var count in hits.Counts)
        {
            if (count > Math.Min(topK, MostHits) || !AreOrdered(scores.Slice(first, count), keys.Slice(first, count), largerIsBetter) || HasTwice(keys.Slice(first, count))) return false;
            first += count;
        }
        return true;
    }

    private static bool AreOrdered(ReadOnlySpan<float> scores, ReadOnlySpan<long> keys, bool largerIsBetter)
    {
        for (var i = 1; i < scores.Length; i++)
        {
            if (scores[i] == scores[i - 1] ? keys[i] > keys[i - 1] : largerIsBetter ? scores[i] < scores[i - 1] : scores[i] > scores[i - 1]) continue;
            return false;
        }
        return true;
    }

    private static bool HasTwice(ReadOnlySpan<long> keys)
    {
        Span<long> sorted = stackalloc long[MostHits];
        sorted = sorted[..keys.Length];
        keys.CopyTo(sorted);
        sorted.Sort();
        for (var i = 1; i < sorted.Length; i++)
            if (sorted[i] == sorted[i - 1]) return true;
        return false;
    }
}
