using System.Runtime.Intrinsics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Work that is generic over the kernel; see <see cref="KernelDispatch"/>.</summary>
internal interface IKernelVisitor<out TResult>
{
    TResult Visit<TKernel, TScale>()
        where TKernel : struct, IVectorKernel
        where TScale : struct, IRowScale;
}

/// <summary>The one place that maps (vector type, metric, instruction set) to kernel types.</summary>
internal static class KernelDispatch
{
    /// <summary>Calls the visitor with the kernel of a pair.</summary>
    /// <exception cref="ArgumentException">The metric does not compare the type.</exception>
    public static TResult Visit<TResult>(DataType type, MetricType metric, InstructionSet set, IKernelVisitor<TResult> visitor) => type switch
    {
        DataType.FloatVector => Float<SingleElement, TResult>(metric, set, visitor),
        DataType.Float16Vector => Float<HalfElement, TResult>(metric, set, visitor),
        DataType.BFloat16Vector => Float<BFloat16Element, TResult>(metric, set, visitor),
        DataType.Int8Vector => set switch
        {
            InstructionSet.Avx512 => Int8<Int8Lanes512, Vector512<short>, Vector512<int>, TResult>(metric, visitor),
            InstructionSet.Avx2 => Int8<Int8Lanes256, Vector256<short>, Vector256<int>, TResult>(metric, visitor),
            _ => Int8<Int8LanesPortable, Vector128<short>, Vector128<int>, TResult>(metric, visitor),
        },
        DataType.BinaryVector => set switch
        {
            InstructionSet.Avx512 => Bits<BitLanes512, Vector512<byte>, TResult>(metric, visitor),
            InstructionSet.Avx2 => Bits<BitLanes256, Vector256<byte>, TResult>(metric, visitor),
            _ => Bits<BitLanesPortable, ulong, TResult>(metric, visitor),
        },
        _ => throw Unfit(metric),
    };

    /// <summary>What kernels call <c>length</c>: components, or bytes for binary rows.</summary>
    public static int Length(DataType type, int dimension) => type == DataType.BinaryVector ? dimension / 8 : dimension;

    private static TResult Float<TElement, TResult>(MetricType metric, InstructionSet set, IKernelVisitor<TResult> visitor)
        where TElement : struct, IFloatElement => set switch
        {
            InstructionSet.Avx512 => Float<FloatLanes512, Vector512<float>, TElement, TResult>(metric, visitor),
            InstructionSet.Avx2 => Float<FloatLanes256, Vector256<float>, TElement, TResult>(metric, visitor),
            _ => Float<FloatLanesPortable, Vector128<float>, TElement, TResult>(metric, visitor),
        };

    private static TResult Float<TLanes, TVector, TElement, TResult>(MetricType metric, IKernelVisitor<TResult> visitor)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
        where TElement : struct, IFloatElement => metric switch
        {
            MetricType.L2 => visitor.Visit<FloatKernel<TLanes, TVector, TElement, SquaredDifference>, Unscaled>(),
            MetricType.IP => visitor.Visit<FloatKernel<TLanes, TVector, TElement, NegativeProduct>, Unscaled>(),
            MetricType.Cosine => visitor.Visit<FloatKernel<TLanes, TVector, TElement, NegativeProduct>, CosineScale>(),
            _ => throw Unfit(metric),
        };

    private static TResult Int8<TLanes, TWide, TSum, TResult>(MetricType metric, IKernelVisitor<TResult> visitor)
        where TLanes : struct, IInt8Lanes<TWide, TSum>
        where TWide : struct
        where TSum : struct => metric switch
        {
            MetricType.L2 => visitor.Visit<Int8Kernel<TLanes, TWide, TSum, Int8SquaredDifference>, Unscaled>(),
            MetricType.IP => visitor.Visit<Int8Kernel<TLanes, TWide, TSum, Int8NegativeProduct>, Unscaled>(),
            MetricType.Cosine => visitor.Visit<Int8Kernel<TLanes, TWide, TSum, Int8NegativeProduct>, CosineScale>(),
            _ => throw Unfit(metric),
        };

    private static TResult Bits<TLanes, TVector, TResult>(MetricType metric, IKernelVisitor<TResult> visitor)
        where TLanes : struct, IBitLanes<TVector>
        where TVector : struct => metric switch
        {
            MetricType.Hamming => visitor.Visit<BitKernel<TLanes, TVector, HammingOperation>, Unscaled>(),
            MetricType.Jaccard => visitor.Visit<BitKernel<TLanes, TVector, JaccardOperation>, Unscaled>(),
            MetricType.Substructure => visitor.Visit<BitKernel<TLanes, TVector, SubstructureOperation>, Unscaled>(),
            MetricType.Superstructure => visitor.Visit<BitKernel<TLanes, TVector, SuperstructureOperation>, Unscaled>(),
            _ => throw Unfit(metric),
        };

    private static ArgumentException Unfit(MetricType metric) => new($"metric {metric} does not compare this vector type", nameof(metric));
}
