using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;
using Milvus.Storage.Files;

namespace Milvus.Storage.Wal;

/// <summary>What a log's directory holds once its end has been made sound.</summary>
/// <param name="Files">In order; empty for a new log.</param>
/// <param name="NextSequence">Sequence after the last record.</param>
/// <param name="Recovery">What was cut off.</param>
internal sealed record WalState(ImmutableArray<WalFile> Files, long NextSequence, WalRecovery? Recovery);

/// <summary>Opens the files of a log: checks the last one, cuts off a torn end and makes what is left durable.</summary>
internal static class WalRecoverer
{
    public static WalState Recover(IFileSystem files, string directory, string channel, WalOptions options)
    {
        var log = ImmutableArray.CreateBuilder<WalFile>();
        foreach (var entry in files.ListFiles(directory))
        {
            if (WalFormat.TryParseFileName(entry.Name, out var first))
                log.Add(new WalFile(files.Combine(directory, entry.Name), first, entry.Length));
        }
        if (log.Count == 0)
            return new WalState([], 1, null);
        var last = log[^1];
        var recovery = RestoreHeader(files, last, channel);
        if (recovery is not null)
            last = last with { Length = WalFormat.FileHeaderBytes };
        var (length, next, cut) = CheckRecords(files, last, channel, options);
        log[^1] = last with { Length = length };
        MakeDurable(files, directory, log[^1], cut is not null);
        return new WalState(log.ToImmutable(), next, cut ?? recovery);
    }

    // A file is used only after its header is durable, so a file with nothing behind a broken header is one whose creation was cut off.
    // Its name still tells which record comes next.
    private static WalRecovery? RestoreHeader(IFileSystem files, WalFile last, string channel)
    {
        using var file = files.Open(last.Path, FileOpening.Write);
        Span<byte> header = stackalloc byte[WalFormat.FileHeaderBytes];
        var read = file.Read(0, header);
        if (WalFormat.CheckFileHeader(header[..read], channel, last.FirstSequence) is not { } problem)
            return null;
        if (last.Length > WalFormat.FileHeaderBytes || WalFormat.IsFileHeader(header[..read]))
            throw new IntegrityException(last.Path, problem);
        file.SetLength(0);
        file.Write(0, [WalFormat.EncodeFileHeader(channel, last.FirstSequence)]);
        file.Sync();
        return new WalRecovery(last.Path, WalFormat.FileHeaderBytes, last.Length, "the file's creation was cut off; its header was written again");
    }

    private static (long Length, long NextSequence, WalRecovery? Cut) CheckRecords(IFileSystem files, WalFile last, string channel, WalOptions options)
    {
        using var cursor = last.OpenCursor(files, channel);
        var step = cursor.Step();
        for (; step == WalStep.Record; step = cursor.Step())
        {
            if (cursor.Header.Kind == WalRecordKind.Seal)
                throw new IntegrityException(last.Path, $"the file that follows is missing; it begins with record {cursor.NextSequence.ToString(CultureInfo.InvariantCulture)}");
        }
        if (step == WalStep.End)
            return (cursor.Offset, cursor.NextSequence, null);
        var verdict = Judge(files, last, channel, cursor.Offset, cursor.NextSequence);
        if (!verdict.IsTorn && !options.DiscardDamagedTail)
            throw new IntegrityException(last.Path, string.Create(CultureInfo.InvariantCulture, $"offset {cursor.Offset}: {verdict.Reason}"));
        return (cursor.Offset, cursor.NextSequence, new WalRecovery(last.Path, cursor.Offset, last.Length - cursor.Offset, verdict.Reason));
    }

    private static WalTailVerdict Judge(IFileSystem files, WalFile last, string channel, long offset, long expected)
    {
        using var file = files.Open(last.Path, FileOpening.Read);
        var tail = new byte[last.Length - offset];
        var read = file.Read(offset, tail);
        var salt = WalFormat.Salt(WalFormat.EncodeFileHeader(channel, last.FirstSequence));
        return WalTailJudge.Judge(tail.AsSpan(0, read), offset, expected, salt);
    }

    // What was read may have come from the cache of the operating system: the process that wrote it may have died before its sync. From
    // here on it counts as acknowledged.
    private static void MakeDurable(IFileSystem files, string directory, WalFile last, bool isCut)
    {
        using var file = files.Open(last.Path, FileOpening.Write);
        if (isCut)
            file.SetLength(last.Length);
        file.Sync();
        files.SyncDirectory(directory);
    }
}
