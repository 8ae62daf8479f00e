using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// A graph over the first rows of a store that still takes rows, extended a few rows at a time by whoever has time for it. Any number of
/// threads may search meanwhile: <see cref="Over"/> gives an index that follows the graph for rows that are linked and compares the others.
/// </summary>
/// <remarks>
/// A row is published by raising <see cref="Linked"/> once it has its links. Lists of rows before it may name it earlier; a reader passes over
/// whatever is not below the number it read (<see cref="FirstNodes{TLayer}"/>). Room for nodes is doubled when it is used up; readers go on
/// with the smaller graph they hold, which no longer changes. Levels are drawn for all of the room, and one becomes the highest in use
/// when its first row is linked.
/// </remarks>
public sealed class GrowingGraph
{
    private const int FirstRoom = 1 << 14;

    private readonly Lock _gate = new();
    private readonly BuildScratch _scratch = new();
    private readonly HnswParameters _parameters;
    private readonly StoredRows _rows;
    private HnswGraph _graph;
    private GraphBuilder _builder;
    private int _linked;
    private volatile bool _isBroken;

    /// <param name="store">The vectors; may grow.</param>
    /// <param name="metric">One for which <see cref="Serves"/> is true.</param>
    /// <param name="parameters">Degree and beam width; null for those of growing segments.</param>
    /// <exception cref="ArgumentException">The metric does not fit.</exception>
    public GrowingGraph(VectorStore store, MetricType metric, HnswParameters? parameters = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (!Serves(store.Type, metric))
            throw new ArgumentException($"no graph is built over {store.Type}s by {metric}", nameof(metric));
        if (metric == MetricType.Cosine)
            store.EnsureNorms();
        Store = store;
        Metric = metric;
        _parameters = (parameters ?? new HnswParameters { M = 16, EfConstruction = 100 }) with { Codes = GraphCodes.None, RowCodes = null };
        _parameters.Check();
        _rows = new StoredRows(store, metric);
        _graph = Drawn(FirstRoom);
        _builder = GraphBuilder.For(_rows, _graph, _parameters);
    }

    public VectorStore Store { get; }

    public MetricType Metric { get; }

    /// <summary>Rows 0…Linked−1 are found by way of the graph.</summary>
    public int Linked => Volatile.Read(ref _linked);

    /// <summary>True when linking failed half-way: what is linked is not to be relied upon, and nothing more will be.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>Links, and beside each its distance, as building needs it.</summary>
    public long MemoryBytes => Graph.MemoryBytes + Volatile.Read(ref _builder).MemoryBytes;

    /// <summary>Holds at least the rows that were linked before it was read.</summary>
    internal HnswGraph Graph => Volatile.Read(ref _graph);

    /// <summary>Whether graphs order rows of a type by a metric.</summary>
    public static bool Serves(DataType type, MetricType metric) =>
        type.IsDenseVector() && metric.IsValidFor(type) && metric is not (MetricType.Substructure or MetricType.Superstructure or MetricType.MinHashJaccard);

    /// <summary>Links rows of the store that are not linked yet, in their order. One thread at a time; a second one returns at once.</summary>
    /// <param name="most">How many at most.</param>
    /// <returns>How many were linked.</returns>
    /// <exception cref="OutOfMemoryException">There is no room to link in; may be tried again. After any other failure the graph is broken.</exception>
    public int Extend(int most)
    {
        if (_isBroken || !_gate.TryEnter())
            return 0;
        try
        {
            int first = _linked, end = (int)Math.Min(Store.Count, (long)first + most);
            for (int row = first; row < end; row++)
            {
                if (row == _graph.Rows)
                    Grow();
                _builder.Insert(row, _scratch);
                _graph.TopLevel = _graph.TopOf(row + 1);
                Volatile.Write(ref _linked, row + 1);
            }

            return end - first;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _isBroken = true;
            throw;
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>An index over the first rows of the store.</summary>
    /// <param name="count">Rows covered, at most as many as the store holds.</param>
    public GrowingIndex Over(int count) => new(this, count);

    /// <summary>A graph without links whose lowest level alone is in use.</summary>
    private HnswGraph Drawn(int room)
    {
        HnswGraph graph = HnswLevels.Draw(room, _parameters.M, _parameters.Seed);
        graph.TopLevel = 0;
        return graph;
    }

    private void Grow()
    {
        HnswGraph larger = Drawn(_graph.Rows * 2);
        GraphBuilder builder = GraphBuilder.For(_rows, larger, _parameters);
        builder.TakeOver(_builder);
        larger.TopLevel = _graph.TopLevel;
        Volatile.Write(ref _builder, builder);
        Volatile.Write(ref _graph, larger);
    }
}
