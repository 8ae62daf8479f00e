using System.Buffers;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Protocol.Schema;
using DataType = Milvus.Model.DataType;

namespace Milvus.Api.Mapping;

/// <summary>Vector columns: one flat list or blob for dense vectors, one blob per row for sparse ones.</summary>
internal static class VectorReader
{
    /// <exception cref="MilvusException">1100: the data is of another type than declared, or no whole number of rows.</exception>
    public static Column Read(VectorField vectors, DataType type, string name, NullPacking nulls)
    {
        switch (type, vectors.DataCase)
        {
            case (DataType.FloatVector, VectorField.DataOneofCase.FloatVector):
                return Dense(type, "float", FloatBytes(vectors.FloatVector), vectors.Dim, name, nulls);
            case (DataType.BinaryVector, VectorField.DataOneofCase.BinaryVector):
                return Dense(type, "binary", vectors.BinaryVector.Memory, vectors.Dim, name, nulls);
            case (DataType.Float16Vector, VectorField.DataOneofCase.Float16Vector):
                return Dense(type, "float16", vectors.Float16Vector.Memory, vectors.Dim, name, nulls);
            case (DataType.BFloat16Vector, VectorField.DataOneofCase.Bfloat16Vector):
                return Dense(type, "bfloat16", vectors.Bfloat16Vector.Memory, vectors.Dim, name, nulls);
            case (DataType.Int8Vector, VectorField.DataOneofCase.Int8Vector):
                return Dense(type, "int8", vectors.Int8Vector.Memory, vectors.Dim, name, nulls);
            case (DataType.SparseFloatVector, VectorField.DataOneofCase.SparseFloatVector):
                return nulls.Expand(type, vectors.SparseFloatVector.Contents);
            case (DataType.ArrayOfVector, VectorField.DataOneofCase.VectorArray):
                return ReadLists(vectors.VectorArray, name, nulls);
            default:
                throw Mismatch(name, type, vectors.DataCase);
        }
    }

    /// <summary>One message of vectors per row; rows may leave out what all of them have in common.</summary>
    private static ArrayColumn ReadLists(VectorArray lists, string name, NullPacking nulls)
    {
        var type = (DataType)(int)lists.ElementType;
        var dim = lists.Dim > 0 ? lists.Dim : lists.Data.Select(d => d.Dim).FirstOrDefault(d => d > 0);
        if (type == DataType.None) type = lists.Data.Select(TypeOf).FirstOrDefault(t => t != DataType.None);
        if (!type.IsDenseVector()) throw MilvusException.InvalidParameter($"element type {type} of array of vector field {name} is not supported");
        if (dim <= 0) throw MilvusException.InvalidParameter($"dim({dim}) should be greater than 0");
        var full = nulls.IsFullLength(lists.Data.Count);
        var offsets = new int[(nulls.HasFlags ? nulls.Rows : lists.Data.Count) + 1];
        var parts = new List<ReadOnlyMemory<byte>>();
        var next = 0;
        for (var row = 0; row < offsets.Length - 1; row++)
        {
            offsets[row + 1] = offsets[row];
            if (!nulls.IsValid(row)) continue;
            var list = lists.Data[full ? row : next++];
            if (list.DataCase == VectorField.DataOneofCase.None) continue;
            if (list.Dim <= 0) list.Dim = dim;
            if (list.Dim != dim) throw MilvusException.InvalidParameter($"the dim ({list.Dim}) of row {row} of field {name} is not equal to the dim ({dim}) of other rows");
            var vectors = (VectorColumn)Read(list, type, name, new NullPacking([], 0, name));
            offsets[row + 1] += vectors.Count;
            parts.Add(vectors.Memory);
        }
        var data = new byte[parts.Sum(p => (long)p.Length)];
        var at = 0;
        foreach (var part in parts)
        {
            part.CopyTo(data.AsMemory(at));
            at += part.Length;
        }
        if (dim > Limits.MaxBinaryDimension) throw MilvusException.InvalidParameter($"invalid dimension: {dim} of field {name}");
        return new ArrayColumn(offsets, new VectorColumn(type, (int)dim, data), nulls.Validity());
    }

    private static DataType TypeOf(VectorField vectors) => vectors.DataCase switch
    {
        VectorField.DataOneofCase.FloatVector => DataType.FloatVector,
        VectorField.DataOneofCase.BinaryVector => DataType.BinaryVector,
        VectorField.DataOneofCase.Float16Vector => DataType.Float16Vector,
        VectorField.DataOneofCase.Bfloat16Vector => DataType.BFloat16Vector,
        VectorField.DataOneofCase.Int8Vector => DataType.Int8Vector,
        _ => DataType.None,
    };

    private static VectorColumn Dense(
        DataType type, string kind, ReadOnlyMemory<byte> data, long dim, string name, NullPacking nulls)
    {
        if (dim <= 0) throw MilvusException.InvalidParameter($"dim({dim}) should be greater than 0");
        if (dim > Limits.MaxBinaryDimension) throw MilvusException.InvalidParameter($"invalid dimension: {dim} of field {name}");
        var dimension = (int)dim;
        if (type == DataType.BinaryVector && dimension % 8 != 0)
            throw MilvusException.InvalidParameter($"the dim({dim}) of binary vector should be multiple of 8");
        var rowBytes = type.VectorBytes(dimension);
        if (data.Length % rowBytes != 0)
        {
            var length = type == DataType.FloatVector ? data.Length / sizeof(float) : data.Length;
            throw MilvusException.InvalidParameter($"the length({length}) of {kind} data should divide the dim({dim})");
        }

        var count = data.Length / rowBytes;
        if (!nulls.HasFlags || count != nulls.Rows && nulls.IsFullLength(count)) return new VectorColumn(type, dimension, data);
        if (count == nulls.Rows) return new VectorColumn(type, dimension, data, nulls.Validity());

        var spread = new byte[checked(nulls.Rows * rowBytes)];
        var next = 0;
        for (var row = 0; row < nulls.Rows; row++)
            if (nulls.IsValid(row)) data.Span.Slice(next++ * rowBytes, rowBytes).CopyTo(spread.AsSpan(row * rowBytes));
        return new VectorColumn(type, dimension, spread, nulls.Validity());
    }

    private static ReadOnlyMemory<byte> FloatBytes(FloatArray floats)
    {
        if (!floats.Packed.IsEmpty) return floats.Packed;
        var count = floats.Data.Count;
        var buffer = ArrayPool<float>.Shared.Rent(count);
        floats.Data.CopyTo(buffer, 0);
        var bytes = MemoryMarshal.AsBytes(buffer.AsSpan(0, count)).ToArray();
        ArrayPool<float>.Shared.Return(buffer);
        return bytes;
    }

    // A column of another kind is no column of this one to Milvus, whatever it holds.
    private static MilvusException Mismatch(string name, DataType type, VectorField.DataOneofCase given)
    {
        var kind = type switch
        {
            DataType.FloatVector => "float vector",
            DataType.Float16Vector => "float16 vector",
            DataType.BFloat16Vector => "bfloat16 vector",
            DataType.BinaryVector => "binary vector",
            DataType.Int8Vector => "int8 vector",
            DataType.SparseFloatVector => "sparse float vector",
            DataType.ArrayOfVector => "array of vector",
            _ => null,
        };
        return kind is null
            ? MilvusException.InvalidParameter($"insert data of field {name} does not match its type {type}, it is {given}")
            : MilvusException.InvalidParameter($"{kind} field '{name}' is illegal, array type mismatch", $"need {kind}", "got nil");
    }
}
