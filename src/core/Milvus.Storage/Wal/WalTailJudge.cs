using System.Globalization;

namespace Milvus.Storage.Wal;

/// <summary>Whether the bytes where a record should be are the remains of a write that never completed, or damage to one that did.</summary>
internal readonly record struct WalTailVerdict(bool IsTorn, string Reason);

/// <summary>
/// Decides what the unreadable end of the last log file is. A write that was cut off by a crash was never acknowledged and is removed;
/// damage to acknowledged records must stop the log.
/// </summary>
/// <remarks>
/// <para>What a crash can do to bytes that were not yet synced: the file ends early, or sectors of 512 bytes were not written and read
/// as zeros, in any combination. What it cannot do is change some bits of a sector, or touch what was synced.</para>
/// <para>So the record is damaged, not torn, when (1) a later record says that this one was durable when it was written; or (2) none of
/// its sectors is zero, the file does not end within it and it either has an intact header, is followed by an intact record, or becomes
/// intact by flipping one bit of its header. Otherwise it is torn.</para>
/// <para>What remains open: damage to the last group of records, those after the last one that carries word of a sync, is taken for a torn
/// write when it zeroes a whole sector, meets a payload that itself holds a zero sector, changes more than one bit of the very last
/// record's header, or cuts the file short. It is reported either way. The checkpoint of the channel, if it is beyond the end
/// of the log, tells the rest.</para>
/// </remarks>
internal static class WalTailJudge
{
    private const int SectorBytes = 512;

    /// <param name="tail">The file from the unreadable record to its end; not empty.</param>
    /// <param name="offset">Where that is in the file.</param>
    /// <param name="expected">Sequence of the record that should be there.</param>
    /// <param name="salt">The file's checksum seed.</param>
    public static WalTailVerdict Judge(Span<byte> tail, long offset, long expected, uint salt)
    {
        if (tail.Length < WalFormat.RecordHeaderBytes)
            return Torn("the last record's header is incomplete");
        var hasHeader = WalRecordHeader.TryDecode(tail, salt, out var header);
        if (hasHeader && header.Sequence != expected)
            return Damaged($"record {expected} is missing, found {header.Sequence}");
        if (hasHeader && header.TotalBytes > tail.Length)
            return Torn($"record {expected} is incomplete");
        var (next, durable) = FindLater(tail, expected, salt);
        if (next > 0 && durable >= expected)
            return Damaged($"record {expected} is damaged, and intact records after it were written when it was durable");
        var extent = hasHeader ? (int)header.TotalBytes : next > 0 ? next : tail.Length;
        if (HasLostSector(tail[..extent], offset))
            return Torn(string.Create(CultureInfo.InvariantCulture, $"sectors of record {expected} were never written"));
        if (hasHeader)
            return Damaged($"payload of record {expected} does not match its checksum");
        if (next > 0)
            return Damaged($"header of record {expected} is damaged, and an intact record follows");
        if (IsOneFlipFromHeader(tail[..WalFormat.RecordHeaderBytes], expected, salt))
            return Damaged($"header of record {expected} has a flipped bit");
        return Torn("the bytes after the last record are no record");
    }

    // Position of the first intact later record, 0 when there is none, and the highest sequence that any of them knew to be durable.
    private static (int Position, long Durable) FindLater(ReadOnlySpan<byte> tail, long expected, uint salt)
    {
        var first = 0;
        long durable = 0;
        for (var at = 1; at + WalFormat.RecordOverheadBytes <= tail.Length;)
        {
            if (!WalRecordHeader.TryDecode(tail[at..], salt, out var header)
                || header.Sequence <= expected
                || header.Sequence - expected > tail.Length / WalFormat.RecordOverheadBytes
                || !header.Verifies(tail[(at + WalFormat.RecordHeaderBytes)..]))
            {
                at++;
                continue;
            }
            if (first == 0)
                first = at;
            durable = Math.Max(durable, header.DurableBefore);
            at += (int)header.TotalBytes;
        }
        return (first, durable);
    }

    private static bool HasLostSector(ReadOnlySpan<byte> extent, long offset)
    {
        for (var at = 0; at < extent.Length;)
        {
            var toBoundary = (int)(SectorBytes - ((offset + at) % SectorBytes));
            var part = extent.Slice(at, Math.Min(toBoundary, extent.Length - at));
            if (!part.ContainsAnyExcept((byte)0))
                return true;
            at += part.Length;
        }
        return false;
    }

    private static bool IsOneFlipFromHeader(Span<byte> bytes, long expected, uint salt)
    {
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var mask = (byte)(1 << (bit & 7));
            bytes[bit >> 3] ^= mask;
            var isHeader = WalRecordHeader.TryDecode(bytes, salt, out var header) && header.Sequence == expected;
            bytes[bit >> 3] ^= mask;
            if (isHeader)
                return true;
        }
        return false;
    }

    private static WalTailVerdict Torn(string reason) => new(true, reason);

    private static WalTailVerdict Damaged(string reason) => new(false, reason);
}
