using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>
/// The inverse of <see cref="BlockEncoder"/>. Throws <see cref="FormatException"/> with a reason when the bytes, though their checksum
/// held, are not such a block.
/// </summary>
internal static class BlockDecoder
{
    /// <param name="bytes">Exactly the block's bytes; the column keeps them where it can.</param>
    public static Column Decode(ColumnFileFormat format, int rows, ReadOnlyMemory<byte> bytes, Validity? validity) => format.Type switch
    {
        DataType.Array => DecodeArrays(format, rows, bytes, validity),
        DataType.ArrayOfVector => DecodeVectorArrays(format, rows, bytes, validity),
        _ when format.Type.IsDenseVector() => DecodeVectors(format, rows, bytes, validity),
        _ => DecodeValues(format.Type, rows, bytes, validity),
    };

    private static VectorColumn DecodeVectors(ColumnFileFormat format, int rows, ReadOnlyMemory<byte> bytes, Validity? validity)
    {
        Require(bytes.Length == (long)rows * format.RowBytes, "vector data has the wrong length");
        return new VectorColumn(format.Type, format.Dimension, bytes, validity);
    }

    private static ArrayColumn DecodeArrays(ColumnFileFormat format, int rows, ReadOnlyMemory<byte> bytes, Validity? validity)
    {
        var offsets = DecodeOffsets(rows, bytes);
        var elements = DecodeValues(format.ElementType, offsets[^1], bytes[(offsets.Length * sizeof(int))..], null);
        return new ArrayColumn(offsets, elements, validity);
    }

    private static ArrayColumn DecodeVectorArrays(ColumnFileFormat format, int rows, ReadOnlyMemory<byte> bytes, Validity? validity)
    {
        var offsets = DecodeOffsets(rows, bytes);
        var vectors = bytes[(offsets.Length * sizeof(int))..];
        Require(vectors.Length == (long)offsets[^1] * format.ElementType.VectorBytes(format.Dimension), "vector data has the wrong length");
        return new ArrayColumn(offsets, new VectorColumn(format.ElementType, format.Dimension, vectors), validity);
    }

    private static Column DecodeValues(DataType type, int rows, ReadOnlyMemory<byte> bytes, Validity? validity) => type switch
    {
        DataType.Bool => DecodeFixed<bool>(type, rows, bytes, validity),
        DataType.Int8 => DecodeFixed<sbyte>(type, rows, bytes, validity),
        DataType.Int16 => DecodeFixed<short>(type, rows, bytes, validity),
        DataType.Int32 => DecodeFixed<int>(type, rows, bytes, validity),
        DataType.Int64 or DataType.Timestamptz => DecodeFixed<long>(type, rows, bytes, validity),
        DataType.Float => DecodeFixed<float>(type, rows, bytes, validity),
        DataType.Double => DecodeFixed<double>(type, rows, bytes, validity),
        _ => DecodeBinary(type, rows, bytes, validity),
    };

    private static FixedColumn<T> DecodeFixed<T>(DataType type, int rows, ReadOnlyMemory<byte> bytes, Validity? validity)
        where T : unmanaged
    {
        var values = new T[rows];
        var target = MemoryMarshal.AsBytes(values.AsSpan());
        Require(bytes.Length == target.Length, "values have the wrong length");
        bytes.Span.CopyTo(target);
        return new FixedColumn<T>(type, values, validity);
    }

    private static BinaryColumn DecodeBinary(DataType type, int rows, ReadOnlyMemory<byte> bytes, Validity? validity)
    {
        var offsets = DecodeOffsets(rows, bytes);
        var data = bytes[(offsets.Length * sizeof(int))..];
        Require(data.Length == offsets[^1], "values have the wrong length");
        return new BinaryColumn(type, offsets, data, validity);
    }

    private static int[] DecodeOffsets(int rows, ReadOnlyMemory<byte> bytes)
    {
        var length = (rows + 1L) * sizeof(int);
        Require(bytes.Length >= length, "offsets are cut short");
        var offsets = MemoryMarshal.Cast<byte, int>(bytes.Span[..(int)length]).ToArray();
        Require(offsets[0] == 0, "offsets do not begin at 0");
        for (var i = 1; i < offsets.Length; i++)
            Require(offsets[i] >= offsets[i - 1], "offsets descend");
        return offsets;
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
            throw new FormatException(problem);
    }
}
