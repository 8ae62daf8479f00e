using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Searches a graph by the codes of its rows: down the upper levels and along level 0 by byte codes, or along level 0 by the neighbours'
/// 1-bit codes where there are some. What is found still has approximate distances.
/// </summary>
internal abstract class CodedTraversal(CodedRows rows, NeighbourCodes? neighbours)
{
    /// <summary>Nodes followed beyond twice the rows wanted that are kept for re-scoring.</summary>
    private protected const int Spare = 16;

    public CodedRows Rows { get; } = rows;

    public NeighbourCodes? Neighbours { get; } = neighbours;

    public long MemoryBytes => Rows.MemoryBytes + (Neighbours?.MemoryBytes ?? 0);

    /// <summary>Makes the codes that <paramref name="codes"/> asks for; null for none.</summary>
    /// <param name="rows">Byte codes when they exist already.</param>
    public static CodedTraversal? Of(HnswGraph graph, VectorStore store, MetricType metric, GraphCodes codes, int threads, CodedRows? rows = null)
    {
        if (codes == GraphCodes.None)
            return null;
        rows ??= CodesOf(store, metric, codes, threads);
        NeighbourCodes? neighbours = codes == GraphCodes.Signs && graph.Base.Degree == NeighbourCodes.Degree ? NeighbourCodes.Of(graph, rows, threads) : null;
        return rows.Visit(new Factory(rows, neighbours));
    }

    /// <summary>The byte codes that a kind of traversal needs.</summary>
    public static CodedRows CodesOf(VectorStore store, MetricType metric, GraphCodes codes, int threads)
    {
        RandomRotation? rotation = codes == GraphCodes.Signs ? new RandomRotation(store.Dimension, HnswParameters.RotationSeed) : null;
        return CodedRows.Of(store, CodeSpace.Fit(store, metric, rotation), threads);
    }

    /// <summary>Leaves rows in the scratch's results, sorted by approximate distance, for the scratch's first query.</summary>
    /// <param name="form">Encoding of the prepared query.</param>
    /// <param name="k">Rows wanted.</param>
    /// <returns>False when scoring <paramref name="budget"/> rows was not enough.</returns>
    public abstract bool Search(HnswGraph graph, DataType form, RowFilter filter, int ef, int k, long budget, HnswScratch scratch);

    private sealed class Factory(CodedRows rows, NeighbourCodes? neighbours) : IKernelVisitor<CodedTraversal>
    {
        public CodedTraversal Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new CodedTraversal<TKernel, TScale>(rows, neighbours);
    }
}

internal sealed unsafe class CodedTraversal<TKernel, TScale>(CodedRows rows, NeighbourCodes? neighbours) : CodedTraversal(rows, neighbours)
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool Search(HnswGraph graph, DataType form, RowFilter filter, int ef, int k, long budget, HnswScratch scratch)
    {
        CodeSpace space = Rows.Space;
        PinnedBuffer centred = scratch.Room(ref scratch.Centred, space.Length * sizeof(float));
        PinnedBuffer query = scratch.Room(ref scratch.CodeQuery, space.QueryBytes);
        space.Centre(form, scratch.Queries.Pointer(0), (float*)centred.Pointer);
        space.Prepare((float*)centred.Pointer, query.Pointer);
        var scorer = new RowScorer<TKernel, TScale>(query.Pointer, 1f, Rows.Length, Rows.Rows, Rows.Norms, Rows.RowBytes);
        int node = HnswGraph.EntryNode;
        float distance = scorer.Score(graph.EntryRow);
        for (int level = graph.TopLevel; level > 0; level--)
        {
            LayerSearch<TKernel, TScale, UpperLayer, AcceptAll>.Descend(scorer, graph.UpperLayer(level), ref node, ref distance, scratch);
            node = graph.Down(level, node);
        }

        bool complete = true;
        if (filter.PassesAll && Neighbours is { } neighbours && ef <= BeamPool.MaxWidth)
        {
            scratch.Signs.Set((float*)centred.Pointer, space.Width);
            InlineSearch<TKernel, TScale>.Run(scorer, neighbours, scratch.Signs, graph.Rows, node, distance, ef, Math.Min(ef, (2 * k) + Spare), scratch);
        }
        else if (filter.PassesAll && ef <= BeamPool.MaxWidth)
        {
            complete = BeamSearch<TKernel, TScale, BaseLayer>.Run(scorer, graph.BaseLayer, graph.Rows, node, distance, ef, budget, scratch);
        }
        else
        {
            fixed (ulong* words = filter.Words)
            {
                complete = LayerSearch<TKernel, TScale, BaseLayer, AcceptSome>.Run(
                    scorer, graph.BaseLayer, new AcceptSome(words, filter.Words.Length, filter.PassesAll, default), graph.Rows, node,
                    distance, ef, budget, scratch);
            }

            scratch.Found.Sort();
        }

        GC.KeepAlive(this);
        GC.KeepAlive(graph);
        GC.KeepAlive(scratch);
        return complete;
    }
}
