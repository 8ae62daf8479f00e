namespace Milvus.Actors.Streaming;

/// <summary>Limits and intervals of the channels on one node. Validated by <see cref="Validated"/>.</summary>
public sealed record StreamingOptions
{
    public static StreamingOptions Default { get; } = new();

    /// <summary>Payload bytes of one journal event; larger records are split.</summary>
    public int PartBytes { get; init; } = 1 << 20;

    /// <summary>Payload bytes of writes persisted together.</summary>
    public long MaxBatchBytes { get; init; } = 8L << 20;

    public int MaxBatchWrites { get; init; } = 1024;

    /// <summary>Payload bytes that may wait for the journal before further writes are refused.</summary>
    public long MaxQueuedBytes { get; init; } = 512L << 20;

    /// <summary>Request ids kept so that a write that is sent twice happens once.</summary>
    public int RememberedRequests { get; init; } = 100_000;

    /// <summary>Age after which nobody repeats a write any more; snapshots leave out older request ids.</summary>
    public int RememberRequestsMs { get; init; } = 10 * 60 * 1000;

    /// <summary>Pause before a failed channel is started again; doubles up to <see cref="MaxRestartMs"/>.</summary>
    public int MinRestartMs { get; init; } = 200;

    public int MaxRestartMs { get; init; } = 10_000;

    /// <summary>How often replicas get the latest deletes and growing segments are looked at.</summary>
    public int TickMs { get; init; } = 1000;

    /// <summary>How often manifests are read without a hint that they changed.</summary>
    public int ReloadMs { get; init; } = 5000;

    /// <summary>How long a replica may take to answer before it is asked again.</summary>
    public int LoadRetryMs { get; init; } = 5000;

    /// <summary>How long a query node without memory is left alone.</summary>
    public int MemoryRetryMs { get; init; } = 30_000;

    /// <summary>How long a node may take to apply deletes before a reader chooses another.</summary>
    public int PushTimeoutMs { get; init; } = 3000;

    /// <summary>How long a reader waits for a channel that is recovering or being loaded, before the proxy begins anew.</summary>
    public int RecoveryPatienceMs { get; init; } = 9000;

    /// <summary>How long readers wait for a channel whose journal is away before they read what it had.</summary>
    public int RestAfterMs { get; init; } = 1000;

    /// <summary>A reading session that nobody used for so long is forgotten.</summary>
    public int SessionMs { get; init; } = 60_000;

    /// <summary>
    /// How long journal events stay after a checkpoint covers them. An owner that does not know yet that there is another fails at the first number that is taken; it would
    /// find it free if its successor's events were removed at once. So: much longer than the cluster takes to down a node that it cannot reach.
    /// </summary>
    public int TrimDelayMs { get; init; } = 120_000;

    /// <summary>
    /// A process that did not run for so long has its channels read their journals again before they acknowledge anything: well below <see cref="TrimDelayMs"/>, within which
    /// the journal itself refuses an owner that was replaced. 0 turns it off.
    /// </summary>
    public int SleepMs { get; init; } = 60_000;

    /// <summary>How long a tombstone file stays after the checkpoint dropped it: somebody may be reading it.</summary>
    public int StaleFileMs { get; init; } = 5 * 60 * 1000;

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public StreamingOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PartBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchWrites, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedBytes, MaxBatchBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(RememberedRequests, MaxBatchWrites);
        ArgumentOutOfRangeException.ThrowIfLessThan(MinRestartMs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRestartMs, MinRestartMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(TickMs, 10);
        ArgumentOutOfRangeException.ThrowIfNegative(RestAfterMs);
        return this;
    }
}
