namespace Milvus.Storage.Wal;

/// <summary>When a written record counts as durable, chosen by <c>--wal-sync</c>.</summary>
public enum WalSyncMode
{
    /// <summary>Acknowledged means fsynced: nothing acknowledged is lost when the machine loses power. The default.</summary>
    Always,

    /// <summary>
    /// Acknowledged means handed to the operating system, fsynced at least every <see cref="WalOptions.SyncIntervalMs"/>: survives
    /// the death of the process; a power cut or a failing disk may lose the last interval.
    /// </summary>
    Interval,

    /// <summary>
    /// Never fsynced except when a file is full or the log is closed: survives the death of the process; a power cut or a failing disk
    /// may lose everything since.
    /// </summary>
    None,
}

/// <summary>Settings of the file log.</summary>
public sealed record WalOptions
{
    public const long MinSegmentBytes = 4 << 10;
    public const long MaxSegmentBytes = 256L << 20;

    public static WalOptions Default { get; } = new();

    public WalSyncMode SyncMode { get; init; } = WalSyncMode.Always;

    /// <summary>Longest time between fsyncs under <see cref="WalSyncMode.Interval"/>.</summary>
    public int SyncIntervalMs { get; init; } = 200;

    /// <summary>A file that has reached this many bytes is closed and the next one begun; a file exceeds it by at most one batch.</summary>
    public long SegmentBytes { get; init; } = 128L << 20;

    /// <summary>Longest payload of one record, in bytes.</summary>
    public int MaxRecordBytes { get; init; } = 128 << 20;

    /// <summary>
    /// An operator's last resort: cut off a damaged end of the log even where it looks like damage to acknowledged records rather
    /// than a torn write. What is lost stands in <see cref="WalRecovery"/>.
    /// </summary>
    public bool DiscardDamagedTail { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(SyncMode))
            throw new ArgumentOutOfRangeException(nameof(SyncMode), SyncMode, "unknown WAL sync mode");
        ArgumentOutOfRangeException.ThrowIfLessThan(SyncIntervalMs, 1, nameof(SyncIntervalMs));
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, MinSegmentBytes, nameof(SegmentBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentBytes, MaxSegmentBytes, nameof(SegmentBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRecordBytes, 1, nameof(MaxRecordBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxRecordBytes, 1 << 30, nameof(MaxRecordBytes));
    }
}
