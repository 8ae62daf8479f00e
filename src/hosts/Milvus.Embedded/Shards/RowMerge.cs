using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Embedded.Shards;

/// <summary>Runs a scalar query over several segments: rows ascending by primary key, the newest row of each key.</summary>
internal static class RowMerge
{
    public static ShardRows Execute(
        ShardQuery request, int[] chosen, ImmutableArray<Segment> segments, ReadPoint at, SegmentScratch scratch, CancellationToken cancellation)
    {
        // One more than wanted: of the last key that a segment gives, a newer copy may lie behind the cut.
        int? limit = request.Limit is { } first ? (int)Math.Min(first + 1L, int.MaxValue) : null;
        while (true)
        {
            var parts = new List<Part>(chosen.Length);
            foreach (var s in chosen)
            {
                var rows = SegmentQuery.ExecuteOrdered(segments[s], request.Filter, at, limit ?? int.MaxValue, scratch, cancellation);
                if (rows.Length == 0) continue;
                parts.Add(new Part(s, rows, segments[s].PrimaryKeysOf(rows), limit is { } n && rows.Length == n));
            }
            var wanted = request.Limit ?? int.MaxValue;
            var merged = Merge(parts, segments, wanted, out var reachedCut);
            if (reachedCut && merged.Count < wanted)
            {
                limit = checked(limit!.Value * 2);
                continue;
            }
            return Build(merged, parts, segments);
        }
    }

    /// <summary>The first keys of all parts, the newest row of each.</summary>
    /// <param name="reachedCut">
    /// The merge ended at the last row of a part that was cut off: it says nothing about keys beyond that one, and not all about that one.
    /// </param>
    private static List<(int Part, int Position)> Merge(List<Part> parts, ImmutableArray<Segment> segments, int wanted, out bool reachedCut)
    {
        reachedCut = false;
        var merged = new List<(int Part, int Position)>(Math.Min(wanted, parts.Sum(p => p.Rows.Length)));
        var heads = new PriorityQueue<(int Part, int Position), (int Part, int Position)>(parts.Count, new HeadOrder(parts));
        for (var p = 0; p < parts.Count; p++) heads.Enqueue((p, 0), (p, 0));
        while (merged.Count < wanted && heads.TryDequeue(out var newest, out _))
        {
            if (IsCut(newest)) reachedCut = true;
            Advance(newest);
            // Rows with one key stand next to each other; which of them is the newest decides, whatever segment it is in.
            while (heads.TryPeek(out var other, out _) && KeyOrder.AreEqual(parts[newest.Part].Keys, newest.Position, parts[other.Part].Keys, other.Position))
            {
                heads.Dequeue();
                if (IsCut(other)) reachedCut = true;
                Advance(other);
                if (IsNewer(other, newest)) newest = other;
            }
            if (reachedCut) break;
            merged.Add(newest);
        }
        return merged;

        bool IsCut((int Part, int Position) at) => parts[at.Part].IsCut && at.Position == parts[at.Part].Rows.Length - 1;

        void Advance((int Part, int Position) at)
        {
            at.Position++;
            if (at.Position < parts[at.Part].Rows.Length) heads.Enqueue(at, at);
        }

        bool IsNewer((int Part, int Position) a, (int Part, int Position) b)
        {
            var (rowA, rowB) = (parts[a.Part].Rows[a.Position], parts[b.Part].Rows[b.Position]);
            var order = segments[parts[a.Part].Segment].TimestampOf(rowA).CompareTo(segments[parts[b.Part].Segment].TimestampOf(rowB));
            return order != 0 ? order > 0 : rowA > rowB;
        }
    }

    private static ShardRows Build(List<(int Part, int Position)> merged, List<Part> parts, ImmutableArray<Segment> segments)
    {
        var rows = new RowReference[merged.Count];
        var times = new Timestamp[merged.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            var part = parts[merged[i].Part];
            rows[i] = new RowReference(part.Segment, part.Rows[merged[i].Position]);
            times[i] = segments[part.Segment].TimestampOf(rows[i].Row);
        }
        if (parts.Count == 1)
            return new ShardRows { Rows = rows, Ids = parts[0].Keys.Take(merged.ConvertAll(m => m.Position).ToArray()), Timestamps = times };
        var keys = ColumnBuilder.For(parts.Count == 0 ? DataType.Int64 : parts[0].Keys.Column.Type);
        foreach (var (p, position) in merged) keys.AppendFrom(parts[p].Keys.Column, position);
        return new ShardRows { Rows = rows, Ids = new PrimaryKeys(keys.Build()), Timestamps = times };
    }

    private sealed record Part(int Segment, int[] Rows, PrimaryKeys Keys, bool IsCut);

    private sealed class HeadOrder(List<Part> parts) : IComparer<(int Part, int Position)>
    {
        public int Compare((int Part, int Position) x, (int Part, int Position) y) =>
            KeyOrder.Compare(parts[x.Part].Keys, x.Position, parts[y.Part].Keys, y.Position);
    }
}
