using System.Buffers;
using System.Buffers.Binary;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Writes the values of several columns at a row as one byte string; equal strings mean equal values, nulls included.</summary>
internal sealed class GroupKeyEncoder
{
    private readonly ArrayBufferWriter<byte> _key = new();

    /// <summary>Valid until the next call.</summary>
    /// <exception cref="MilvusException">1100: a type one can't group by.</exception>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<Column> columns, int row)
    {
        _key.ResetWrittenCount();
        foreach (var column in columns) Write(column, row);
        return _key.WrittenSpan;
    }

    private void Write(Column column, int row)
    {
        var isNull = column.IsNull(row);
        _key.GetSpan(1)[0] = isNull ? (byte)0 : (byte)1;
        _key.Advance(1);
        if (isNull) return;
        switch (column)
        {
            case BinaryColumn c when c.Type != DataType.SparseFloatVector:
                var text = c[row];
                WriteInt64(text.Length);
                _key.Write(text);
                break;
            case FixedColumn<long> c: WriteInt64(c.Values[row]); break;
            case FixedColumn<int> c: WriteInt64(c.Values[row]); break;
            case FixedColumn<short> c: WriteInt64(c.Values[row]); break;
            case FixedColumn<sbyte> c: WriteInt64(c.Values[row]); break;
            case FixedColumn<bool> c: WriteInt64(c.Values[row] ? 1 : 0); break;
            default: throw MilvusException.InvalidParameter($"unsupported data type {column.Type} for group by operator");
        }
    }

    private void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_key.GetSpan(8), value);
        _key.Advance(8);
    }
}

/// <summary>Numbers distinct groups in order of first sight, across any number of columns. Not thread-safe.</summary>
public sealed class GroupNumbers
{
    private readonly GroupKeyEncoder _encoder = new();
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _numbers =
        new Dictionary<byte[], int>(BytesComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count => _numbers.Dictionary.Count;

    /// <summary>The number of the group at a row; one not seen before gets the next number.</summary>
    public int Add(ReadOnlySpan<Column> columns, int row)
    {
        ref var number = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_numbers, _encoder.Encode(columns, row), out var known);
        if (!known) number = Count - 1;
        return number;
    }

    public bool Contains(ReadOnlySpan<Column> columns, int row) => _numbers.ContainsKey(_encoder.Encode(columns, row));
}
