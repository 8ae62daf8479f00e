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

    /// <summary>See <see cref="LeastRescored"/>.</summary>
    private const int SpareOfSubspace = 24;

    /// <summary>Codes may be compared so many times as often as rows pass before comparing the passing rows themselves is cheaper.</summary>
    private protected const int WideBudget = 4;

    /// <summary>
    /// A beam by signs is so much wider than asked for: they err more, and a user's beam should find at least what it finds in a graph searched by
    /// the vectors. Measured at widths of 10 to 64.
    /// </summary>
    private protected const int SignsWider = 8;

    /// <summary>Byte codes of so few components take a hop fewer cache lines than the signs of 32 neighbours do.</summary>
    internal const int WidestInsteadOfSigns = 256;

    /// <summary>Along a subspace of vectors of many more components, codes up to this width take about as many lines, and a ninth of the memory.</summary>
    private const int WidestSubspaceInsteadOfSigns = 512;

    public CodedRows Rows { get; } = rows;

    public NeighbourCodes? Neighbours { get; } = neighbours;

    public long MemoryBytes => Rows.MemoryBytes + (Neighbours?.MemoryBytes ?? 0);

    /// <summary>
    /// How many of what was found are compared by the vectors in any case. What lies outside a subspace errs differently from row to row, so that the
    /// errors of a few rows do not rule out others: stopping by them lost 2 of 1 000 rows however wide the beam was.
    /// </summary>
    /// <param name="k">Rows wanted.</param>
    public int LeastRescored(int k) => Rows.Space.IsReduced ? (int)Math.Min(int.MaxValue, (4L * k) + SpareOfSubspace) : k;

    /// <summary>Makes the codes that <paramref name="codes"/> asks for; null for none.</summary>
    /// <param name="rows">Byte codes when they exist already.</param>
    public static CodedTraversal? Of(HnswGraph graph, VectorStore store, MetricType metric, GraphCodes codes, int threads, CodedRows? rows = null)
    {
        if (codes == GraphCodes.None)
            return null;
        rows ??= CodesOf(store, metric, codes, threads);
        NeighbourCodes? neighbours = codes == GraphCodes.Signs && graph.Base.Degree == NeighbourCodes.Degree && rows.Space.Rotation is not null && !rows.Space.IsReduced ? NeighbourCodes.Of(graph, rows, threads) : null;
        return rows.Visit(new Factory(rows, neighbours));
    }

    /// <summary>The byte codes that a kind of traversal needs.</summary>
    public static CodedRows CodesOf(VectorStore store, MetricType metric, GraphCodes codes, int threads)
    {
        bool signs = codes == GraphCodes.Signs && store.Dimension > WidestInsteadOfSigns;
        RandomRotation? rotation = signs ? new RandomRotation(store.Dimension, HnswParameters.RotationSeed) : null;
        return CodedRows.Of(store, CodeSpace.Fit(store, metric, rotation, signs ? WidestSubspaceInsteadOfSigns : int.MaxValue), threads);
    }

    /// <summary>Leaves rows in the scratch's results, sorted by approximate distance, for the scratch's first query.</summary>
    /// <param name="form">Encoding of the prepared query.</param>
    /// <param name="passing">Rows that pass the filter.</param>
    /// <param name="k">Rows wanted.</param>
    /// <returns>False when scoring as many rows as pass was not enough.</returns>
    public abstract bool Search(HnswGraph graph, DataType form, RowFilter filter, int passing, int ef, int k, HnswScratch scratch);

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
    public override bool Search(HnswGraph graph, DataType form, RowFilter filter, int passing, int ef, int k, HnswScratch scratch)
    {
        CodeSpace space = Rows.Space;
        PinnedBuffer centred = scratch.Room(ref scratch.Centred, space.VectorBytes);
        PinnedBuffer query = scratch.Room(ref scratch.CodeQuery, space.QueryBytes);
        space.Centre(form, scratch.Queries.Pointer(0), (float*)centred.Pointer);
        space.Prepare((float*)centred.Pointer, query.Pointer);
        var scorer = new RowScorer<TKernel, TScale>(query.Pointer, 1f, Rows.Length, Rows.Rows, Rows.Norms, Rows.RowBytes);
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
            complete = Wide(graph, scorer, acceptance, filter.PassesAll, node, distance, passing, ef, k, scratch)
                ?? Narrow(graph, scorer, acceptance, node, distance, passing, ef, scratch);
        }

        GC.KeepAlive(this);
        GC.KeepAlive(graph);
        GC.KeepAlive(scratch);
        return complete;
    }

    /// <summary>
    /// Searches as if there were no filter, by a beam so much wider that as many rows as asked for can be expected to pass, and drops
    /// the others. Null when the beam would be too wide, or when far fewer pass than expected: then they lie elsewhere.
    /// </summary>
    private bool? Wide(
        HnswGraph graph, in RowScorer<TKernel, TScale> scorer, in AcceptSome acceptance, bool all, int node, float distance, int passing, int ef, int k,
        HnswScratch scratch)
    {
        long wide = all ? ef : (((long)ef * graph.Rows) + (passing - 1)) / passing;
        if (wide > BeamPool.MaxWidth)
            return null;
        if (Neighbours is { } neighbours)
        {
            scratch.Signs.Set((float*)scratch.Centred.Pointer, Rows.Space.Width);
            wide = Math.Min(wide + SignsWider, BeamPool.MaxWidth);
            int keep = Math.Min((int)wide, (2 * k) + Spare);
            if (all)
            {
                InlineSearch<TKernel, TScale, AcceptAll>.Run(scorer, neighbours, scratch.Signs, default, graph.Rows, node, distance, (int)wide, keep, scratch);
                return true;
            }

            int accepted = InlineSearch<TKernel, TScale, AcceptSome>.Run(
                scorer, neighbours, scratch.Signs, acceptance, graph.Rows, node, distance, (int)wide, keep, scratch);
            return accepted >= Enough(ef, passing) ? true : null;
        }

        if (!BeamSearch<TKernel, TScale, BaseLayer>.Run(
            scorer, graph.BaseLayer, graph.Rows, node, distance, (int)wide, Held((int)wide, k), all ? passing : (long)WideBudget * passing, scratch))
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
        return kept >= Enough(ef, passing) ? true : null;
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

    /// <summary>Nodes kept for re-scoring: where a beam is hardly wider than what is wanted, codes must not decide alone.</summary>
    private static int Held(int ef, int k) => Math.Min(Math.Max(ef, k + (k / 2) + Spare), BeamPool.MaxWidth);

    /// <summary>Half of what can be expected.</summary>
    private static int Enough(int ef, int passing) => Math.Min(ef, passing) / 2;
}
