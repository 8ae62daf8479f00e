using System.Buffers;
using System.Buffers.Binary;
using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>Header, footer and tail of column files as bytes. Decoding throws <see cref="FormatException"/> with a reason.</summary>
internal static class ColumnFileDirectory
{
    private const byte HasNaNFlag = 1;

    public static byte[] EncodeHeader(ColumnFileFormat format, int blockRows)
    {
        var header = new byte[ColumnFileFormat.HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, ColumnFileFormat.HeaderMagic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), ColumnFileFormat.Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), format.FieldId);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), (int)format.Type);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), (int)format.ElementType);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), format.Dimension);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), blockRows);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(60), Crc32C.Compute(header.AsSpan(0, 60)));
        return header;
    }

    public static (ColumnFileFormat Format, int BlockRows) DecodeHeader(ReadOnlySpan<byte> header)
    {
        Require(BinaryPrimitives.ReadUInt32LittleEndian(header) == ColumnFileFormat.HeaderMagic, "not a column file (wrong magic)");
        Require(BinaryPrimitives.ReadUInt32LittleEndian(header[60..]) == Crc32C.Compute(header[..60]), "header checksum mismatch");
        var version = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        Require(version == ColumnFileFormat.Version, $"format version {version}, this program reads version {ColumnFileFormat.Version}");
        var format = new ColumnFileFormat(
            BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
            (Model.DataType)BinaryPrimitives.ReadInt32LittleEndian(header[16..]),
            (Model.DataType)BinaryPrimitives.ReadInt32LittleEndian(header[20..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[24..]));
        var blockRows = BinaryPrimitives.ReadInt32LittleEndian(header[28..]);
        Require(format.IsSupported() && blockRows > 0, $"header describes no column this program knows: {format}");
        return (format, blockRows);
    }

    /// <summary>Footer and tail together.</summary>
    public static byte[] EncodeFooter(long rows, IReadOnlyList<BlockEntry> entries, IReadOnlyList<BlockStatistics> statistics)
    {
        var output = new ArrayBufferWriter<byte>(64 + (entries.Count * 96));
        PutInt64(output, rows);
        PutInt64(output, entries.Count);
        for (var i = 0; i < entries.Count; i++)
        {
            PutEntry(output, entries[i]);
            PutStatistics(output, statistics[i]);
        }
        var footer = output.WrittenSpan;
        var length = footer.Length;
        var checksum = Crc32C.Compute(footer);
        var tail = output.GetSpan(ColumnFileFormat.TailBytes)[..ColumnFileFormat.TailBytes];
        BinaryPrimitives.WriteInt32LittleEndian(tail, length);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[4..], checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[8..], Crc32C.Compute(tail[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail[12..], ColumnFileFormat.TailMagic);
        output.Advance(ColumnFileFormat.TailBytes);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The footer's length and checksum from the last <see cref="ColumnFileFormat.TailBytes"/> of the file.</summary>
    public static (int Length, uint Checksum) DecodeTail(ReadOnlySpan<byte> tail)
    {
        Require(BinaryPrimitives.ReadUInt32LittleEndian(tail[12..]) == ColumnFileFormat.TailMagic, "the end of the file is missing or damaged");
        Require(BinaryPrimitives.ReadUInt32LittleEndian(tail[8..]) == Crc32C.Compute(tail[..8]), "tail checksum mismatch");
        return (BinaryPrimitives.ReadInt32LittleEndian(tail), BinaryPrimitives.ReadUInt32LittleEndian(tail[4..]));
    }

    public static (long Rows, BlockEntry[] Entries, BlockStatistics[] Statistics) DecodeFooter(ReadOnlySpan<byte> footer)
    {
        var rows = TakeInt64(ref footer);
        var count = TakeInt64(ref footer);
        Require(rows >= 0 && count >= 0 && count <= footer.Length, "block directory has an impossible size");
        var entries = new BlockEntry[count];
        var statistics = new BlockStatistics[count];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = TakeEntry(ref footer);
            statistics[i] = TakeStatistics(ref footer);
        }
        Require(footer.IsEmpty, "block directory has trailing bytes");
        return (rows, entries, statistics);
    }

    private static void PutEntry(ArrayBufferWriter<byte> output, BlockEntry entry)
    {
        PutInt64(output, entry.Offset);
        PutInt64(output, entry.Length);
        PutInt64(output, entry.Checksum);
        PutInt64(output, entry.ValidityOffset);
        PutInt64(output, entry.ValidityLength);
        PutInt64(output, entry.ValidityChecksum);
    }

    private static BlockEntry TakeEntry(ref ReadOnlySpan<byte> footer) => new(
        TakeInt64(ref footer),
        TakeInt64(ref footer),
        (uint)TakeInt64(ref footer),
        TakeInt64(ref footer),
        (int)TakeInt64(ref footer),
        (uint)TakeInt64(ref footer));

    private static void PutStatistics(ArrayBufferWriter<byte> output, BlockStatistics statistics)
    {
        PutInt64(output, statistics.RowCount);
        PutInt64(output, statistics.NullCount);
        output.Write([(byte)statistics.Kind, statistics.HasNaN ? HasNaNFlag : (byte)0]);
        switch (statistics.Kind)
        {
            case BoundKind.Int64:
                PutInt64(output, statistics.MinInt64);
                PutInt64(output, statistics.MaxInt64);
                break;
            case BoundKind.Double:
                PutInt64(output, BitConverter.DoubleToInt64Bits(statistics.MinDouble));
                PutInt64(output, BitConverter.DoubleToInt64Bits(statistics.MaxDouble));
                break;
            case BoundKind.Text:
                PutText(output, statistics.MinText.Span);
                PutText(output, statistics.MaxText.Span);
                break;
        }
    }

    private static BlockStatistics TakeStatistics(ref ReadOnlySpan<byte> footer)
    {
        var rows = (int)TakeInt64(ref footer);
        var nulls = (int)TakeInt64(ref footer);
        var kind = (BoundKind)Take(ref footer, 1)[0];
        var plain = new BlockStatistics { RowCount = rows, NullCount = nulls, Kind = kind, HasNaN = Take(ref footer, 1)[0] == HasNaNFlag };
        switch (kind)
        {
            case BoundKind.None:
                return plain;
            case BoundKind.Int64:
                return plain with { MinInt64 = TakeInt64(ref footer), MaxInt64 = TakeInt64(ref footer) };
            case BoundKind.Double:
                return plain with
                {
                    MinDouble = BitConverter.Int64BitsToDouble(TakeInt64(ref footer)),
                    MaxDouble = BitConverter.Int64BitsToDouble(TakeInt64(ref footer)),
                };
            case BoundKind.Text:
                return plain with { MinText = TakeText(ref footer), MaxText = TakeText(ref footer) };
            default:
                throw new FormatException($"unknown statistics kind {(int)kind}");
        }
    }

    private static void PutInt64(ArrayBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }

    private static long TakeInt64(ref ReadOnlySpan<byte> footer) => BinaryPrimitives.ReadInt64LittleEndian(Take(ref footer, sizeof(long)));

    private static void PutText(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write([(byte)text.Length]);
        output.Write(text);
    }

    private static byte[] TakeText(ref ReadOnlySpan<byte> footer) => Take(ref footer, Take(ref footer, 1)[0]).ToArray();

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> footer, int count)
    {
        Require(footer.Length >= count, "block directory is cut short");
        var taken = footer[..count];
        footer = footer[count..];
        return taken;
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
            throw new FormatException(problem);
    }
}
