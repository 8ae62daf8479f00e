using System.Numerics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Every metric written the plain way in double precision: what kernels and indexes are tested against. Not used by searches.
/// </summary>
public static class ReferenceDistance
{
    /// <summary>The score Milvus would return for a pair, in double precision.</summary>
    /// <param name="type">Type of both vectors.</param>
    public static double Score(DataType type, MetricType metric, int dimension, ReadOnlySpan<byte> query, ReadOnlySpan<byte> row) =>
        type == DataType.BinaryVector ? Bits(metric, query, row) : Components(type, metric, dimension, query, row);

    /// <summary>Component <paramref name="index"/> of an encoded dense vector other than binary.</summary>
    public static double Component(DataType type, ReadOnlySpan<byte> vector, int index) => type switch
    {
        DataType.FloatVector => BitConverter.ToSingle(vector[(index * 4)..]),
        DataType.Float16Vector => (double)BitConverter.ToHalf(vector[(index * 2)..]),
        DataType.BFloat16Vector => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(vector[(index * 2)..]) << 16),
        DataType.Int8Vector => (sbyte)vector[index],
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "has no numeric components"),
    };

    private static double Components(DataType type, MetricType metric, int dimension, ReadOnlySpan<byte> query, ReadOnlySpan<byte> row)
    {
        double squares = 0, product = 0, querySquares = 0, rowSquares = 0;
        for (int i = 0; i < dimension; i++)
        {
            double q = Component(type, query, i), r = Component(type, row, i);
            squares += (q - r) * (q - r);
            product += q * r;
            querySquares += q * q;
            rowSquares += r * r;
        }

        return metric switch
        {
            MetricType.L2 => squares,
            MetricType.IP => product,
            MetricType.Cosine => querySquares == 0 || rowSquares == 0 ? 0 : product / Math.Sqrt(querySquares * rowSquares),
            _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "does not compare numeric vectors"),
        };
    }

    private static double Bits(MetricType metric, ReadOnlySpan<byte> query, ReadOnlySpan<byte> row)
    {
        int both = 0, either = 0, onlyQuery = 0, onlyRow = 0;
        for (int i = 0; i < query.Length; i++)
        {
            both += BitOperations.PopCount((uint)(query[i] & row[i]));
            either += BitOperations.PopCount((uint)(query[i] | row[i]));
            onlyQuery += BitOperations.PopCount((uint)(query[i] & ~row[i]));
            onlyRow += BitOperations.PopCount((uint)(row[i] & ~query[i]));
        }

        return metric switch
        {
            MetricType.Hamming => onlyQuery + onlyRow,
            MetricType.Jaccard => either == 0 ? 0 : 1 - ((double)both / either),
            MetricType.Substructure => onlyQuery == 0 ? 0 : 1,
            MetricType.Superstructure => onlyRow == 0 ? 0 : 1,
            _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "does not compare binary vectors"),
        };
    }
}
