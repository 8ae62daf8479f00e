using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Made-up vectors in the encodings of all dense types.</summary>
internal static class MatrixVectors
{
    public static double[][] Centres(Random random, int count, int dimension) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, dimension).Select(_ => random.NextDouble() * 100 - 50).ToArray())];

    public static double[] Near(Random random, double[] centre) => [.. centre.Select(c => c + ((random.NextDouble() - 0.5) * 40))];

    /// <summary>The vector as rows of the type are stored; of bits, one for each number that is positive.</summary>
    public static byte[] Encode(DataType type, double[] vector)
    {
        switch (type)
        {
            case DataType.BinaryVector:
                var bits = new byte[vector.Length / 8];
                for (var d = 0; d < vector.Length; d++)
                    if (vector[d] > 0) bits[d >> 3] |= (byte)(1 << (d & 7));
                return bits;
            case DataType.Int8Vector:
                return [.. vector.Select(x => (byte)(sbyte)x)];
            case DataType.FloatVector:
                return MemoryMarshal.AsBytes<float>(Array.ConvertAll(vector, x => (float)x)).ToArray();
            case DataType.Float16Vector:
                return MemoryMarshal.AsBytes<Half>(Array.ConvertAll(vector, x => (Half)x)).ToArray();
            default:
                return MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(vector, x => (ushort)(BitConverter.SingleToUInt32Bits((float)x) >> 16))).ToArray();
        }
    }
}
