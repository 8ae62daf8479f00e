using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Embedded.Shards;

/// <summary>Gathers the values of rows that lie in different segments.</summary>
internal static class RowFetch
{
    public static Column Fetch(ImmutableArray<Segment> segments, FieldSchema field, ReadOnlySpan<RowReference> rows)
    {
        if (rows.IsEmpty) return ColumnBuilder.For(field).Build();
        var first = rows[0].Segment;
        var isOneSegment = true;
        foreach (var r in rows) isOneSegment &= r.Segment == first;
        if (isOneSegment)
        {
            var own = new int[rows.Length];
            for (var i = 0; i < own.Length; i++) own[i] = rows[i].Row;
            return segments[first].Fetch(field, own);
        }

        // One gather per segment, then one pass that puts the values back into the caller's order.
        var perSegment = new Dictionary<int, List<int>>();
        var places = new (int Segment, int Position)[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            if (!perSegment.TryGetValue(rows[i].Segment, out var list)) perSegment.Add(rows[i].Segment, list = []);
            places[i] = (rows[i].Segment, list.Count);
            list.Add(rows[i].Row);
        }
        var columns = perSegment.ToDictionary(p => p.Key, p => segments[p.Key].Fetch(field, CollectionsMarshal.AsSpan(p.Value)));
        var builder = ColumnBuilder.For(field);
        foreach (var (segment, position) in places) builder.AppendFrom(columns[segment], position);
        return builder.Build();
    }
}
