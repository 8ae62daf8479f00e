using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Searches a graph by persisted codes of its rows. What is found has the codes' distances.</summary>
internal abstract class RowCodesTraversal(RowCodes codes)
{
    public RowCodes Codes { get; } = codes;

    public static RowCodesTraversal Of(RowCodes codes) => codes.Visit(new Factory(codes));

    /// <summary>Leaves rows in the scratch's results, sorted by the codes' distance, for the scratch's first query.</summary>
    /// <param name="form">Encoding of the prepared query.</param>
    /// <param name="passing">Rows that pass the filter.</param>
    /// <param name="k">Rows wanted, at most as many as pass.</param>
    /// <returns>False when scoring as many rows as pass was not enough.</returns>
    public abstract bool Search(HnswGraph graph, DataType form, RowFilter filter, int passing, int ef, int k, HnswScratch scratch);

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
    /// <summary>Rows asked for before they are compared again, and so much of each.</summary>
    private const int Ahead = 4;
    private const int AheadLines = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool Search(HnswGraph graph, DataType form, RowFilter filter, int passing, int ef, int k, HnswScratch scratch)
    {
        RowScorer<TKernel, TScale> scorer = Scorer(Codes.Prepare(form, scratch));
        int node = GraphWalk<TKernel, TScale>.Descend(graph, scorer, out float distance, scratch);
        bool complete;
        fixed (ulong* words = filter.Words)
        {
            var acceptance = new AcceptSome(words, filter.Words.Length, filter.PassesAll, default);
            complete = GraphWalk<TKernel, TScale>.Wide(graph, scorer, acceptance, filter.PassesAll, node, distance, passing, ef, k, scratch)
                ?? GraphWalk<TKernel, TScale>.Narrow(graph, scorer, acceptance, node, distance, passing, ef, scratch);
        }

        GC.KeepAlive(this);
        GC.KeepAlive(graph);
        GC.KeepAlive(scratch);
        return complete;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Rerank(DataType form, int candidates, HnswScratch scratch)
    {
        RowScorer<TKernel, TScale> scorer = Scorer(Codes.Prepare(form, scratch));
        scratch.ResultCount = Math.Min(candidates, scratch.ResultCount);
        Span<ulong> found = scratch.Found;
        for (int i = 0; i < Math.Min(Ahead, found.Length); i++)
            scorer.Prefetch(SortableKey.Row(found[i]), AheadLines);
        for (int i = 0; i < found.Length; i++)
        {
            if (i + Ahead < found.Length)
                scorer.Prefetch(SortableKey.Row(found[i + Ahead]), AheadLines);
            int row = SortableKey.Row(found[i]);
            found[i] = SortableKey.Of(scorer.Score(row), row);
        }

        found.Sort();
        GC.KeepAlive(this);
        GC.KeepAlive(scratch);
    }

    private RowScorer<TKernel, TScale> Scorer(PinnedBuffer query) => new(query.Pointer, 1f, Codes.Length, Codes.Rows, Codes.Norms, Codes.RowBytes);
}
