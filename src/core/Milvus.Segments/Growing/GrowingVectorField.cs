using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>One dense vector field of a growing segment: the vectors in slabs that never move, and which rows have one.</summary>
internal sealed class GrowingVectorField : GrowingField
{
    private const int SlabBytes = 1 << 20;

    /// <summary>Fewer rows are compared faster than a graph would be worth its memory.</summary>
    private const int RowsWorthGraph = 8192;

    /// <summary>Linking a row costs about as much as comparing so many.</summary>
    private const int ComparisonsPerLink = 1024;

    private GrowingGraph? _graph;

    /// <summary>Comparisons with rows without links since the last step was asked for.</summary>
    private long _compared;

    public GrowingVectorField(FieldSchema field)
        : base(field.Id)
    {
        var rowsPerSlab = Math.Clamp(SlabBytes / field.Type.VectorBytes(field.Dimension), 16, ColumnLimits.BlockRows);
        Store = VectorStore.CreateGrowing(field.Type, field.Dimension, rowsPerSlab);
    }

    /// <summary>May hold rows that are not published yet.</summary>
    public VectorStore Store { get; }

    public GrowingValidity Validity { get; } = new();

    public override long MemoryBytes => Store.MemoryBytes + Validity.MemoryBytes + (Volatile.Read(ref _graph)?.MemoryBytes ?? 0);

    /// <summary>True when a graph is there, however far it is.</summary>
    public bool HasGraph => Volatile.Read(ref _graph) is { IsBroken: false };

    /// <summary>
    /// An index over the first rows that is extended in the background; null as long as there are few of them, or when graphs do not order
    /// rows by the metric. The graph is made for the metric asked for first: a field has one.
    /// </summary>
    /// <param name="comparisons">What a scan of all these rows would take: passing rows × queries.</param>
    public VectorIndex? IndexOver(int rowCount, MetricType metric, long comparisons)
    {
        var graph = Volatile.Read(ref _graph);
        if (graph is null)
        {
            if (rowCount < RowsWorthGraph || !GrowingGraph.Serves(Store.Type, metric) || !AreWorthLinks(comparisons)) return null;
            graph = new GrowingGraph(Store, metric);
            graph = Interlocked.CompareExchange(ref _graph, graph, null) ?? graph;
            GraphLinking.Request(graph);
        }
        if (graph.Metric != metric || graph.IsBroken) return null;
        var linked = graph.Linked;
        if (linked < rowCount && AreWorthLinks((long)(comparisons * (1 - ((double)linked / rowCount))))) GraphLinking.Request(graph);
        return linked == 0 ? null : graph.Over(rowCount);
    }

    /// <summary>
    /// Rows without links cost every search that compares them. Once that came to what a step of linking costs, one is due: so linking never takes
    /// more time than searching did, and what is only written, or hardly searched, is not held up by it.
    /// </summary>
    private bool AreWorthLinks(long comparisons)
    {
        if (Interlocked.Add(ref _compared, comparisons) < (long)ComparisonsPerLink * GraphLinking.StepRows) return false;
        Interlocked.Exchange(ref _compared, 0);
        return true;
    }

    public override void Append(Column rows)
    {
        if (rows is not VectorColumn vectors || vectors.Type != Store.Type || vectors.RowBytes != Store.RowBytes)
            throw new ArgumentException($"a column of {rows.Type} does not fit a field of {Store.Type} of dimension {Store.Dimension}", nameof(rows));
        Store.Append(vectors.Data);
        Validity.Append(vectors.Validity, 0, vectors.Count);
    }

    public override Column Block(int block, int rowCount) => RowGather.Vectors(Store, Validity.Words, RowGather.RowsOf(block, rowCount));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows, int rowCount) => RowGather.Vectors(Store, Validity.Words, rows);
}
