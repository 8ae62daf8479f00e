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
            var isCut = false;
            foreach (var s in chosen)
            {
                var rows = limit is { } l
                    ? SegmentQuery.ExecuteOrdered(segments[s], request.Filter, at, l, scratch, cancellation)
                    : SegmentQuery.Execute(segments[s], request.Filter, at, scratch, cancellation);
                if (rows.Length == 0) continue;
                var part = new Part(s, rows, segments[s].PrimaryKeysOf(rows), limit is { } n && rows.Length == n);
                isCut |= part.IsCut;
                parts.Add(part);
            }
            var merged = Merge(parts, segments);
            // A segment that was cut off says nothing about keys beyond its last one, and not all about that one.
            if (isCut) DropFromCut(merged, parts);
            var wanted = request.Limit ?? int.MaxValue;
            if (isCut && merged.Count < wanted)
            {
                limit = checked(limit!.Value * 2);
                continue;
            }
            if (merged.Count > wanted) merged.RemoveRange(wanted, merged.Count - wanted);
            return Build(merged, parts, segments);
        }
    }

    private static List<(int Part, int Position)> Merge(List<Part> parts, ImmutableArray<Segment> segments)
    {
        var all = new List<(int Part, int Position)>(parts.Sum(p => p.Rows.Length));
        for (var p = 0; p < parts.Count; p++)
            for (var i = 0; i < parts[p].Rows.Length; i++) all.Add((p, i));
        Timestamp TimeOf((int Part, int Position) x) => segments[parts[x.Part].Segment].TimestampOf(parts[x.Part].Rows[x.Position]);
        all.Sort((x, y) =>
        {
            var order = KeyOrder.Compare(parts[x.Part].Keys, x.Position, parts[y.Part].Keys, y.Position);
            if (order != 0) return order;
            order = TimeOf(y).CompareTo(TimeOf(x));
            return order != 0 ? order : parts[y.Part].Rows[y.Position].CompareTo(parts[x.Part].Rows[x.Position]);
        });
        var kept = 0;
        for (var i = 0; i < all.Count; i++)
        {
            if (kept > 0 && KeyOrder.AreEqual(parts[all[kept - 1].Part].Keys, all[kept - 1].Position, parts[all[i].Part].Keys, all[i].Position)) continue;
            all[kept++] = all[i];
        }
        all.RemoveRange(kept, all.Count - kept);
        return all;
    }

    private static void DropFromCut(List<(int Part, int Position)> merged, List<Part> parts)
    {
        foreach (var cut in parts.Where(p => p.IsCut))
        {
            var last = cut.Rows.Length - 1;
            while (merged.Count > 0 && KeyOrder.Compare(parts[merged[^1].Part].Keys, merged[^1].Position, cut.Keys, last) >= 0) merged.RemoveAt(merged.Count - 1);
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
}
