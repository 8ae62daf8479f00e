using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Embedded.Shards;

/// <summary>Turns what one segment found into the form in which places are merged.</summary>
internal static class SegmentResults
{
    /// <param name="number">The segment's number among the reader's.</param>
    /// <param name="found">One entry per query.</param>
    public static ShardHits Of(Segment segment, int number, SegmentHits[] found)
    {
        var counts = new int[found.Length];
        var total = 0;
        for (var q = 0; q < found.Length; q++) total += counts[q] = found[q].Count;
        var rows = found.Length == 1 ? found[0].Rows : new int[total];
        var scores = found.Length == 1 ? found[0].Scores : new float[total];
        for (int q = 0, at = 0; q < found.Length && found.Length > 1; at += counts[q++])
        {
            found[q].Rows.CopyTo(rows, at);
            found[q].Scores.CopyTo(scores, at);
        }
        var references = new RowReference[total];
        var times = new Timestamp[total];
        for (var i = 0; i < total; i++) (references[i], times[i]) = (new RowReference(number, rows[i]), segment.TimestampOf(rows[i]));
        return new ShardHits
        {
            Counts = counts,
            Scores = scores,
            Rows = references,
            Timestamps = times,
            Ids = segment.PrimaryKeysOf(rows),
            GroupValues = GroupValues(found),
            Elements = found.Length == 1 ? found[0].Elements : [.. found.SelectMany(f => f.Elements)],
            Examined = (long)segment.RowCount * found.Length,
        };
    }

    /// <summary>The answer of no segments.</summary>
    public static ShardHits None(CollectionSchema schema, ShardSearch request) => new()
    {
        Counts = new int[request.Queries.Rows.Length],
        Scores = [],
        Rows = [],
        Timestamps = [],
        Ids = new PrimaryKeys(ColumnBuilder.For(schema.PrimaryKey).Build()),
    };

    private static ImmutableArray<Column> GroupValues(SegmentHits[] found)
    {
        if (found.Length == 1) return found[0].GroupValues;
        var first = Array.Find(found, f => !f.GroupValues.IsEmpty);
        if (first is null) return [];
        var columns = ImmutableArray.CreateBuilder<Column>(first.GroupValues.Length);
        for (var t = 0; t < first.GroupValues.Length; t++)
        {
            var builder = ColumnBuilder.For(first.GroupValues[t].Type);
            foreach (var f in found)
                for (var i = 0; i < f.Count; i++) builder.AppendFrom(f.GroupValues[t], i);
            columns.Add(builder.Build());
        }
        return columns.MoveToImmutable();
    }
}
