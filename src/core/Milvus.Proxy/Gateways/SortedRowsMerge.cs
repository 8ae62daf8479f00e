using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading;
using Milvus.Proxy.Reading.Queries;

namespace Milvus.Proxy;

/// <summary>Merges rows that several places gave in the order that was asked for: one row (the newest) per primary key.</summary>
public static class SortedRowsMerge
{
    /// <param name="parts">Each in order, with its order values.</param>
    /// <param name="outward">The reference to a row of a part in the result.</param>
    /// <param name="isComplete">
    /// False when rows with equal keys took the places of others in a part that gave all it was asked for: ask for more.
    /// </param>
    public static ShardRows Merge(
        ImmutableArray<ShardRows> parts, ImmutableArray<SortKey> order, int limit, int asked, Func<int, RowReference, RowReference> outward, out bool isComplete)
    {
        var picks = Picks(parts, order);
        if (picks.Length > limit) picks = picks[..limit];
        isComplete = parts.All(p => p.Rows.Length < asked || (picks.Length == limit && EndsBehind(p)));
        return new ShardRows
        {
            Rows = Array.ConvertAll(picks, p => outward(p.Shard, parts[p.Shard].Rows[p.Index])),
            Ids = ColumnGather.Gather([.. parts.Select(p => p.Ids)], picks, order[^1].Field.Type),
            Timestamps = Array.ConvertAll(picks, p => parts[p.Shard].Timestamps[p.Index]),
            OrderValues = picks.Length == 0 ? [] : [.. order.Select((_, k) => ColumnGather.Gather([.. parts.Select(p => p.OrderValues.IsEmpty ? null : p.OrderValues[k])], picks))],
        };

        // What a part did not give comes after the last it gave; without copies of keys that is never before the last row picked.
        bool EndsBehind(ShardRows part) => ColumnOrder.Compare(
            order, [.. part.OrderValues], part.Rows.Length - 1, [.. parts[picks[^1].Shard].OrderValues], picks[^1].Index) >= 0;
    }

    /// <summary>All rows in order, without those whose key has a newer row among them.</summary>
    internal static RowPick[] Picks(ImmutableArray<ShardRows> parts, ImmutableArray<SortKey> order)
    {
        var newest = new Dictionary<KeyValue, RowPick>();
        for (var part = 0; part < parts.Length; part++)
        {
            for (var i = 0; i < parts[part].Rows.Length; i++)
            {
                var key = KeyValue.Of(parts[part].Ids, i);
                if (newest.TryGetValue(key, out var known) && parts[known.Shard].Timestamps[known.Index] >= parts[part].Timestamps[i]) continue;
                newest[key] = new RowPick(part, i);
            }
        }
        var values = parts.Select(p => p.OrderValues.ToArray()).ToArray();
        var picks = newest.Values.ToArray();
        Array.Sort(picks, (a, b) => ColumnOrder.Compare(order, values[a.Shard], a.Index, values[b.Shard], b.Index));
        return picks;
    }
}
