using System.Collections.Concurrent;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Searches a graph with the kernel of one (type, metric).</summary>
internal abstract unsafe class GraphSearcher
{
    private static readonly ConcurrentDictionary<(DataType Type, MetricType Metric), GraphSearcher> Shared = new();

    /// <summary>The searcher for a pair; searchers have no state and are shared.</summary>
    public static GraphSearcher For(DataType type, MetricType metric) =>
        Shared.GetOrAdd((type, metric), static pair => KernelDispatch.Visit(pair.Type, pair.Metric, InstructionSets.Best, new Factory()));

    /// <summary>
    /// Descends to level 0 and searches there for the scratch's first query. The accepted rows found are left in the scratch.
    /// </summary>
    /// <returns>False when scoring <paramref name="budget"/> rows was not enough.</returns>
    public abstract bool Search(
        HnswGraph graph, VectorStore store, RowFilter filter, DistanceRange range, int ef, long budget, HnswScratch scratch);

    /// <summary>
    /// The same over the rows of a graph that were linked when a reader looked, while others are added to it; a row of at least
    /// <paramref name="count"/> is passed through but not accepted.
    /// </summary>
    /// <param name="linked">Rows 0…linked−1 are in the graph, at least one; read before the search begins.</param>
    public abstract bool SearchFirst(
        HnswGraph graph, VectorStore store, int linked, int count, RowFilter filter, int ef, long budget, HnswScratch scratch);

    private sealed class Factory : IKernelVisitor<GraphSearcher>
    {
        public GraphSearcher Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new GraphSearcher<TKernel, TScale>();
    }
}

internal sealed unsafe class GraphSearcher<TKernel, TScale> : GraphSearcher
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    /// <summary>Up to this part of a beam more of it costs less than looking at every row's number.</summary>
    private const int FewOfBeam = 4;

    public override bool Search(
        HnswGraph graph, VectorStore store, RowFilter filter, DistanceRange range, int ef, long budget, HnswScratch scratch)
    {
        RowScorer<TKernel, TScale> scorer = ScorerOf(store, scratch.Queries);
        int node = GraphWalk<TKernel, TScale>.Descend(graph, scorer, out float distance, scratch);
        bool complete;
        if (filter.PassesAll && !range.HasLower && ef <= BeamPool.MaxWidth)
        {
            complete = BeamSearch<TKernel, TScale, BaseLayer>.Run(scorer, graph.BaseLayer, graph.Rows, node, distance, ef, ef, budget, scratch);
        }
        else if (filter.PassesAll && !range.HasLower)
        {
            complete = LayerSearch<TKernel, TScale, BaseLayer, AcceptAll>.Run(
                scorer, graph.BaseLayer, default, graph.Rows, node, distance, ef, budget, scratch);
        }
        else
        {
            fixed (ulong* words = filter.Words)
            {
                complete = LayerSearch<TKernel, TScale, BaseLayer, AcceptSome>.Run(
                    scorer, graph.BaseLayer, new AcceptSome(words, filter.Words.Length, filter.PassesAll, range), graph.Rows, node,
                    distance, ef, budget, scratch);
            }
        }

        GC.KeepAlive(graph);
        GC.KeepAlive(store);
        GC.KeepAlive(scratch);
        return complete;
    }

    public override bool SearchFirst(
        HnswGraph graph, VectorStore store, int linked, int count, RowFilter filter, int ef, long budget, HnswScratch scratch)
    {
        // Taken after the number of linked rows was read, the addresses cover all of those; of rows that come later they need not.
        RowScorer<TKernel, TScale> scorer = ScorerOf(store, scratch.Queries);
        int node = HnswGraph.EntryNode, top = graph.TopOf(linked);
        float distance = scorer.Score(graph.EntryOf(top));
        for (int level = top; level > 0; level--)
        {
            UpperLevel upper = graph.Upper[level - 1];
            LayerSearch<TKernel, TScale, FirstNodes<UpperLayer>, AcceptAll>.Descend(
                scorer, new(graph.UpperLayer(level), upper.SlotsBelow(linked)), upper.Count, ref node, ref distance, scratch);
            node = graph.Down(level, node);
        }

        bool complete;
        var layer = new FirstNodes<BaseLayer>(graph.BaseLayer, linked);
        if (filter.PassesAll && linked <= count && ef <= BeamPool.MaxWidth)
        {
            complete = BeamSearch<TKernel, TScale, FirstNodes<BaseLayer>>.Run(scorer, layer, graph.Rows, node, distance, ef, ef, budget, scratch);
        }
        else if (filter.PassesAll && linked - count <= ef / FewOfBeam && ef + linked - count <= BeamPool.MaxWidth)
        {
            // Whatever few rows came since cannot take the place of those that the reader knows.
            int wide = ef + linked - count, kept = 0;
            complete = BeamSearch<TKernel, TScale, FirstNodes<BaseLayer>>.Run(scorer, layer, graph.Rows, node, distance, wide, wide, budget, scratch);
            foreach (ulong key in scratch.Found)
            {
                scratch.Results[kept] = key;
                kept += SortableKey.Row(key) < count ? 1 : 0;
            }

            scratch.ResultCount = kept;
        }
        else
        {
            fixed (ulong* words = filter.Words)
            {
                complete = LayerSearch<TKernel, TScale, FirstNodes<BaseLayer>, AcceptFirst>.Run(
                    scorer, layer, new AcceptFirst(words, filter.Words.Length, filter.PassesAll, count), graph.Rows, node, distance, ef, budget, scratch);
            }
        }

        GC.KeepAlive(graph);
        GC.KeepAlive(store);
        GC.KeepAlive(scratch);
        return complete;
    }

    private static RowScorer<TKernel, TScale> ScorerOf(VectorStore store, PreparedQueries queries) => new(
        queries.Pointer(0), queries.Scale(0), KernelDispatch.Length(store.Type, store.Dimension), store.Rows, store.Norms, store.RowBytes);
}
