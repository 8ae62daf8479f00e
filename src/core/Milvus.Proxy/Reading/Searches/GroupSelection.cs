using System.Collections.Immutable;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Picks groups in the order of their best hits, and inside each its best hits.</summary>
internal static class GroupSelection
{
    /// <param name="hits">One query's hits, best first.</param>
    /// <param name="offset">Groups to skip.</param>
    public static void Append(ImmutableArray<ShardHits> shards, List<Hit> hits, int offset, int groups, int groupSize, Action<Hit> append)
    {
        var places = new GroupNumbers();
        var found = new List<List<Hit>>();
        foreach (var hit in hits)
        {
            var place = places.Add(shards[hit.Shard].GroupValues.AsSpan(), hit.Index);
            if (place >= offset + groups) continue;
            if (place == found.Count) found.Add([]);
            if (found[place].Count < groupSize) found[place].Add(hit);
        }
        for (var g = offset; g < found.Count; g++)
            foreach (var hit in found[g]) append(hit);
    }
}
