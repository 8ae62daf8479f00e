using Milvus.Model;
using Milvus.Segments;

namespace Milvus.StreamingNode;

/// <summary>A growing segment and the stretch of the log its rows came from.</summary>
public sealed class GrowingExtent(GrowingSegment segment, long firstSequence, Timestamp openedAt)
{
    public GrowingSegment Segment { get; } = segment;

    public long FirstSequence { get; } = firstSequence;

    public long LastSequence { get; internal set; } = firstSequence;

    /// <summary>Timestamp of its first rows.</summary>
    public Timestamp OpenedAt { get; } = openedAt;

    /// <summary>Bytes of payload appended.</summary>
    public long PayloadBytes { get; internal set; }

    /// <summary>True once it takes no more rows.</summary>
    public bool IsSealing { get; internal set; }
}
