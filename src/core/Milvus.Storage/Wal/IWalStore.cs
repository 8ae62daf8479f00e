using System.Buffers;

namespace Milvus.Storage.Wal;

/// <summary>Ordered durable records per channel. Safe for concurrent use; each log it opens has one owner.</summary>
public interface IWalStore
{
    /// <summary>Channels that have a log, in ordinal order.</summary>
    IReadOnlyList<string> ListChannels();

    /// <summary>
    /// Opens a channel's log, recovering its end; a new channel's log begins at sequence 1 and costs nothing until the first append.
    /// The caller owns and disposes it and opens no second one of the same channel meanwhile.
    /// </summary>
    /// <param name="channel">Letters, digits and <c>. _ - = +</c>, as <see cref="Objects.ObjectKeys"/> has it for one part.</param>
    /// <param name="reached">
    /// The last record that the channel's checkpoint covers, 0 for none. A log that ends before it has lost files and is refused; the
    /// owner therefore syncs the log before it commits a checkpoint.
    /// </param>
    /// <exception cref="Model.IntegrityException">Acknowledged records are damaged or missing; names file and offset.</exception>
    IChannelLog Open(string channel, long reached = 0);

    /// <summary>Removes a channel's log; its owner has disposed it. Does nothing when there is none.</summary>
    void Delete(string channel);
}

/// <summary>
/// The log of one channel: consecutive records, numbered from 1. One owner at a time calls it; reading is allowed beside appending.
/// </summary>
/// <remarks>
/// The owner's loop is group commit: <see cref="Append"/> what has queued up, <see cref="Commit"/> once, acknowledge.
/// After <see cref="Append"/> or <see cref="Commit"/> throws, look at <see cref="IsFailed"/>: false means the failed append left no
/// trace (a full disk, say) and a later one may succeed; true means that the fate of everything after
/// <see cref="DurableSequence"/> is unknown, every further append throws, and the log must be disposed, reopened and replayed.
/// </remarks>
public interface IChannelLog : IDisposable
{
    string Channel { get; }

    /// <summary>What opening found and repaired at the end of the log; null when the log ended cleanly.</summary>
    WalRecovery? Recovery { get; }

    /// <summary>Sequence of the oldest record kept; equals <see cref="NextSequence"/> when there is none.</summary>
    long FirstSequence { get; }

    /// <summary>Sequence that the next appended record will get.</summary>
    long NextSequence { get; }

    /// <summary>Last sequence known to survive a power cut.</summary>
    long DurableSequence { get; }

    /// <summary>Bytes of all files of the log.</summary>
    long LengthBytes { get; }

    /// <summary>True once appending is refused until the log is reopened.</summary>
    bool IsFailed { get; }

    /// <summary>
    /// Writes the payloads as consecutive records in one write and returns the sequence of the first. Not durable before
    /// <see cref="Commit"/> or <see cref="Sync"/>. The payloads, whose pieces are written from where they lie, may be reused afterwards.
    /// </summary>
    /// <exception cref="ArgumentException">A payload is longer than allowed; nothing was written.</exception>
    /// <exception cref="IOException">The write failed.</exception>
    long Append(ReadOnlySpan<ReadOnlySequence<byte>> payloads);

    /// <summary>Does what the sync mode demands before acknowledging: fsync always, when the interval has passed, or never.</summary>
    /// <exception cref="IOException">The fsync failed: nothing after <see cref="DurableSequence"/> may be acknowledged, now or later.</exception>
    void Commit();

    /// <summary>Makes every appended record durable.</summary>
    /// <exception cref="IOException">The fsync failed: nothing after <see cref="DurableSequence"/> may be acknowledged, now or later.</exception>
    void Sync();

    /// <summary>
    /// Reads the records from <paramref name="sequence"/> to the last one appended before this call, in order, verified. The caller
    /// disposes the reader before trimming.
    /// </summary>
    /// <exception cref="Model.IntegrityException">Records from there on have been trimmed away or are missing.</exception>
    WalReader ReadFrom(long sequence);

    /// <summary>
    /// Deletes the files whose records all have sequences up to <paramref name="sequence"/>. Trimming everything leaves one empty file,
    /// so that numbering goes on.
    /// </summary>
    /// <param name="sequence">At most <see cref="DurableSequence"/>.</param>
    void TrimTo(long sequence);

    /// <summary>Closes the file handle of an idle log, synced; the next append reopens it.</summary>
    void ReleaseHandle();
}

/// <summary>One record. The payload is valid until the reader moves on or is disposed.</summary>
public readonly record struct WalRecord(long Sequence, ReadOnlyMemory<byte> Payload);

/// <summary>What opening a log cut off its end.</summary>
/// <param name="File">The file that was cut.</param>
/// <param name="Offset">Its length afterwards.</param>
/// <param name="TruncatedBytes">Bytes removed.</param>
/// <param name="Reason">Why, for the operator.</param>
public sealed record WalRecovery(string File, long Offset, long TruncatedBytes, string Reason);
