using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Proxy.Wire;

/// <summary>What a message is; second byte of every one. Frozen.</summary>
internal enum WireKind : byte
{
    Write = 1,
    Search = 2,
    Hits = 3,
    Query = 4,
    Rows = 5,
    Column = 6,
    TermStatistics = 7,
    Error = 8,
    Fetch = 9,
    Terms = 10,
    Aggregation = 11,
    GroupStates = 12,
    SegmentExplains = 20,
}

/// <summary>
/// The frame that all messages share: version, kind, content, CRC-32C of everything before it; little-endian without padding. A message
/// that was changed on its way is recognised before anything in it is believed.
/// </summary>
internal static class WireFormat
{
    private const byte Version = 1;
    private const int HeadBytes = 2;
    private const int ChecksumBytes = 4;

    public static ArrayBufferWriter<byte> Begin(WireKind kind, long estimatedBytes)
    {
        var output = new ArrayBufferWriter<byte>((int)Math.Min(estimatedBytes + 64, Array.MaxLength));
        ColumnCodec.WriteByte(output, Version);
        ColumnCodec.WriteByte(output, (byte)kind);
        return output;
    }

    public static ReadOnlyMemory<byte> End(ArrayBufferWriter<byte> output)
    {
        ColumnCodec.WriteInt32(output, (int)Crc32C.Compute(output.WrittenSpan));
        return output.WrittenMemory;
    }

    /// <summary>The content of a message of that kind.</summary>
    /// <exception cref="IntegrityException">Damaged, of another kind, or of a version that this program does not know.</exception>
    public static ColumnReader Open(ReadOnlyMemory<byte> message, WireKind kind)
    {
        var name = Name(kind);
        if (message.Length < HeadBytes + ChecksumBytes) throw new IntegrityException(name, $"{message.Length} bytes are no message");
        var content = message[..^ChecksumBytes];
        if (Crc32C.Compute(content.Span) != BinaryPrimitives.ReadUInt32LittleEndian(message.Span[^ChecksumBytes..]))
            throw new IntegrityException(name, "the checksum differs");
        var input = new ColumnReader(content, name);
        var version = input.ReadByte();
        if (version != Version) throw input.Damaged($"version {version} is not known to this server");
        var found = input.ReadByte();
        if (found != (byte)kind) throw input.Damaged($"a message of kind {found}");
        return input;
    }

    public static void Close(in ColumnReader input)
    {
        if (!input.AtEnd) throw input.Damaged("bytes after the end");
    }

    public static void WriteFlag(IBufferWriter<byte> output, bool value) => ColumnCodec.WriteByte(output, value ? (byte)1 : (byte)0);

    public static void WriteDouble(IBufferWriter<byte> output, double value) => ColumnCodec.WriteInt64(output, BitConverter.DoubleToInt64Bits(value));

    public static double ReadDouble(ref ColumnReader input) => BitConverter.Int64BitsToDouble(input.ReadInt64());

    public static void WriteOptional(IBufferWriter<byte> output, double? value)
    {
        WriteFlag(output, value is not null);
        if (value is { } present) WriteDouble(output, present);
    }

    public static double? ReadOptional(ref ColumnReader input) => input.ReadFlag() ? ReadDouble(ref input) : null;

    /// <summary>A count and the items as they lie in memory.</summary>
    public static void WriteItems<T>(IBufferWriter<byte> output, ReadOnlySpan<T> items)
        where T : unmanaged
    {
        ColumnCodec.WriteInt32(output, items.Length);
        output.Write(MemoryMarshal.AsBytes(items));
    }

    public static T[] ReadItems<T>(ref ColumnReader input)
        where T : unmanaged
    {
        var count = input.ReadCount(Unsafe.SizeOf<T>());
        var bytes = input.ReadBytes((long)count * Unsafe.SizeOf<T>());
        var items = new T[count];
        bytes.Span.CopyTo(MemoryMarshal.AsBytes(items.AsSpan()));
        return items;
    }

    public static ImmutableArray<long> ReadIds(ref ColumnReader input) => ImmutableCollectionsMarshal.AsImmutableArray(ReadItems<long>(ref input));

    public static void WriteIds(IBufferWriter<byte> output, ImmutableArray<long> ids) => WriteItems(output, ids.IsDefault ? [] : ids.AsSpan());

    public static void WriteColumns(IBufferWriter<byte> output, ImmutableArray<Column> columns)
    {
        ColumnCodec.WriteInt32(output, columns.Length);
        foreach (var column in columns) ColumnCodec.Write(output, column);
    }

    /// <param name="rows">What every column must have.</param>
    public static ImmutableArray<Column> ReadColumns(ref ColumnReader input, int rows)
    {
        var columns = ImmutableArray.CreateBuilder<Column>(input.ReadCount(itemBytes: 4));
        for (var i = 0; i < columns.Capacity; i++)
        {
            var column = ColumnCodec.Read(ref input);
            if (column.Count != rows) throw input.Damaged($"a column of {column.Count} values for {rows} rows");
            columns.Add(column);
        }
        return columns.MoveToImmutable();
    }

    public static PrimaryKeys ReadKeys(ref ColumnReader input)
    {
        var column = ColumnCodec.Read(ref input);
        if (column.Type is not (DataType.Int64 or DataType.VarChar)) throw input.Damaged($"keys of type {column.Type}");
        if (column.Validity is not null) throw input.Damaged("keys that are null");
        return new PrimaryKeys(column);
    }

    /// <summary>A field by its id: what it is called and made of is in the reader's schema.</summary>
    /// <exception cref="MilvusException">1700: the reader's schema does not have it (yet).</exception>
    public static FieldSchema ReadField(ref ColumnReader input, CollectionSchema schema)
    {
        var id = input.ReadInt64();
        return schema.Find(id) ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={id}]");
    }

    private static string Name(WireKind kind) => $"message {kind}";
}
