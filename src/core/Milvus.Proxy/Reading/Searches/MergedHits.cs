using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>The hits of all shards for all queries, best first within a query, one row per primary key.</summary>
internal sealed class MergedHits
{
    /// <summary>Hits per query.</summary>
    public required int[] Counts { get; init; }

    /// <summary>Scores, all queries one after another.</summary>
    public required float[] Scores { get; init; }

    /// <summary>Where each hit stands in <see cref="Shards"/>.</summary>
    public required RowPick[] Picks { get; init; }

    public required PrimaryKeys Ids { get; init; }

    /// <summary>A column of group values per target, aligned with the hits; empty when the search does not group.</summary>
    public ImmutableArray<Column> GroupValues { get; init; } = [];

    public required ImmutableArray<ShardHits> Shards { get; init; }

    /// <summary>The shard behind each entry of <see cref="Shards"/>; empty when they are the same.</summary>
    private ImmutableArray<int> Places { get; init; } = [];

    public long Examined
    {
        get
        {
            long n = 0;
            foreach (var s in Shards) n += s.Examined;
            return Math.Max(n, Scores.Length);
        }
    }

    public RowAt RowOf(int hit) => new(ShardOf(Picks[hit].Shard), Shards[Picks[hit].Shard].Rows[Picks[hit].Index]);

    /// <summary>Where all hits are.</summary>
    public RowAt[] Rows()
    {
        var rows = new RowAt[Picks.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = RowOf(i);
        return rows;
    }

    /// <summary>The place of the element that a hit is, in its row's list; −1 where rows are searched as a whole.</summary>
    public int ElementOf(int hit) => Shards[Picks[hit].Shard].Elements is { Length: > 0 } elements ? elements[Picks[hit].Index] : -1;

    /// <summary>The elements of all hits; empty where rows are searched as a whole.</summary>
    public int[] Elements
    {
        get
        {
            if (Picks.Length == 0 || ElementOf(0) < 0) return [];
            var elements = new int[Picks.Length];
            for (var i = 0; i < elements.Length; i++) elements[i] = ElementOf(i);
            return elements;
        }
    }

    public Timestamp TimestampOf(int hit) => Shards[Picks[hit].Shard].Timestamps[Picks[hit].Index];

    /// <summary>The hits with other scores, best first again; groups by their best hit.</summary>
    /// <param name="scores">Aligned with the hits.</param>
    /// <param name="offset">Hits of each query to leave out, or groups.</param>
    /// <param name="topK">Hits of each query to keep behind them, or groups.</param>
    public MergedHits Rescore(float[] scores, bool largerIsBetter, int offset, int topK)
    {
        var kept = new List<int>(scores.Length);
        var counts = new int[Counts.Length];
        for (int query = 0, first = 0; query < counts.Length; first += Counts[query++])
        {
            var sorted = new int[Counts[query]];
            for (var i = 0; i < sorted.Length; i++) sorted[i] = first + i;
            Array.Sort(sorted, (a, b) =>
            {
                var order = largerIsBetter ? scores[b].CompareTo(scores[a]) : scores[a].CompareTo(scores[b]);
                if (order == 0) order = KeyValue.Of(Ids, a).CompareTo(KeyValue.Of(Ids, b));
                return order != 0 ? order : ElementOf(a).CompareTo(ElementOf(b));
            });
            var before = kept.Count;
            if (GroupValues.IsEmpty) kept.AddRange(sorted.Skip(offset).Take(topK));
            else
            {
                var groups = new GroupNumbers();
                kept.AddRange(sorted.GroupBy(i => groups.Add(GroupValues.AsSpan(), i)).Skip(offset).Take(topK).SelectMany(g => g));
            }
            counts[query] = kept.Count - before;
        }
        return Take(counts, [.. kept], scores);
    }

    /// <summary>Some hits that follow each other, as those of one query.</summary>
    public MergedHits Slice(int first, int count)
    {
        var kept = new int[count];
        for (var i = 0; i < count; i++) kept[i] = first + i;
        return TakeOfSingleQuery(kept);
    }

    /// <summary>The hits of several queries, each found by itself over the same shards, one query after the other.</summary>
    /// <param name="first">Tells the examined rows and the types of values.</param>
    public static MergedHits Concat(List<MergedHits> queries, MergedHits first)
    {
        // Each query has answers of its own from every shard: picks count them all.
        var shards = ImmutableArray.CreateBuilder<ShardHits>();
        var shardOf = ImmutableArray.CreateBuilder<int>();
        var picks = new List<RowPick>();
        foreach (var q in queries)
        {
            foreach (var p in q.Picks) picks.Add(p with { Shard = shards.Count + p.Shard });
            for (var s = 0; s < q.Shards.Length; s++)
            {
                shards.Add(q.Shards[s]);
                shardOf.Add(q.ShardOf(s));
            }
        }
        var all = shards.ToImmutable();
        var picked = picks.ToArray();
        return new MergedHits
        {
            Counts = [.. queries.Select(q => q.Counts[0])],
            Scores = [.. queries.SelectMany(q => q.Scores)],
            Picks = picked,
            Ids = ColumnGather.Gather([.. all.Select(s => s.Ids)], picked, first.Ids.Column.Type),
            GroupValues = picked.Length == 0 ? first.GroupValues : [.. first.GroupValues.Select((_, t) => ColumnGather.Gather([.. all.Select(s => s.GroupValues.IsEmpty ? null : s.GroupValues[t])], picked))],
            Shards = all,
            Places = shardOf.ToImmutable(),
        };
    }

    /// <summary>The same hits in another order, each query's own among themselves.</summary>
    public MergedHits Reorder(int[] order) => Take(Counts, order, Scores);

    /// <summary>Some of every query's hits in another order, with other scores.</summary>
    /// <param name="kept">Positions among all hits, a list per query.</param>
    /// <param name="scores">Aligned with all hits.</param>
    public MergedHits Pick(int[][] kept, float[] scores) => Take(Array.ConvertAll(kept, k => k.Length), [.. kept.SelectMany(k => k)], scores);

    /// <summary>The same hits as those of some of more queries; the others have none.</summary>
    /// <param name="asked">For every query of these hits its number among all.</param>
    public MergedHits Spread(int queries, int[] asked)
    {
        var kept = new int[queries][];
        Array.Fill(kept, []);
        for (int query = 0, first = 0; query < asked.Length; first += Counts[query++]) kept[asked[query]] = [.. Enumerable.Range(first, Counts[query])];
        return Pick(kept, Scores);
    }

    /// <summary>The hits behind the first of every query, or those of the groups behind the first; order and scores stay.</summary>
    public MergedHits Window(int offset, int topK)
    {
        var kept = new int[Counts.Length][];
        for (int query = 0, first = 0; query < kept.Length; first += Counts[query++])
        {
            var all = Enumerable.Range(first, Counts[query]);
            if (GroupValues.IsEmpty) kept[query] = [.. all.Skip(offset).Take(topK)];
            else
            {
                var groups = new GroupNumbers();
                kept[query] = [.. all.Where(i => groups.Add(GroupValues.AsSpan(), i) is var group && group >= offset && group < offset + topK)];
            }
        }
        return Pick(kept, Scores);
    }

    /// <summary>The same hits without some of them.</summary>
    /// <param name="kept">Positions, ascending; of one query only.</param>
    public MergedHits TakeOfSingleQuery(int[] kept) => Take([kept.Length], kept, Scores);

    /// <param name="counts">Per query, of the hits that are taken.</param>
    /// <param name="order">Positions among all hits.</param>
    /// <param name="scores">Aligned with all hits.</param>
    private MergedHits Take(int[] counts, int[] order, float[] scores) => new()
    {
        Counts = counts,
        Scores = Array.ConvertAll(order, i => scores[i]),
        Picks = Array.ConvertAll(order, i => Picks[i]),
        Ids = Ids.Take(order),
        GroupValues = GroupValues.IsEmpty ? [] : [.. GroupValues.Select(v => v.Take(order))],
        Shards = Shards,
        Places = Places,
    };

    private int ShardOf(int entry) => Places.IsEmpty ? entry : Places[entry];
}
