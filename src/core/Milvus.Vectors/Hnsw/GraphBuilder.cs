namespace Milvus.Vectors;

/// <summary>
/// Inserts rows into a graph (Malkov and Yashunin 2016, algorithm 1). Several threads may insert different rows at once: a list is
/// changed under its node's lock only and read without; a reader may meet a list half changed, which holds valid nodes all the same.
/// </summary>
/// <remarks>
/// A new node first gets its own links on all its levels and only then becomes reachable by reverse links, so no search ever stands
/// on a node without links. Where all levels are in use from the start, the row drawn highest is the entry from the start and is linked by others.
/// </remarks>
internal abstract class GraphBuilder
{
    private const int RowsPerReport = 1024;

    public static GraphBuilder For(GraphRows rows, HnswGraph graph, HnswParameters parameters) => rows.Visit(new Factory(rows, graph, parameters));

    /// <summary>Bytes held beside the links.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Links one row; every row once, or again when an exception ended it.</summary>
    public abstract void Insert(int row, BuildScratch scratch);

    /// <summary>Links all rows. Blocks; the calling thread is one of the builders.</summary>
    /// <param name="progress">Told the number of rows inserted now and then, from any builder thread.</param>
    /// <exception cref="OperationCanceledException">Cancelled; some rows are not linked.</exception>
    public void InsertAll(int rows, int threads, IProgress<int>? progress, CancellationToken cancellation) =>
        Workers.Run(threads, rows, () =>
        {
            var scratch = new BuildScratch();
            return row =>
            {
                Insert(row, scratch);
                if ((row + 1) % RowsPerReport == 0 || row + 1 == rows)
                    progress?.Report(row + 1);
            };
        }, cancellation);

    /// <summary>The nearest rows that a search for an inserted row finds, nearest first; valid until the next call.</summary>
    public abstract ReadOnlySpan<ulong> Nearest(int row, BuildScratch scratch);

    /// <summary>Continues with the links of a builder over fewer nodes of the same rows, which has no more work to do.</summary>
    public abstract void TakeOver(GraphBuilder smaller);

    private sealed class Factory(GraphRows rows, HnswGraph graph, HnswParameters parameters) : IKernelVisitor<GraphBuilder>
    {
        public GraphBuilder Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new GraphBuilder<TKernel, TScale>(rows, graph, parameters);
    }
}

internal sealed class GraphBuilder<TKernel, TScale> : GraphBuilder
    where TKernel : struct, IVectorKernel
    where TScale : struct, IRowScale
{
    /// <summary>Lists asked for ahead of the one that gets a link.</summary>
    private const int ListsAhead = 3;

    private readonly HnswGraph _graph;
    private readonly HnswParameters _parameters;
    private readonly int _beam;
    private readonly NeighbourSelection<TKernel, TScale> _selection;
    private readonly BuildLevel[] _levels;

    public GraphBuilder(GraphRows rows, HnswGraph graph, HnswParameters parameters)
    {
        _graph = graph;
        _parameters = parameters;
        _beam = Math.Min(parameters.EfConstruction, graph.Rows);
        _selection = new NeighbourSelection<TKernel, TScale>(rows, parameters.Alpha, parameters.Shift);
        _levels = [new BuildLevel(graph.Base), .. graph.Upper.Select(level => new BuildLevel(level.Links))];
    }

    public override long MemoryBytes => _levels.Sum(level => level.MemoryBytes);

    public override void Insert(int row, BuildScratch scratch)
    {
        if (row == _graph.EntryRow)
            return;
        scratch.Inserted ??= _selection.NewQuery();
        RowScorer<TKernel, TScale> scorer = _selection.ScorerOf(row, scratch.Inserted);
        int own = Math.Min(HnswLevels.Of(row, _graph.M, _parameters.Seed), _graph.TopLevel);
        int node = Descend(scorer, own, out float distance, scratch);
        for (int level = own; level >= 0; level--)
        {
            ulong nearest = level == 0
                ? FindNeighbours(scorer, _graph.BaseLayer, level, row, node, distance, scratch)
                : FindNeighbours(scorer, _graph.UpperLayer(level), level, row, node, distance, scratch);
            distance = SortableKey.Distance(nearest);
            node = level == 0 ? 0 : _graph.Down(level, SortableKey.Row(nearest));
        }

        for (int level = own; level >= 0; level--)
            _levels[level].Write(NodeOf(level, row), scratch.Selected(level), scratch.DiverseCounts[level]);
        for (int level = own; level >= 0; level--)
        {
            int self = NodeOf(level, row);
            ReadOnlySpan<ulong> keys = scratch.Selected(level).Keys;
            for (int i = 0; i < keys.Length; i++)
            {
                ulong key = keys[i];
                if (i + ListsAhead < keys.Length)
                    _levels[level].Prefetch(SortableKey.Row(keys[i + ListsAhead]));
                if (level == 0)
                    AddLink(scorer, _graph.BaseLayer, level, SortableKey.Row(key), SortableKey.Distance(key), self, scratch);
                else
                    AddLink(scorer, _graph.UpperLayer(level), level, SortableKey.Row(key), SortableKey.Distance(key), self, scratch);
            }
        }

        GC.KeepAlive(scratch);
    }

    public override ReadOnlySpan<ulong> Nearest(int row, BuildScratch scratch)
    {
        scratch.Inserted ??= _selection.NewQuery();
        RowScorer<TKernel, TScale> scorer = _selection.ScorerOf(row, scratch.Inserted);
        int node = Descend(scorer, 0, out float distance, scratch);
        return Beam(scorer, _graph.BaseLayer, _graph.Rows, node, distance, scratch);
    }

    public override void TakeOver(GraphBuilder smaller)
    {
        BuildLevel[] before = ((GraphBuilder<TKernel, TScale>)smaller)._levels;
        for (int level = 0; level < before.Length; level++)
            _levels[level].TakeOver(before[level]);
    }

    /// <summary>Walks down to a level.</summary>
    /// <returns>The node of that level to start from.</returns>
    private int Descend(in RowScorer<TKernel, TScale> scorer, int to, out float distance, BuildScratch scratch)
    {
        int node = HnswGraph.EntryNode;
        distance = scorer.Score(_graph.EntryRow);
        for (int level = _graph.TopLevel; level > to; level--)
        {
            LayerSearch<TKernel, TScale, UpperLayer, AcceptAll>.Descend(
                scorer, _graph.UpperLayer(level), _levels[level].Nodes, ref node, ref distance, scratch.Search);
            node = _graph.Down(level, node);
        }

        return node;
    }

    private ulong FindNeighbours<TLayer>(
        in RowScorer<TKernel, TScale> scorer, in TLayer layer, int level, int row, int node, float distance, BuildScratch scratch)
        where TLayer : struct, IGraphLayer
    {
        // Lists may name the row already, when inserting it was begun once before and failed.
        Span<ulong> found = Without(NodeOf(level, row), Beam(scorer, layer, _levels[level].Nodes, node, distance, scratch));
        if (found.IsEmpty)
        {
            found = scratch.Search.Results.AsSpan(0, 1);
            found[0] = SortableKey.Of(distance, node);
        }

        scratch.DiverseCounts[level] = _selection.Select(layer, found, _parameters.Alpha > 1 ? layer.Degree : _graph.M, scratch.Selected(level), scratch);
        return found[0];
    }

    private static Span<ulong> Without(int node, Span<ulong> keys)
    {
        int i = 0;
        while (i < keys.Length && SortableKey.Row(keys[i]) != node)
            i++;
        if (i == keys.Length)
            return keys;
        keys[(i + 1)..].CopyTo(keys[i..]);
        return keys[..^1];
    }

    /// <summary>The nodes a beam finds, nearest first.</summary>
    private Span<ulong> Beam<TLayer>(
        scoped in RowScorer<TKernel, TScale> scorer, scoped in TLayer layer, int nodes, int node, float distance, BuildScratch scratch)
        where TLayer : struct, IGraphLayer
    {
        if (_beam <= BeamPool.MaxWidth)
        {
            BeamSearch<TKernel, TScale, TLayer>.Run(scorer, layer, nodes, node, distance, _beam, _beam, long.MaxValue, scratch.Search);
            return scratch.Search.Found;
        }

        LayerSearch<TKernel, TScale, TLayer, AcceptAll>.Run(scorer, layer, default, nodes, node, distance, _beam, long.MaxValue, scratch.Search);
        scratch.Search.Found.Sort();
        return scratch.Search.Found;
    }

    /// <summary>Adds the inserted row to a neighbour's list where it belongs; the farthest dispensable link gives way.</summary>
    private void AddLink<TLayer>(
        in RowScorer<TKernel, TScale> inserted, in TLayer layer, int level, int node, float distance, int self, BuildScratch scratch)
        where TLayer : struct, IGraphLayer
    {
        BuildLevel lists = _levels[level];
        lists.Enter(node);
        try
        {
            lists.Read(node, scratch.Diverse, scratch.Others);
            if (_selection.Merge(inserted, layer, SortableKey.Of(distance, self), scratch))
                lists.Write(node, scratch.Merged, scratch.MergedDiverse);
        }
        finally
        {
            lists.Exit(node);
        }
    }

    private int NodeOf(int level, int row) => level == 0 ? row : _graph.SlotOf(level, row);
}
