using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Replaces approximate distances by exact ones, nearest first, until what follows cannot be among the results any more: until it is
/// farther by more than any error met so far, and half of that again.
/// </summary>
internal abstract class Rescoring
{
    private static readonly ConcurrentDictionary<(DataType Type, MetricType Metric), Rescoring> Shared = new();

    /// <summary>The instance for a pair; it has no state.</summary>
    public static Rescoring For(DataType type, MetricType metric) =>
        Shared.GetOrAdd((type, metric), static pair => KernelDispatch.Visit(pair.Type, pair.Metric, InstructionSets.Best, new Factory()));

    /// <summary>Offers the scratch's results, sorted by approximate distance, to the collector with their exact distances.</summary>
    /// <param name="least">So many are scored in any case.</param>
    public abstract void Run(VectorStore store, HnswScratch scratch, int least, TopK results);

    private sealed class Factory : IKernelVisitor<Rescoring>
    {
        public Rescoring Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new Rescoring<TKernel, TScale>();
    }
}

internal sealed unsafe class Rescoring<TKernel, TScale> : Rescoring
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    private const int Ahead = 4;
    private const int AheadLines = 16;
    private const float Caution = 1.5f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(VectorStore store, HnswScratch scratch, int least, TopK results)
    {
        PreparedQueries queries = scratch.Queries;
        var scorer = new RowScorer<TKernel, TScale>(
            queries.Pointer(0), queries.Scale(0), KernelDispatch.Length(store.Type, store.Dimension), store.Rows, store.Norms, store.RowBytes);
        ReadOnlySpan<ulong> found = scratch.Found;
        float error = 0;
        for (int i = 0; i < Math.Min(Ahead, found.Length); i++)
            scorer.Prefetch(SortableKey.Row(found[i]), AheadLines);
        for (int i = 0; i < found.Length; i++)
        {
            float approximate = SortableKey.Distance(found[i]);
            if (i >= least && approximate - (Caution * error) > results.Bound)
                break;
            if (i + Ahead < found.Length)
                scorer.Prefetch(SortableKey.Row(found[i + Ahead]), AheadLines);
            int row = SortableKey.Row(found[i]);
            float distance = scorer.Score(row);
            error = Math.Max(error, Math.Abs(distance - approximate));
            results.Add(row, distance);
        }

        GC.KeepAlive(store);
    }
}
