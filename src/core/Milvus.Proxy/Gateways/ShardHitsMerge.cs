using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy;

/// <summary>
/// Merges what several places found for one search - segments of a shard, parts of a shard - into what one place over all rows would have found: best
/// first, equal scores by primary key, one hit (the newest row) per key. Of groups, the best ones and, of each, the members that the places gave.
/// </summary>
public static class ShardHitsMerge
{
    /// <param name="parts">At least one; each answered all queries.</param>
    /// <param name="asked">Hits that every part was asked for, at least the request's.</param>
    /// <param name="outward">The reference to a row of a part in the result.</param>
    /// <param name="isComplete">
    /// False when copies of a key took the places of hits that a part was not asked for and that belong among the best: ask for more. Never with grouping.
    /// </param>
    public static ShardHits Merge(ImmutableArray<ShardHits> parts, ShardSearch request, int asked, Func<int, RowReference, RowReference> outward, out bool isComplete)
    {
        var isGrouped = !request.GroupBy.IsEmpty;
        var merged = new HitMerger(parts, request.Metric, KeyType(parts))
            .Merge(request.Queries.Rows.Length, offset: 0, request.K, isGrouped ? request.GroupSize : null);
        isComplete = isGrouped || !MayHideBetter(merged, parts, request, asked);
        var rows = new RowReference[merged.Picks.Length];
        var times = new Timestamp[merged.Picks.Length];
        var elements = merged.Elements;
        for (var i = 0; i < rows.Length; i++)
        {
            var pick = merged.Picks[i];
            rows[i] = outward(pick.Shard, parts[pick.Shard].Rows[pick.Index]);
            times[i] = parts[pick.Shard].Timestamps[pick.Index];
        }
        // Places without hits need not know the types of the values.
        ImmutableArray<Column> groups = isGrouped && merged.GroupValues.IsEmpty ? [.. request.GroupBy.Select(t => ColumnBuilder.For(t.Type).Build())] : merged.GroupValues;
        long examined = 0;
        foreach (var p in parts) examined += p.Examined;
        return new ShardHits { Counts = merged.Counts, Scores = merged.Scores, Rows = rows, Ids = merged.Ids, Timestamps = times, GroupValues = groups, Elements = elements, Examined = examined };
    }

    // What a part did not give is not better than the last it gave. Without copies that is never better than the worst hit of all.
    private static bool MayHideBetter(MergedHits merged, ImmutableArray<ShardHits> parts, ShardSearch request, int asked)
    {
        var largerIsBetter = request.Metric.LargerIsBetter();
        var ends = new int[parts.Length];
        var end = 0;
        for (var q = 0; q < merged.Counts.Length; q++)
        {
            end += merged.Counts[q];
            for (var part = 0; part < parts.Length; part++)
            {
                var count = parts[part].Counts[q];
                ends[part] += count;
                if (count < asked || count == 0) continue;
                if (merged.Counts[q] < request.K) return true;
                var (last, worst) = (parts[part].Scores[ends[part] - 1], merged.Scores[end - 1]);
                if (largerIsBetter ? last > worst : last < worst) return true;
            }
        }
        return false;
    }

    // A part without rows need not know the type of its keys.
    private static DataType KeyType(ImmutableArray<ShardHits> parts)
    {
        foreach (var p in parts)
            if (p.Ids.Count > 0) return p.Ids.Column.Type;
        return parts[0].Ids.Column.Type;
    }
}
