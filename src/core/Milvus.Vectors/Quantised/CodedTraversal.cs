using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Searches a graph by the codes of its rows: down the upper levels and along level 0 by byte codes, or along level 0 by the neighbours'
/// 1-bit codes where there are some. What is found still has approximate distances.
/// </summary>
internal abstract class CodedTraversal(CodedRows rows, NeighbourCodes? neighbours)
{
    /// <summary>See <see cref="LeastRescored"/>.</summary>
    private const int SpareOfSubspace = 24;

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
    /// <param name="ef">Width of the beam: what a narrow one misses matters more than what its codes confuse.</param>
    public int LeastRescored(int k, int ef) => Rows.Space.IsReduced ? (int)Math.Min(int.MaxValue, Math.Min((4L * k) + SpareOfSubspace, (long)k + ef)) : k;

    /// <summary>Makes the codes that <paramref name="codes"/> asks for; null for none. Signs are left out where they find too little.</summary>
    /// <param name="rows">Byte codes when they exist already.</param>
    public static CodedTraversal? Of(HnswGraph graph, VectorStore store, MetricType metric, GraphCodes codes, int threads, CodedRows? rows = null)
    {
        if (codes == GraphCodes.None)
            return null;
        rows ??= CodesOf(store, metric, codes, threads, out _);
        NeighbourCodes? neighbours = codes == GraphCodes.Signs && graph.Base.Degree == NeighbourCodes.Degree && rows.Space.Rotation is not null && !rows.Space.IsReduced ? NeighbourCodes.Of(graph, rows, threads) : null;
        CodedTraversal byBytes = rows.Visit(new Factory(rows, null));
        if (neighbours is null)
            return byBytes;
        CodedTraversal bySigns = rows.Visit(new Factory(rows, neighbours));
        return SignTrial.Succeeds(graph, store, metric, bySigns, byBytes) ? bySigns : byBytes;
    }

    /// <summary>The byte codes that a kind of traversal needs, and its graph is built by.</summary>
    /// <param name="coarse">What may be enough to search the graph; null for nothing less.</param>
    public static CodedRows CodesOf(VectorStore store, MetricType metric, GraphCodes codes, int threads, out CodeSpace? coarse)
    {
        bool signs = codes == GraphCodes.Signs && store.Dimension > WidestInsteadOfSigns;
        RandomRotation? rotation = signs ? new RandomRotation(store.Dimension, HnswParameters.RotationSeed) : null;
        return CodedRows.Of(store, CodeSpace.Fit(store, metric, rotation, signs ? WidestSubspaceInsteadOfSigns : int.MaxValue, out coarse), threads);
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
        int node = GraphWalk<TKernel, TScale>.Descend(graph, scorer, out float distance, scratch);
        bool complete;
        fixed (ulong* words = filter.Words)
        {
            var acceptance = new AcceptSome(words, filter.Words.Length, filter.PassesAll, default);
            bool? wide = Neighbours is { } neighbours
                ? BySigns(neighbours, graph, scorer, acceptance, filter.PassesAll, node, distance, passing, ef, k, scratch)
                : GraphWalk<TKernel, TScale>.Wide(graph, scorer, acceptance, filter.PassesAll, node, distance, passing, ef, k, scratch);
            complete = wide ?? GraphWalk<TKernel, TScale>.Narrow(graph, scorer, acceptance, node, distance, passing, ef, scratch);
        }

        GC.KeepAlive(this);
        GC.KeepAlive(graph);
        GC.KeepAlive(scratch);
        return complete;
    }

    /// <summary>As <see cref="GraphWalk{TKernel, TScale}.Wide"/>, by the neighbours' signs.</summary>
    private bool? BySigns(
        NeighbourCodes neighbours, HnswGraph graph, in RowScorer<TKernel, TScale> scorer, in AcceptSome acceptance, bool all, int node, float distance, int passing, int ef,
        int k, HnswScratch scratch)
    {
        // Only nodes that are followed can be hits.
        int width = FilteredBeam.Width(Math.Max(ef, Math.Min(k + (k / 4), BeamPool.MaxWidth)), k, passing, graph.Rows);
        if (width == 0)
            return null;
        scratch.Signs.Set((float*)scratch.Centred.Pointer, Rows.Space.Width);
        width = Math.Min(width + SignsWider, BeamPool.MaxWidth);
        int keep = Math.Min(width, (2 * k) + FilteredBeam.Spare);
        if (all)
        {
            InlineSearch<TKernel, TScale, AcceptAll>.Run(scorer, neighbours, scratch.Signs, default, graph.Rows, node, distance, width, keep, scratch);
            return true;
        }

        int accepted = InlineSearch<TKernel, TScale, AcceptSome>.Run(scorer, neighbours, scratch.Signs, acceptance, graph.Rows, node, distance, width, keep, scratch);
        if (accepted >= FilteredBeam.Enough(ef, passing) && accepted < FilteredBeam.Likely(width, passing, graph.Rows))
        {
            // Where the filter keeps out the nearest ones, as many others must be followed.
            width = (int)Math.Min((long)width * width / accepted, BeamPool.MaxWidth);
            accepted = InlineSearch<TKernel, TScale, AcceptSome>.Run(scorer, neighbours, scratch.Signs, acceptance, graph.Rows, node, distance, width, keep, scratch);
        }

        return accepted >= FilteredBeam.Enough(ef, passing) && scratch.ResultCount >= k ? true : null;
    }
}
