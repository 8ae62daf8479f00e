using System.Runtime.CompilerServices;

namespace Milvus.Vectors;

/// <summary>A query's way through a graph: down its upper levels, and along level 0 by distances that are approximate, under a filter or without.</summary>
internal static class GraphWalk<TKernel, TScale>
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    /// <summary>Walks down to level 0.</summary>
    /// <returns>The row to start from there.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Descend(HnswGraph graph, in RowScorer<TKernel, TScale> scorer, out float distance, HnswScratch scratch)
    {
        int node = HnswGraph.EntryNode;
        distance = scorer.Score(graph.EntryRow);
        for (int level = graph.TopLevel; level > 0; level--)
        {
            LayerSearch<TKernel, TScale, UpperLayer, AcceptAll>.Descend(scorer, graph.UpperLayer(level), graph.Upper[level - 1].Count, ref node, ref distance, scratch);
            node = graph.Down(level, node);
        }

        return node;
    }

    /// <summary>
    /// Searches as if there were no filter, by a beam so much wider that enough rows can be expected to pass, and drops the others.
    /// </summary>
    /// <param name="all">Every row passes.</param>
    /// <param name="node">Where to start, and its distance.</param>
    /// <param name="passing">Rows that pass.</param>
    /// <param name="k">Rows wanted, at most as many as pass.</param>
    /// <returns>
    /// False when comparing as many rows as pass was not enough. Null when the beam would be too wide or cost too much, or when fewer pass than expected:
    /// then they lie elsewhere.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool? Wide(
        HnswGraph graph, in RowScorer<TKernel, TScale> scorer, in AcceptSome acceptance, bool all, int node, float distance, int passing, int ef, int k,
        HnswScratch scratch)
    {
        int width = FilteredBeam.Width(ef, k, passing, graph.Rows);
        if (width == 0)
            return null;
        if (!BeamSearch<TKernel, TScale, BaseLayer>.Run(
            scorer, graph.BaseLayer, graph.Rows, node, distance, width, FilteredBeam.Held(width, k), all ? passing : FilteredBeam.Allowed(passing), scratch))
            return all ? false : null;
        if (all)
            return true;
        int kept = 0, inBeam = 0;
        for (int i = 0; i < scratch.ResultCount; i++)
        {
            ulong key = scratch.Results[i];
            if (!acceptance.Accepts(SortableKey.Row(key), 0))
                continue;
            scratch.Results[kept++] = key;

            // What is held beyond the beam was met on the way and says nothing about where passing rows are.
            inBeam += i < width ? 1 : 0;
        }

        scratch.ResultCount = kept;
        return inBeam >= FilteredBeam.Enough(ef, passing) && kept >= k ? true : null;
    }

    /// <summary>Searches on until enough rows that pass were met.</summary>
    /// <returns>False when comparing as many rows as pass was not enough.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Narrow(
        HnswGraph graph, in RowScorer<TKernel, TScale> scorer, in AcceptSome acceptance, int node, float distance, int passing, int ef, HnswScratch scratch)
    {
        bool complete = LayerSearch<TKernel, TScale, BaseLayer, AcceptSome>.Run(
            scorer, graph.BaseLayer, acceptance, graph.Rows, node, distance, FilteredBeam.Crowded(ef, passing, graph.Rows), passing, scratch);
        scratch.Found.Sort();
        return complete;
    }
}
