using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>1 / |row| of dense rows, accumulated in double precision; 0 for a zero row.</summary>
internal static unsafe class InverseNorm
{
    public static float Of(DataType type, byte* row, int dimension)
    {
        double sum = 0;
        for (int i = 0; i < dimension; i++)
        {
            double value = Component.Read(type, row, i);
            sum += value * value;
        }

        return sum > 0 ? (float)(1 / Math.Sqrt(sum)) : 0f;
    }
}

/// <summary>Single components of dense rows.</summary>
internal static unsafe class Component
{
    public static float Read(DataType type, byte* row, int index) => type switch
    {
        DataType.FloatVector => ((float*)row)[index],
        DataType.Float16Vector => (float)((Half*)row)[index],
        DataType.BFloat16Vector => BitConverter.UInt32BitsToSingle((uint)((ushort*)row)[index] << 16),
        DataType.Int8Vector => ((sbyte*)row)[index],
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "has no components"),
    };
}
