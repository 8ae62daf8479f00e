using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>Merges the shards' rows into one list ascending by primary key, one row (the newest) per key.</summary>
internal static class KeyMerge
{
    /// <param name="take">Null for all.</param>
    public static RowPick[] Merge(ImmutableArray<ShardRows> shards, int skip, int? take)
    {
        var total = 0;
        foreach (var s in shards) total += s.Rows.Length;
        var wanted = take is { } t ? (int)Math.Min((long)skip + t, total) : total;
        var picks = new List<RowPick>(Math.Max(0, wanted - skip));
        var at = new int[shards.Length];
        var seen = 0;
        while (seen < wanted)
        {
            var best = -1;
            for (var shard = 0; shard < at.Length; shard++)
                if (at[shard] < shards[shard].Rows.Length && (best < 0 || Compare(shards, shard, at[shard], best, at[best]) < 0)) best = shard;
            if (best < 0) break;
            // A key lives in one shard, but nothing is lost by not relying on it.
            for (var shard = 0; shard < at.Length; shard++)
            {
                if (shard == best || at[shard] >= shards[shard].Rows.Length || Compare(shards, shard, at[shard], best, at[best]) != 0) continue;
                if (shards[shard].Timestamps[at[shard]] > shards[best].Timestamps[at[best]])
                {
                    at[best]++;
                    best = shard;
                }
                else at[shard]++;
            }
            if (seen++ >= skip) picks.Add(new RowPick(best, at[best]));
            at[best]++;
        }
        return [.. picks];
    }

    private static int Compare(ImmutableArray<ShardRows> shards, int a, int rowA, int b, int rowB)
    {
        var (x, y) = (shards[a].Ids, shards[b].Ids);
        return x.IsInt64 ? x.Int64s[rowA].CompareTo(y.Int64s[rowB]) : x.Strings[rowA].SequenceCompareTo(y.Strings[rowB]);
    }
}
