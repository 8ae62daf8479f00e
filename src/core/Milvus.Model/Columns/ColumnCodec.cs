using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Milvus.Model;

/// <summary>
/// The binary form of columns inside log records: little-endian, without padding. The layout is frozen; the records that embed it carry
/// the version and the checksum.
/// </summary>
public static class ColumnCodec
{
    /// <summary>Bytes that <see cref="Write(IBufferWriter{byte}, ColumnBatch)"/> needs at most, for sizing buffers.</summary>
    public static long EstimateSize(ColumnBatch batch)
    {
        long size = 16;
        foreach (var c in batch.Columns) size += 64 + EstimateSize(c.Column);
        return size;
    }

    public static long EstimateSize(Column column) => column.ByteSize + (column.Count * 4L) + (column.Count / 8) + 64;

    public static void Write(IBufferWriter<byte> output, ColumnBatch batch)
    {
        WriteInt32(output, batch.RowCount);
        WriteInt32(output, batch.Columns.Length);
        foreach (var c in batch.Columns)
        {
            WriteInt64(output, c.FieldId);
            Write(output, c.Column);
        }
    }

    public static ColumnBatch ReadBatch(ref ColumnReader input)
    {
        var rows = input.ReadInt32();
        var columns = input.ReadInt32();
        if (rows < 0 || columns is < 0 or > 4096) throw input.Damaged($"a batch of {rows} rows and {columns} columns");
        var list = ImmutableArray.CreateBuilder<FieldColumn>(columns);
        for (var i = 0; i < columns; i++)
        {
            var id = input.ReadInt64();
            var column = Read(ref input);
            if (column.Count != rows) throw input.Damaged($"field {id} has {column.Count} rows instead of {rows}");
            list.Add(new FieldColumn(id, column));
        }
        return new ColumnBatch(rows, list.MoveToImmutable());
    }

    public static void Write(IBufferWriter<byte> output, Column column)
    {
        WriteInt32(output, (int)column.Type);
        WriteInt32(output, column.Count);
        WriteInt32(output, column.Validity is null ? 0 : 1);
        if (column.Validity is { } validity) output.Write(MemoryMarshal.AsBytes(validity.Words));
        switch (column)
        {
            case FixedColumn<bool> c: output.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case FixedColumn<sbyte> c: output.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case FixedColumn<short> c: output.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case FixedColumn<int> c: output.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case FixedColumn<long> c: output.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case FixedColumn<float> c: output.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case FixedColumn<double> c: output.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case BinaryColumn c:
                WriteOffsets(output, c.Offsets);
                output.Write(c.Data[c.Offsets[0]..c.Offsets[^1]]);
                break;
            case ArrayColumn c:
                WriteOffsets(output, c.Offsets);
                Write(output, c.Elements.Slice(c.Offsets[0], c.Offsets[^1] - c.Offsets[0]));
                break;
            case VectorColumn c:
                WriteInt32(output, c.Dimension);
                if (output is IGatheringWriter gathering) gathering.Gather(c.Memory);
                else output.Write(c.Data);
                break;
            default:
                throw new ArgumentException($"no encoding for {column.GetType().Name}", nameof(column));
        }
    }

    public static Column Read(ref ColumnReader input)
    {
        var type = (DataType)input.ReadInt32();
        var count = input.ReadInt32();
        if (count < 0) throw input.Damaged($"a column of {count} rows");
        Validity? validity = null;
        if (input.ReadInt32() != 0)
            validity = new Validity(MemoryMarshal.Cast<byte, ulong>(input.ReadBytes(Validity.WordCount(count) * 8L).Span).ToArray(), count);
        switch (type)
        {
            case DataType.Bool: return ReadFixed<bool>(ref input, type, count, validity);
            case DataType.Int8: return ReadFixed<sbyte>(ref input, type, count, validity);
            case DataType.Int16: return ReadFixed<short>(ref input, type, count, validity);
            case DataType.Int32: return ReadFixed<int>(ref input, type, count, validity);
            case DataType.Int64 or DataType.Timestamptz: return ReadFixed<long>(ref input, type, count, validity);
            case DataType.Float: return ReadFixed<float>(ref input, type, count, validity);
            case DataType.Double: return ReadFixed<double>(ref input, type, count, validity);
            case DataType.VarChar or DataType.String or DataType.Text or DataType.Json or DataType.Geometry or DataType.SparseFloatVector:
                {
                    var offsets = ReadOffsets(ref input, count);
                    return new BinaryColumn(type, offsets, input.ReadBytes(offsets[^1]).ToArray(), validity);
                }
            case DataType.Array or DataType.ArrayOfVector:
                {
                    var offsets = ReadOffsets(ref input, count);
                    // There are no arrays of arrays; without this a few crafted bytes per level would exhaust the stack.
                    if (((DataType)input.PeekInt32()).IsList()) throw input.Damaged("an array of arrays");
                    var elements = Read(ref input);
                    if (elements is VectorColumn != (type == DataType.ArrayOfVector)) throw input.Damaged($"{elements.Type} in a column of {type}");
                    if (elements.Count != offsets[^1]) throw input.Damaged("array offsets and elements differ");
                    return new ArrayColumn(offsets, elements, validity);
                }
            default:
                {
                    if (!type.IsDenseVector()) throw input.Damaged($"column type {(int)type}");
                    var dimension = input.ReadInt32();
                    if (dimension <= 0 || dimension > Limits.MaxBinaryDimension || (type == DataType.BinaryVector && dimension % 8 != 0)) throw input.Damaged($"dimension {dimension}");
                    var bytes = checked((long)count * type.VectorBytes(dimension));
                    if (bytes > int.MaxValue) throw input.Damaged($"{bytes} bytes of vectors in one column");
                    return new VectorColumn(type, dimension, input.ReadBytes((int)bytes), validity);
                }
        }
    }

    public static void WriteInt32(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    public static void WriteInt64(IBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    public static void WriteByte(IBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    /// <summary>A string such that it comes back as it was, lone surrogates included: UTF-8 where that is possible, else UTF-16 with a negative length.</summary>
    public static void WriteText(IBufferWriter<byte> output, string value)
    {
        var utf8 = output.GetSpan(checked(4 + (value.Length * 3)));
        if (Utf8.FromUtf16(value, utf8[4..], out _, out var written, replaceInvalidSequences: false) == OperationStatus.Done)
        {
            BinaryPrimitives.WriteInt32LittleEndian(utf8, written);
            output.Advance(4 + written);
            return;
        }
        WriteInt32(output, -value.Length);
        output.Write(MemoryMarshal.AsBytes(value.AsSpan()));
    }

    private static FixedColumn<T> ReadFixed<T>(ref ColumnReader input, DataType type, int count, Validity? validity)
        where T : unmanaged
    {
        // Read before allocating: a damaged count asks for bytes that are not there, not for memory.
        var bytes = input.ReadBytes((long)count * Unsafe.SizeOf<T>());
        var values = new T[count];
        bytes.Span.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return new FixedColumn<T>(type, values, validity);
    }

    // Lengths rather than positions, so that a slice of a longer column encodes like a column of its own.
    private static void WriteOffsets(IBufferWriter<byte> output, ReadOnlySpan<int> offsets)
    {
        const int AtOnce = 1024;
        for (var first = 1; first < offsets.Length; first += AtOnce)
        {
            var count = Math.Min(AtOnce, offsets.Length - first);
            var lengths = MemoryMarshal.Cast<byte, int>(output.GetSpan(count * sizeof(int)));
            for (var i = 0; i < count; i++) lengths[i] = offsets[first + i] - offsets[first + i - 1];
            output.Advance(count * sizeof(int));
        }
    }

    private static int[] ReadOffsets(ref ColumnReader input, int count)
    {
        var lengths = MemoryMarshal.Cast<byte, int>(input.ReadBytes(count * 4L).Span);
        var offsets = new int[count + 1];
        for (var i = 0; i < count; i++)
        {
            if (lengths[i] < 0 || lengths[i] > int.MaxValue - offsets[i]) throw input.Damaged($"a length of {lengths[i]}");
            offsets[i + 1] = offsets[i] + lengths[i];
        }
        return offsets;
    }
}

/// <summary>Reads what <see cref="ColumnCodec"/> wrote; running past the end is an <see cref="IntegrityException"/>.</summary>
public ref struct ColumnReader(ReadOnlyMemory<byte> bytes, string source)
{
    private readonly ReadOnlyMemory<byte> _bytes = bytes;
    private int _position;

    public readonly bool AtEnd => _position == _bytes.Length;

    public byte ReadByte() => ReadBytes(1).Span[0];

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(4).Span);

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(ReadBytes(8).Span);

    /// <summary>What <see cref="ReadInt32"/> would give, without moving on.</summary>
    public readonly int PeekInt32()
    {
        var ahead = this;
        return ahead.ReadInt32();
    }

    /// <summary>A number of items that follow, each of at least so many bytes: a damaged count asks for bytes that are not there, not for memory.</summary>
    public int ReadCount(int itemBytes)
    {
        var count = ReadInt32();
        if (count < 0 || (long)count * itemBytes > _bytes.Length - _position) throw Damaged($"{count} items at {_position} of {_bytes.Length}");
        return count;
    }

    /// <summary>A flag written as one byte.</summary>
    public bool ReadFlag() => ReadByte() switch
    {
        0 => false,
        1 => true,
        var other => throw Damaged($"a flag of {other}"),
    };

    /// <summary>What <see cref="ColumnCodec.WriteText"/> wrote.</summary>
    public string ReadText()
    {
        var length = ReadInt32();
        if (length < 0) return new string(MemoryMarshal.Cast<byte, char>(ReadBytes(-(long)length * 2).Span));
        var utf8 = ReadBytes(length).Span;
        return Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : throw Damaged("text that is not UTF-8");
    }

    /// <summary>The next bytes, still owned by the buffer being read.</summary>
    public ReadOnlyMemory<byte> ReadBytes(long count)
    {
        if (count < 0 || count > _bytes.Length - _position) throw Damaged($"{count} bytes wanted at {_position} of {_bytes.Length}");
        var slice = _bytes.Slice(_position, (int)count);
        _position += (int)count;
        return slice;
    }

    public readonly IntegrityException Damaged(string problem) => new(source, problem);
}
