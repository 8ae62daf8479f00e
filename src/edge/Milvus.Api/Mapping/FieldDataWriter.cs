using System.Buffers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Milvus.Model;
using Milvus.Protocol.Schema;
using DataType = Milvus.Model.DataType;
using FieldSchema = Milvus.Model.FieldSchema;

namespace Milvus.Api.Mapping;

/// <summary>
/// Writes result columns. Null rows of scalars keep a placeholder in the list, null rows of vectors are left out; both are marked in
/// <c>valid_data</c>, which is present for every nullable field.
/// </summary>
public static class FieldDataWriter
{
    /// <param name="field">The field behind the column; null for what no field stands behind, such as <c>count(*)</c>.</param>
    /// <param name="zone">In which timestamps are written.</param>
    public static FieldData Write(NamedColumn named, FieldSchema? field, TimeZoneInfo zone)
    {
        var column = named.Column;
        // Parts of timestamps are arrays, whatever the field is.
        var type = column is ArrayColumn ? column.Type : field?.Type ?? column.Type;
        var data = new FieldData
        {
            Type = (Protocol.Schema.DataType)(int)type,
            FieldName = named.IsDynamic && named.Name.Length == 0 ? FieldIds.DynamicName : named.Name,
            FieldId = field?.Id ?? 0,
            IsDynamic = named.IsDynamic,
        };
        if (column.Validity is not null || field is { Nullable: true, IsDynamic: false })
        {
            data.ValidData.Capacity = column.Count;
            for (var row = 0; row < column.Count; row++) data.ValidData.Add(!column.IsNull(row));
        }

        if (type.IsVector()) data.Vectors = WriteVectors(column, type);
        else data.Scalars = WriteScalars(column, type, zone);
        return data;
    }

    private static ScalarField WriteScalars(Column column, DataType type, TimeZoneInfo zone)
    {
        var scalars = new ScalarField();
        switch (column)
        {
            case FixedColumn<bool> c:
                scalars.BoolData = new BoolArray();
                scalars.BoolData.Data.AddSpan(c.Values);
                break;
            case FixedColumn<sbyte> c:
                scalars.IntData = new IntArray();
                Widen(c.Values, scalars.IntData);
                break;
            case FixedColumn<short> c:
                scalars.IntData = new IntArray();
                Widen(c.Values, scalars.IntData);
                break;
            case FixedColumn<int> c:
                scalars.IntData = new IntArray();
                scalars.IntData.Data.AddSpan(c.Values);
                break;
            case FixedColumn<long> c when type == DataType.Timestamptz:
                scalars.StringData = new StringArray();
                for (var row = 0; row < c.Count; row++)
                    scalars.StringData.Data.Add(c.IsNull(row) ? "" : TimestampText.Format(c.Values[row], zone));
                break;
            case FixedColumn<long> c:
                scalars.LongData = new LongArray();
                scalars.LongData.Data.AddSpan(c.Values);
                break;
            case FixedColumn<float> c:
                scalars.FloatData = new FloatArray();
                scalars.FloatData.Data.AddSpan(c.Values);
                break;
            case FixedColumn<double> c:
                scalars.DoubleData = new DoubleArray();
                scalars.DoubleData.Data.AddSpan(c.Values);
                break;
            case BinaryColumn c when type == DataType.Json:
                scalars.JsonData = new JSONArray();
                for (var row = 0; row < c.Count; row++) scalars.JsonData.Data.Add(ByteString.CopyFrom(c[row]));
                break;
            case BinaryColumn c when type == DataType.Geometry:
                scalars.GeometryWktData = new GeometryWktArray();
                for (var row = 0; row < c.Count; row++) scalars.GeometryWktData.Data.Add(c.IsNull(row) ? "" : GeometryCodec.ToWkt(c[row]));
                break;
            case BinaryColumn c:
                scalars.StringData = new StringArray();
                scalars.StringData.Data.Capacity = c.Count;
                for (var row = 0; row < c.Count; row++) scalars.StringData.Data.Add(c.GetString(row));
                break;
            case ArrayColumn c:
                scalars.ArrayData = new ArrayArray { ElementType = (Protocol.Schema.DataType)(int)c.ElementType };
                scalars.ArrayData.Data.Capacity = c.Count;
                for (var row = 0; row < c.Count; row++) scalars.ArrayData.Data.Add(WriteScalars(c.Row(row), c.ElementType, zone));
                break;
            default:
                throw new InvalidOperationException($"a {column.GetType().Name} of {type} has no wire form");
        }
        return scalars;
    }

    private static VectorField WriteVectors(Column column, DataType type)
    {
        if (column is ArrayColumn lists) return WriteLists(lists);
        if (column is BinaryColumn sparse) return new VectorField { SparseFloatVector = WriteSparse(sparse) };

        var dense = (VectorColumn)column;
        var vectors = new VectorField { Dim = dense.Dimension };
        var present = dense.Validity?.CountValid() ?? dense.Count;
        var bytes = ArrayPool<byte>.Shared.Rent(checked(present * dense.RowBytes));
        var packed = bytes.AsSpan(0, present * dense.RowBytes);
        if (present == dense.Count)
        {
            dense.Data.CopyTo(packed);
        }
        else
        {
            var next = 0;
            for (var row = 0; row < dense.Count; row++)
            {
                if (dense.IsNull(row)) continue;
                dense[row].CopyTo(packed[next..]);
                next += dense.RowBytes;
            }
        }

        switch (type)
        {
            case DataType.FloatVector: vectors.FloatVector = WriteFloats(packed); break;
            case DataType.BinaryVector: vectors.BinaryVector = ByteString.CopyFrom(packed); break;
            case DataType.Float16Vector: vectors.Float16Vector = ByteString.CopyFrom(packed); break;
            case DataType.BFloat16Vector: vectors.Bfloat16Vector = ByteString.CopyFrom(packed); break;
            case DataType.Int8Vector: vectors.Int8Vector = ByteString.CopyFrom(packed); break;
            default: throw new InvalidOperationException($"vectors of {type} have no wire form");
        }
        ArrayPool<byte>.Shared.Return(bytes);
        return vectors;
    }

    /// <summary>Null rows keep their place with an empty list, as those of arrays do: clients count rows, not lists.</summary>
    private static VectorField WriteLists(ArrayColumn column)
    {
        var elements = (VectorColumn)column.Elements;
        var lists = new VectorArray { Dim = elements.Dimension, ElementType = (Protocol.Schema.DataType)(int)elements.Type };
        lists.Data.Capacity = column.Count;
        for (var row = 0; row < column.Count; row++) lists.Data.Add(WriteVectors(column.Row(row), elements.Type));
        return new VectorField { Dim = elements.Dimension, VectorArray = lists };
    }

    private static SparseFloatArray WriteSparse(BinaryColumn column)
    {
        var sparse = new SparseFloatArray();
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsNull(row)) continue;
            var pairs = column[row];
            sparse.Contents.Add(ByteString.CopyFrom(pairs));
            // Pairs ascend by index: the last one tells how many dimensions the row needs.
            if (pairs.Length >= 8) sparse.Dim = Math.Max(sparse.Dim, MemoryMarshal.Read<uint>(pairs[^8..]) + 1L);
        }
        return sparse;
    }

    private static FloatArray WriteFloats(ReadOnlySpan<byte> bytes)
    {
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        var buffer = ArrayPool<float>.Shared.Rent(values.Length);
        values.CopyTo(buffer);
        var floats = new FloatArray();
        floats.Data.AddRange(new ArraySegment<float>(buffer, 0, values.Length));
        ArrayPool<float>.Shared.Return(buffer);
        return floats;
    }

    private static void Widen(ReadOnlySpan<sbyte> values, IntArray into)
    {
        into.Data.Capacity = values.Length;
        foreach (var value in values) into.Data.Add(value);
    }

    private static void Widen(ReadOnlySpan<short> values, IntArray into)
    {
        into.Data.Capacity = values.Length;
        foreach (var value in values) into.Data.Add(value);
    }
}
