using Milvus.Model;

namespace Milvus.Benchmarks;

/// <summary>Rows like those of embeddings: components uniform in −1…1, so that no product of two is subnormal but by rare chance.</summary>
internal static class RandomRows
{
    public static byte[] Next(Random random, DataType type, int dimension)
    {
        var row = new byte[type.VectorBytes(dimension)];
        if (type is DataType.Int8Vector or DataType.BinaryVector)
        {
            random.NextBytes(row);
            return row;
        }

        for (int i = 0; i < dimension; i++)
        {
            float value = (float)((random.NextDouble() * 2) - 1);
            if (type == DataType.FloatVector)
                BitConverter.TryWriteBytes(row.AsSpan(i * 4), value);
            else if (type == DataType.Float16Vector)
                BitConverter.TryWriteBytes(row.AsSpan(i * 2), (Half)value);
            else
                BitConverter.TryWriteBytes(row.AsSpan(i * 2), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }

        return row;
    }

    /// <summary>As many rows, one after the other.</summary>
    public static byte[] Next(Random random, DataType type, int dimension, int rows)
    {
        var all = new byte[type.VectorBytes(dimension) * rows];
        for (int row = 0; row < rows; row++)
            Next(random, type, dimension).CopyTo(all, row * type.VectorBytes(dimension));
        return all;
    }
}
