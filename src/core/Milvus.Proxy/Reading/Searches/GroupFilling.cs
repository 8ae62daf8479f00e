using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>
/// The second half of a search for groups larger than one row. The first finds the best groups, as a group's best row makes it one of the best wherever that
/// row is; its other rows may lie in segments and shards where other groups are better. So the groups found are asked for again, by name, one query at a time.
/// </summary>
internal static class GroupFilling
{
    /// <param name="search">What found <paramref name="best"/>.</param>
    public static async Task<MergedHits> FillAsync(
        ShardReaders readers, SearchPlan plan, ShardSearch search, MergedHits best, CancellationToken cancellation)
    {
        var parts = new List<MergedHits>(best.Counts.Length);
        for (int query = 0, first = 0; query < best.Counts.Length; first += best.Counts[query++])
        {
            var groups = Groups(best.GroupValues, first, best.Counts[query], out var count);
            if (count == 0)
            {
                parts.Add(best.Slice(first, 0));
                continue;
            }
            var one = search with
            {
                Queries = search.Queries with { Rows = [search.Queries.Rows[query]] },
                K = count,
                OnlyGroups = groups,
                StrictGroupSize = true,
            };
            var shards = await readers.AskAsync(r => r.SearchAsync(one, cancellation)).ConfigureAwait(false);
            parts.Add(new HitMerger(shards, plan.Metric, plan.Collection.Schema.PrimaryKey.Type).Merge(1, offset: 0, count, search.GroupSize));
        }
        return parts.Count == 1 ? parts[0] : MergedHits.Concat(parts, best);
    }

    private static ImmutableArray<Column> Groups(ImmutableArray<Column> values, int first, int hits, out int count)
    {
        var numbers = new GroupNumbers();
        var rows = new List<int>();
        for (var i = first; i < first + hits; i++)
            if (numbers.Add(values.AsSpan(), i) == rows.Count) rows.Add(i);
        count = rows.Count;
        var picked = rows.ToArray();
        return count == 0 ? [] : ImmutableCollectionsMarshal.AsImmutableArray(values.Select(v => v.Take(picked)).ToArray());
    }
}
