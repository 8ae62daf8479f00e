using Milvus.Model;
using Milvus.Segments;

namespace Milvus.StreamingNode.Tests;

/// <summary>What a reader of a channel sees, as text that compares.</summary>
internal static class VisibleRows
{
    private static readonly SegmentScratch s_scratch = new();

    /// <summary>Key, stamp and partition of every row visible at the moment, in order.</summary>
    public static List<(long Key, long Stamp, long Partition)> At(ShardChannel channel, Timestamp at)
    {
        var rows = new List<(long, long, long)>();
        foreach (var segment in channel.View.Growing.Cast<Segment>().Concat(channel.View.Sealed))
        {
            var found = SegmentQuery.Execute(segment, null, new ReadPoint(at, Expiry(channel)), s_scratch, default);
            if (found.Length == 0) continue;
            var keys = segment.PrimaryKeysOf(found);
            var stamps = ((FixedColumn<long>)segment.Fetch(Given.Stamp, found)).Values;
            var vectors = (VectorColumn)segment.Fetch(Given.Vector, found);
            for (var i = 0; i < found.Length; i++)
            {
                Assert.Equal(stamps[i], BitConverter.ToSingle(vectors[i]));
                rows.Add((keys.Int64s[i], stamps[i], segment.PartitionId));
            }
        }
        rows.Sort();
        return rows;
    }

    public static void AssertSame(ShardChannel expected, ShardChannel actual, IEnumerable<Timestamp> moments)
    {
        foreach (var at in moments) Assert.Equal(At(expected, at), At(actual, at));
    }

    // As the shard's reader does: a truncated row of a segment that also holds younger ones is hidden, not removed.
    private static Timestamp Expiry(ShardChannel channel) =>
        channel.Context.TruncatedAt == Timestamp.Zero ? Timestamp.Zero : new Timestamp(channel.Context.TruncatedAt.Value + 1);
}
