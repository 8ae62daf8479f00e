namespace Milvus.StreamingNode;

/// <summary>When a growing segment is full, and when it is sealed although it is not.</summary>
public sealed record ChannelOptions
{
    public static ChannelOptions Default { get; } = new();

    /// <summary>Rows after which a growing segment takes no more.</summary>
    public int MaxSegmentRows { get; init; } = 4_000_000;

    /// <summary>Bytes of payload after which a growing segment takes no more.</summary>
    public long MaxSegmentBytes { get; init; } = 512L << 20;

    /// <summary>A growing segment that was opened longer ago is sealed if it is worth a file.</summary>
    public int MaxGrowingAgeMs { get; init; } = 10 * 60 * 1000;

    /// <summary>Log bytes a channel keeps before it seals what holds them.</summary>
    public long MaxLogBytes { get; init; } = 1L << 30;

    /// <summary>Deleted keys kept in memory before they are written to a tombstone file.</summary>
    public int MaxPendingDeletes { get; init; } = 500_000;

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public ChannelOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSegmentRows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSegmentBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxSegmentBytes, 1L << 30);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxGrowingAgeMs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxLogBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPendingDeletes, 1);
        return this;
    }
}
