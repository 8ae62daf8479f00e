using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Searches a graph by persisted codes of its rows. What is found has the codes' distances.</summary>
internal abstract class RowCodesTraversal(RowCodes codes)
{
    /// <summary>Codes may be compared so many times as often as rows pass before comparing the passing rows themselves is cheaper.</summary>
    private protected const int WideBudget = 4;

    public RowCodes Codes { get; } = codes;

    public static RowCodesTraversal Of(RowCodes codes) => codes.Visit(new Factory(codes));

    /// <summary>Leaves rows in the scratch's results, sorted by the codes' distance, for the scratch's first query.</summary>
    /// <param name="form">Encoding of the prepared query.</param>
    /// <param name="passing">Rows that pass the filter.</param>
    /// <returns>False when scoring as many rows as pass was not enough.</returns>
    public abstract bool Search(HnswGraph graph, DataType form, RowFilter filter, int passing, int ef, HnswScratch scratch);

    /// <summary>Sorts the scratch's first results by these codes' distance and drops the others.</summary>
    public abstract void Rerank(DataType form, int candidates, HnswScratch scratch);

    private sealed class Factory(RowCodes codes) : IKernelVisitor<RowCodesTraversal>
    {
        public RowCodesTraversal Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new RowCodesTraversal<TKernel, TScale>(codes);
    }
}

internal sealed unsafe class RowCodesTraversal<TKernel, TScale>(RowCodes codes) : RowCodesTraversal(codes)
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool Search(HnswGraph graph, DataType form, RowFilter filter, int passing, int ef, HnswScratch scratch)
    {
        RowScorer<TKernel, TScale> scorer = Scorer(Codes.Prepare(form, scratch));
        int node = HnswGraph.EntryNode;
        float distance = scorer.Score(graph.EntryRow);
        for (int level = graph.TopLevel; level > 0; level--)
        {
            LayerSearch<TKernel, TScale, UpperLayer, AcceptAll>.Descend(scorer, graph.UpperLayer(level), graph.Upper[level - 1].Count, ref node, ref distance, scratch);
            node = graph.Down(level, node);
        }

        bool complete;
        fixed (ulong* words = filter.Words)
        {
            var acceptance = new AcceptSome(words, filter.Words.Length, filter.PassesAll, default);
            complete = Wide(graph, scorer, acceptance, filter.PassesAll, node, distance, passing, ef, scratch)
                ?? Narrow(graph, scorer, acceptance, node, distance, passing, ef, scratch);
        }

        GC.KeepAlive(this);
        GC.KeepAlive(graph);
        GC.KeepAlive(scratch);
        return complete;
    }

    public override void Rerank(DataType form, int candidates, HnswScratch scratch)
    {
        RowScorer<TKernel, TScale> scorer = Scorer(Codes.Prepare(form, scratch));
        scratch.ResultCount = Math.Min(candidates, scratch.ResultCount);
        foreach (ref ulong key in scratch.Found)
        {
            int row = SortableKey.Row(key);
            key = SortableKey.Of(scorer.Score(row), row);
        }

        scratch.Found.Sort();
        GC.KeepAlive(this);
        GC.KeepAlive(scratch);
    }

    private RowScorer<TKernel, TScale> Scorer(PinnedBuffer query) => new(query.Pointer, 1f, Codes.Length, Codes.Rows, Codes.Norms, Codes.RowBytes);

    /// <summary>
    /// Searches as if there were no filter, by a beam so much wider that as many rows as asked for can be expected to pass, and drops
    /// the others. Null when the beam would be too wide, or when far fewer pass than expected: then they lie elsewhere.
    /// </summary>
    private static bool? Wide(
        HnswGraph graph, in RowScorer<TKernel, TScale> scorer, in AcceptSome acceptance, bool all, int node, float distance, int passing, int ef, HnswScratch scratch)
    {
        long wide = all ? ef : (((long)ef * graph.Rows) + (passing - 1)) / passing;
        if (wide > BeamPool.MaxWidth)
            return null;
        if (!BeamSearch<TKernel, TScale, BaseLayer>.Run(
            scorer, graph.BaseLayer, graph.Rows, node, distance, (int)wide, (int)wide, all ? passing : (long)WideBudget * passing, scratch))
            return all ? false : null;
        if (all)
            return true;
        int kept = 0;
        foreach (ulong key in scratch.Found)
        {
            if (acceptance.Accepts(SortableKey.Row(key), 0))
                scratch.Results[kept++] = key;
        }

        scratch.ResultCount = kept;
        return kept >= Math.Min(ef, passing) / 2 ? true : null;
    }

    /// <summary>Searches on until enough rows that pass were met.</summary>
    private static bool Narrow(
        HnswGraph graph, in RowScorer<TKernel, TScale> scorer, in AcceptSome acceptance, int node, float distance, int passing, int ef, HnswScratch scratch)
    {
        bool complete = LayerSearch<TKernel, TScale, BaseLayer, AcceptSome>.Run(
            scorer, graph.BaseLayer, acceptance, graph.Rows, node, distance, ef, passing, scratch);
        scratch.Found.Sort();
        return complete;
    }
}
