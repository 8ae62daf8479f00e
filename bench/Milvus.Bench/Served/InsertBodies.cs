using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Protocol;
using Milvus.Protocol.Schema;

namespace Milvus.Bench.Served;

/// <summary>Insert requests in two parts: what differs from call to call, and the encoded vectors, which calls share.</summary>
internal sealed class InsertBodies
{
    private readonly byte[][] _vectors;
    private readonly int _batchRows;

    public InsertBodies(ClusteredSet set, int batchRows)
    {
        _batchRows = batchRows;
        _vectors = new byte[set.RowCount / batchRows][];
        for (var b = 0; b < _vectors.Length; b++)
        {
            var values = MemoryMarshal.AsBytes(set.Rows(b * batchRows, batchRows).Span);
            // A field of the request: FieldData { type 101, name, VectorField { dim, FloatArray } }, by hand because the floats are one block.
            byte[] packed = [.. Key(1, 2), .. Varint(values.Length)];
            byte[] array = [.. Key(1, 0), .. Varint(set.Dimension), .. Key(2, 2), .. Varint(packed.Length + values.Length), .. packed];
            byte[] field = [.. Key(1, 0), .. Varint((int)DataType.FloatVector), .. Key(2, 2), .. Varint(6), .. "vector"u8, .. Key(4, 2), .. Varint(array.Length + values.Length), .. array];
            _vectors[b] = [.. Key(5, 2), .. Varint(field.Length + values.Length), .. field, .. values];
        }
    }

    public int BatchCount => _vectors.Length;

    /// <summary>The encoded vectors of a batch; batches beyond the set's rows repeat them.</summary>
    public byte[] Vectors(int batch) => _vectors[batch % _vectors.Length];

    /// <summary>The gRPC prefix and everything but the vectors.</summary>
    public byte[] Head(string collection, int batch)
    {
        var ids = new LongArray();
        for (var i = 0; i < _batchRows; i++) ids.Data.Add(((long)batch * _batchRows) + i);
        var request = new InsertRequest
        {
            CollectionName = collection,
            NumRows = (uint)_batchRows,
            FieldsData = { new FieldData { FieldName = "id", Type = DataType.Int64, Scalars = new ScalarField { LongData = ids } } },
        };
        var head = new byte[5 + request.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), head.Length - 5 + Vectors(batch).Length);
        request.WriteTo(head.AsSpan(5));
        return head;
    }

    private static byte[] Key(int field, int wire) => Varint((field << 3) | wire);

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
