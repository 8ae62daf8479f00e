using Microsoft.Extensions.Logging;
using Milvus.Coordinator.Segments;
using Milvus.DataNode;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Storage.Objects;
using Milvus.Storage.Wal;

namespace Milvus.Embedded.Collections;

/// <summary>What the parts of the engine share.</summary>
public sealed record EngineServices
{
    public required EngineOptions Options { get; init; }

    public required ITimestampOracle Oracle { get; init; }

    public required ISegmentCatalog Segments { get; init; }

    public required IObjectStore Objects { get; init; }

    public required IWalStore Wal { get; init; }

    public required MemoryBudget Memory { get; init; }

    public required GarbageCollector Garbage { get; init; }

    /// <summary>Lets one heavy job (index build, compaction) run at a time, so that reads keep their share of the cores.</summary>
    public required SemaphoreSlim HeavyWork { get; init; }

    /// <summary>Computes outputs of functions that were added after rows were written; null leaves them out.</summary>
    public IFunctionFiller? Filler { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    public SegmentSealer Sealer => field ??= new SegmentSealer(Segments, Objects, Oracle, Time, new SealOptions(Options.TombstoneRetentionMs, Options.Channel.MaxPendingDeletes));

    /// <summary>How indexes are built now: the memory that is left has a say in it.</summary>
    public IndexBuildOptions Indexing => new(Options.MinIndexRows, Options.BuildThreads) { AvailableBytes = Memory.AvailableBytes };

    public Timestamp Now => Timestamp.FromMs(Time.GetUtcNow().ToUnixTimeMilliseconds());
}
