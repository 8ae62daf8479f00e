using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>
/// Compares a prepared query with rows of one type by one metric; smaller is better. Implementations are stateless structs, so that
/// generic loops over them are compiled without calls.
/// </summary>
/// <remarks>
/// The query is float32 for all floating types and in the row's own form for Int8 and binary rows. <c>length</c> counts components,
/// bytes for binary rows. Neither start needs to be aligned. <see cref="Distance"/>, <see cref="Distance4"/> and <see cref="Distances"/>
/// give bit-identical results for the same pair: range bounds taken from earlier scores stay exact whatever path meets the row again.
/// Kernels and the loops around them are compiled with full optimisation at once: in the runtime's first, instrumented tier they are
/// fifty times slower, and a busy server may stay there for seconds.
/// </remarks>
internal unsafe interface IVectorKernel
{
    static abstract float Distance(byte* query, byte* row, int length);

    /// <summary>Four rows at once, sharing the query's loads; writes four distances.</summary>
    static abstract void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances);

    /// <summary>Rows <paramref name="rowBytes"/> apart, read in the order of memory; writes <paramref name="count"/> distances.</summary>
    static abstract void Distances(byte* query, byte* rows, int rowBytes, int count, int length, float* distances);
}

/// <summary><see cref="IVectorKernel.Distances"/> of rows that are too few or too short to be added up together.</summary>
internal static unsafe class FewRows
{
    /// <summary>
    /// Longer rows are compared one after the other, so that memory is read in its order and the processor knows what comes next: four long rows at a time are four streams,
    /// which it follows badly. Several short rows share what is done per row.
    /// </summary>
    private const int LongRow = 512;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distances<TKernel>(byte* query, byte* rows, int rowBytes, int count, int length, float* distances)
        where TKernel : struct, IVectorKernel
    {
        nint next = rowBytes;
        int i = 0;
        for (; rowBytes < LongRow && i <= count - 4; i += 4, rows += 4 * next)
            TKernel.Distance4(query, rows, rows + next, rows + (2 * next), rows + (3 * next), length, distances + i);
        for (; i < count; i++, rows += next)
            distances[i] = TKernel.Distance(query, rows, length);
    }
}

/// <summary>Turns a kernel's raw value into the metric's distance.</summary>
internal interface IRowScale
{
    static abstract float Apply(float distance, float queryScale, in NormReader norms, int row);

    /// <summary>Asks for what <see cref="Apply"/> will read.</summary>
    static abstract void Prefetch(in NormReader norms, int row);
}

/// <summary>The kernel's value is the distance.</summary>
internal readonly struct Unscaled : IRowScale
{
    public static float Apply(float distance, float queryScale, in NormReader norms, int row) => distance;

    public static void Prefetch(in NormReader norms, int row)
    {
    }
}

/// <summary>The kernel's value is a negative inner product, to be divided by both norms.</summary>
internal readonly struct CosineScale : IRowScale
{
    public static float Apply(float distance, float queryScale, in NormReader norms, int row) => distance * queryScale * norms.Inverse(row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(in NormReader norms, int row) => norms.Prefetch(row);
}
