using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>A sealed segment that readers read on query nodes.</summary>
internal readonly record struct ServedSegment(long SegmentId, long PartitionId);

/// <summary>What readers of a channel read at one moment: its growing segments here, and which sealed ones elsewhere. Immutable.</summary>
internal sealed class ChannelView(ImmutableArray<GrowingSegment> growing, ImmutableArray<ServedSegment> served, Timestamp completeFrom)
{
    public static readonly ChannelView Empty = new([], [], Timestamp.Zero);

    public ImmutableArray<GrowingSegment> Growing { get; } = growing;

    public ImmutableArray<ServedSegment> Served { get; } = served;

    /// <summary>As in <c>ShardView</c>: a reader that chose an earlier timestamp before it saw this view would miss rows deleted since.</summary>
    public Timestamp CompleteFrom { get; } = completeFrom;
}
