using Milvus.Proxy.Models;
using Milvus.QueryNode;
using Milvus.StreamingNode;
using Milvus.Storage.Wal;
using Milvus.Text.Analyzers;

namespace Milvus.Embedded;

/// <summary>Settings of the in-process engine. Validated by <see cref="Validated"/>.</summary>
public sealed record EngineOptions
{
    public static EngineOptions Default { get; } = new();

    public ChannelOptions Channel { get; init; } = ChannelOptions.Default;

    public WalOptions Wal { get; init; } = WalOptions.Default;

    /// <summary>Bytes that loaded segments may take; 0 means 70 % of the memory this process may use.</summary>
    public long MemoryLimitBytes { get; init; }

    /// <summary>What of loaded segments is in memory and what in local files.</summary>
    public PlacementOptions Placement { get; init; } = PlacementOptions.Default;

    /// <summary>How long deleted rows stay readable at past timestamps before sealing and compaction leave them out.</summary>
    public int TombstoneRetentionMs { get; init; } = 60_000;

    /// <summary>How long a read of a collection that is being loaded waits for that before it is refused; a request's own deadline may end it sooner.</summary>
    public int LoadingReadPatienceMs { get; init; } = 15_000;

    /// <summary>Pause between looks at what should be sealed, built or compacted.</summary>
    public int MaintenanceIntervalMs { get; init; } = 1000;

    /// <summary>Segments with fewer rows are searched exactly and get no index file.</summary>
    public int MinIndexRows { get; init; } = 1024;

    /// <summary>Threads that build one index.</summary>
    public int BuildThreads { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Share of deleted rows from which a segment is rewritten.</summary>
    public double CompactDeletedRatio { get; init; } = 0.2;

    /// <summary>Small segments of one partition that are merged once there are this many.</summary>
    public int CompactSmallSegments { get; init; } = 8;

    /// <summary>Where file resources are found; null for none.</summary>
    public Milvus.Storage.Objects.IObjectStore? Files { get; init; }

    /// <summary>Models that functions may ask.</summary>
    public ModelOptions Models { get; init; } = ModelOptions.Default;

    /// <summary>What analyzers may use because the operator provides it. Holds for the whole process from when an engine opens with it; null leaves what holds.</summary>
    public AnalyzerSources? Analyzers { get; init; }

    /// <summary>True to compact without being asked.</summary>
    public bool AutoCompaction { get; init; } = true;

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public EngineOptions Validated()
    {
        Channel.Validated();
        Wal.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(MemoryLimitBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(TombstoneRetentionMs);
        ArgumentOutOfRangeException.ThrowIfNegative(LoadingReadPatienceMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaintenanceIntervalMs, 10);
        ArgumentOutOfRangeException.ThrowIfLessThan(MinIndexRows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BuildThreads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CompactSmallSegments, 2);
        return MemoryLimitBytes > 0 ? this : this with { MemoryLimitBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 7 / 10 };
    }
}
