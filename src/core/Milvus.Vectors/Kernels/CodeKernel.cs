using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// Distances between byte codes (see <see cref="CodeSpace"/>): constant − factor × Σ query × row, to which <see cref="CodeTerm"/> adds
/// what belongs to the row. The prepared query is its codes, then factor and constant as float32, and what the rows' excess of 128 adds
/// to the sum as an integer.
/// </summary>
internal readonly unsafe struct CodeKernel<TLanes> : IVectorKernel
    where TLanes : struct, ICodeLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(byte* query, byte* row, int length)
    {
        float* tail = (float*)(query + length);
        return tail[1] - (tail[0] * (TLanes.Dot(row, (sbyte*)query, length) - ((int*)tail)[2]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        float* tail = (float*)(query + length);
        TLanes.Dot4(row0, row1, row2, row3, (sbyte*)query, length, (int*)distances);
        Vector128<float> products = Vector128.ConvertToSingle(Vector128.Load((int*)distances) - Vector128.Create(((int*)tail)[2]));
        (Vector128.Create(tail[1]) - (Vector128.Create(tail[0]) * products)).Store(distances);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distances(byte* query, byte* rows, int rowBytes, int count, int length, float* distances) =>
        FewRows.Distances<CodeKernel<TLanes>>(query, rows, rowBytes, count, length, distances);
}

/// <summary>Adds the row's own term.</summary>
internal readonly struct CodeTerm : IRowScale
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float distance, float queryScale, in NormReader norms, int row) => distance + norms.Inverse(row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(in NormReader norms, int row) => norms.Prefetch(row);
}

/// <summary>Maps instruction sets to kernels over byte codes.</summary>
internal static class CodeDispatch
{
    public static TResult Visit<TResult>(InstructionSet set, IKernelVisitor<TResult> visitor) => set switch
    {
        InstructionSet.Portable => visitor.Visit<CodeKernel<CodeLanesPortable>, CodeTerm>(),
        _ when AvxVnni.IsSupported => visitor.Visit<CodeKernel<CodeLanesVnni>, CodeTerm>(),
        InstructionSet.Avx512 => visitor.Visit<CodeKernel<CodeLanes512>, CodeTerm>(),
        _ => visitor.Visit<CodeKernel<CodeLanes256>, CodeTerm>(),
    };
}
