using System.Collections.Concurrent;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Compares a prepared query with single vectors, wherever they are, by the kernel of one (type, metric).</summary>
internal abstract unsafe class NodeScorer
{
    private static readonly ConcurrentDictionary<(DataType Type, MetricType Metric), NodeScorer> Shared = new();

    /// <summary>The instance for a pair; it has no state.</summary>
    public static NodeScorer For(DataType type, MetricType metric) =>
        Shared.GetOrAdd((type, metric), static pair => KernelDispatch.Visit(pair.Type, pair.Metric, InstructionSets.Best, new Factory()));

    /// <summary>The metric's distance, as every other index gives it.</summary>
    /// <param name="inverseNorm">1 / |vector| for the cosine metric.</param>
    public abstract float Score(byte* query, float queryScale, byte* vector, float inverseNorm, int length);

    private sealed class Factory : IKernelVisitor<NodeScorer>
    {
        public NodeScorer Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new NodeScorer<TKernel, TScale>();
    }
}

internal sealed unsafe class NodeScorer<TKernel, TScale> : NodeScorer
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    public override float Score(byte* query, float queryScale, byte* vector, float inverseNorm, int length)
    {
        nint table = (nint)(&inverseNorm);
        return TScale.Apply(TKernel.Distance(query, vector, length), queryScale, new NormReader(&table, 31, int.MaxValue), 0);
    }
}
