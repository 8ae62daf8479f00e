using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Rows of the 16-bit float types as float32. Both conversions are exact.</summary>
internal static unsafe class FloatDecoder
{
    /// <summary>True for types whose rows kernels compare with a float32 query although the rows are not float32.</summary>
    public static bool IsNeededFor(DataType type) => type is DataType.Float16Vector or DataType.BFloat16Vector;

    /// <summary>Converts <paramref name="count"/> components.</summary>
    public static void Decode(DataType type, byte* source, float* target, int count)
    {
        if (type == DataType.Float16Vector)
            Decode<HalfElement>(source, target, count);
        else if (type == DataType.BFloat16Vector)
            Decode<BFloat16Element>(source, target, count);
        else
            throw new ArgumentOutOfRangeException(nameof(type), type, "not a 16-bit float type");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Decode<TElement>(byte* source, float* target, int count)
        where TElement : struct, IFloatElement
    {
        int i = 0;
        if (InstructionSets.Best == InstructionSet.Avx512)
        {
            for (; i <= count - FloatLanes512.Count; i += FloatLanes512.Count)
                TElement.Load<FloatLanes512, Vector512<float>>(source, i).Store(target + i);
        }

        for (; i <= count - FloatLanesPortable.Count; i += FloatLanesPortable.Count)
            TElement.Load<FloatLanesPortable, Vector128<float>>(source, i).Store(target + i);
        for (; i < count; i++)
            target[i] = TElement.Read(source, i);
    }
}
