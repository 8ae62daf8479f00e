using System.Collections.Immutable;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Picks groups in the order of their best hits, and inside each its best hits.</summary>
internal static class GroupSelection
{
    /// <param name="hits">One query's hits, best first.</param>
    /// <param name="offset">Groups to skip.</param>
    public static void Append(ImmutableArray<ShardHits> shards, List<Hit> hits, int offset, int groups, int groupSize, Action<Hit> append)
    {
        var places = new Dictionary<GroupKey, int>();
        var found = new List<List<Hit>>();
        foreach (var hit in hits)
        {
            var key = GroupKey.Of(shards[hit.Shard].GroupValues!, hit.Index);
            if (!places.TryGetValue(key, out var place))
            {
                if (found.Count == offset + groups) continue;
                places[key] = place = found.Count;
                found.Add([]);
            }
            if (found[place].Count < groupSize) found[place].Add(hit);
        }
        for (var g = offset; g < found.Count; g++)
            foreach (var hit in found[g]) append(hit);
    }
}
