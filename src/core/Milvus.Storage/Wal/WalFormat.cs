using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Milvus.Model;

namespace Milvus.Storage.Wal;

/// <summary>
/// Bytes of a log file, version 1, little-endian. A 32-byte file header: magic, version, hash of the channel's name, sequence of
/// the first record, CRC-32C. Then records: 24-byte header, payload, one end byte.
/// </summary>
/// <remarks>
/// <para>Record header: kind (byte 0), how many records before this one were not known to be durable when it was written (3 bytes),
/// payload length (4), sequence (8), CRC-32C of the payload (4), CRC-32C of the header seeded with the file header's (4), so that bytes
/// of another file, or a log stored inside a payload, are never taken for records.</para>
/// <para>First and last byte of a record are never zero. A sector that a power cut kept from the disk reads as zeros from the place where
/// the record begins in it, so a lost sector can be told from a damaged one; see <see cref="WalTailJudge"/>.</para>
/// </remarks>
internal static class WalFormat
{
    public const int Version = 1;
    public const int FileHeaderBytes = 32;
    public const int RecordHeaderBytes = 24;
    public const int RecordOverheadBytes = RecordHeaderBytes + 1;
    public const int MaxUndurable = (1 << 24) - 1;
    public const byte EndMark = 0xA5;
    public const string Extension = ".wal";

    private const uint Magic = 0x464C4157; // "WALF"
    private const int NameDigits = 20;

    public static string FileName(long firstSequence) => firstSequence.ToString("D20", CultureInfo.InvariantCulture) + Extension;

    public static bool TryParseFileName(string name, out long firstSequence)
    {
        firstSequence = 0;
        return name.Length == NameDigits + Extension.Length
            && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, NameDigits), NumberStyles.None, CultureInfo.InvariantCulture, out firstSequence)
            && firstSequence > 0;
    }

    public static byte[] EncodeFileHeader(string channel, long firstSequence)
    {
        var header = new byte[FileHeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), HashChannel(channel));
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), firstSequence);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), Crc32C.Compute(header.AsSpan(0, 28)));
        return header;
    }

    /// <summary>The seed of record checksums: the file header's own checksum.</summary>
    public static uint Salt(ReadOnlySpan<byte> fileHeader) => BinaryPrimitives.ReadUInt32LittleEndian(fileHeader[28..]);

    /// <summary>True when the bytes are a whole header of some log file.</summary>
    public static bool IsFileHeader(ReadOnlySpan<byte> header) =>
        header.Length >= FileHeaderBytes && Crc32C.Compute(header[..28]) == Salt(header) && BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic;

    /// <summary>Null when the header is what this file's must be, else what is wrong with it.</summary>
    public static string? CheckFileHeader(ReadOnlySpan<byte> header, string channel, long firstSequence)
    {
        if (!IsFileHeader(header))
            return header.Length < FileHeaderBytes ? "file header is cut short" : "file header is damaged";
        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (version != Version)
            return $"log format version {version}, this program reads version {Version}";
        if (BinaryPrimitives.ReadUInt64LittleEndian(header[8..]) != HashChannel(channel))
            return $"file belongs to another channel than '{channel}'";
        var first = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        return first == firstSequence ? null : $"file begins with record {first}, which its name contradicts";
    }

    // FNV-1a, 64 bits: tells channels apart, no more.
    private static ulong HashChannel(string channel)
    {
        var hash = 14695981039346656037UL;
        foreach (var value in Encoding.UTF8.GetBytes(channel))
            hash = (hash ^ value) * 1099511628211UL;
        return hash;
    }
}

/// <summary>What a record is for; never zero. Persisted: values are frozen.</summary>
internal enum WalRecordKind : byte
{
    Data = 0xD1,

    /// <summary>Ends a file that has a successor: finding it in the last file tells that the successor is missing.</summary>
    Seal = 0x5E,
}

/// <summary>The decoded header of a record.</summary>
internal readonly record struct WalRecordHeader(WalRecordKind Kind, int Undurable, int Length, long Sequence, uint PayloadChecksum)
{
    /// <summary>Bytes of the whole record.</summary>
    public long TotalBytes => (long)WalFormat.RecordOverheadBytes + Length;

    /// <summary>Last sequence that was known to be durable when the record was written.</summary>
    public long DurableBefore => Sequence - Undurable - 1;

    public void Encode(Span<byte> target, uint salt)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)Kind | ((uint)Undurable << 8));
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], Length);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[20..], Crc32C.Append(salt, target[..20]));
    }

    /// <summary>False when the bytes are not a header of this file.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, uint salt, out WalRecordHeader header)
    {
        header = default;
        if (source.Length < WalFormat.RecordHeaderBytes
            || (WalRecordKind)source[0] is not (WalRecordKind.Data or WalRecordKind.Seal)
            || BinaryPrimitives.ReadUInt32LittleEndian(source[20..]) != Crc32C.Append(salt, source[..20]))
            return false;
        header = new WalRecordHeader(
            (WalRecordKind)source[0],
            (int)(BinaryPrimitives.ReadUInt32LittleEndian(source) >> 8),
            BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));
        return header.Length >= 0 && header.Sequence > 0;
    }

    /// <summary>True when the payload and the end byte, which follow the header in <paramref name="rest"/>, are what was written.</summary>
    public bool Verifies(ReadOnlySpan<byte> rest) =>
        rest.Length > Length && rest[Length] == WalFormat.EndMark && Crc32C.Compute(rest[..Length]) == PayloadChecksum;
}
