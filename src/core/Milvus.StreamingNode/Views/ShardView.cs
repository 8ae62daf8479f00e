using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.StreamingNode;

/// <summary>
/// The segments of one shard at one moment. Immutable: a seal, a load or a compaction publishes a new one. Which rows a reader sees is decided
/// by its timestamp, not by the view.
/// </summary>
public sealed class ShardView(ImmutableArray<GrowingSegment> growing, ImmutableArray<SealedSegment> sealedSegments, Timestamp completeFrom)
{
    private ImmutableArray<Segment> _segments;

    public static readonly ShardView Empty = new([], [], Timestamp.Zero);

    public ImmutableArray<GrowingSegment> Growing { get; } = growing;

    /// <summary>Loaded sealed segments.</summary>
    public ImmutableArray<SealedSegment> Sealed { get; } = sealedSegments;

    /// <summary>All segments, the growing ones first; put together once for all readers of the view.</summary>
    public ImmutableArray<Segment> Segments
    {
        get
        {
            if (_segments.IsDefault) ImmutableInterlocked.InterlockedInitialize(ref _segments, [.. Growing, .. Sealed]);
            return _segments;
        }
    }

    /// <summary>
    /// When files without rows that were already deleted came into view. A reader that chose an earlier timestamp before it saw this view would
    /// miss them.
    /// </summary>
    public Timestamp CompleteFrom { get; } = completeFrom;
}
