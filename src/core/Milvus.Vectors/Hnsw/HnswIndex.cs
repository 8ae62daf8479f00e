using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Approximate search over a navigable small-world graph (Malkov and Yashunin 2016). Made by <see cref="HnswBuilder"/>. Falls back
/// to comparing every passing row where that is cheaper or where the graph did not lead to enough of them, so a search returns
/// min(K, matches) rows.
/// </summary>
public sealed class HnswIndex : VectorIndex
{
    private const int DefaultEf = 16;
    private const int DefaultRangeEf = 512;

    /// <summary>
    /// A traversal with beam width e costs about as much as scanning 70 e^0.73 rows: fitted to sets of 60 000 rows of 128 and 784
    /// dimensions, where it scores 35 to 55 e^0.73 rows and each costs half more than in a scan.
    /// </summary>
    private const double ScannedRowsPerBeam = 70;

    /// <summary>How many times fewer rows a traversal by codes is worth; as above.</summary>
    private const double GainOfBytes = 3;
    private const double GainOfSigns = 4;

    private const double BeamExponent = 0.73;

    private readonly GraphSearcher _searcher;
    private readonly FlatScanner _scanner;

    private readonly CodedTraversal? _coded;
    private readonly Rescoring _rescoring;

    internal HnswIndex(VectorStore store, MetricType metric, HnswParameters parameters, HnswGraph graph, CodedTraversal? coded = null)
        : base(store, metric)
    {
        _coded = coded;
        _rescoring = Rescoring.For(store.Type, metric);
        Parameters = parameters;
        Graph = graph;
        _searcher = GraphSearcher.For(store.Type, metric);
        _scanner = FlatScanner.For(store.Type, metric, InstructionSets.Best);
    }

    public override VectorIndexKind Kind => Parameters.CodesFor(Store.Type) switch
    {
        GraphCodes.Signs => VectorIndexKind.HnswSigns,
        GraphCodes.Bytes => VectorIndexKind.HnswBytes,
        _ => VectorIndexKind.Hnsw,
    };

    public override string Form => _coded is null ? "graph" : _coded.Neighbours is null ? "graph, byte codes" : "graph, codes of neighbours";

    public override int Count => Graph.Rows;

    public override long MemoryBytes => Graph.MemoryBytes + (_coded?.MemoryBytes ?? 0);

    /// <summary>How the graph was built.</summary>
    public HnswParameters Parameters { get; }

    /// <summary>The same graph searched by poorer codes than it was made for; itself when it has no richer ones.</summary>
    public HnswIndex Within(GraphCodes mostCodes)
    {
        GraphCodes present = _coded is null ? GraphCodes.None : _coded.Neighbours is null ? GraphCodes.Bytes : GraphCodes.Signs;
        return present <= mostCodes
            ? this
            : new HnswIndex(Store, Metric, Parameters, Graph, CodedTraversal.Of(Graph, Store, Metric, mostCodes, Parameters.Threads));
    }

    internal HnswGraph Graph { get; }

    internal CodedTraversal? Coded => _coded;

    /// <summary>For tests: never prefer the scan, however small the index.</summary>
    internal bool AlwaysTraverse { get; init; }

    /// <summary>Bytes that a graph over <paramref name="rows"/> rows will hold, for budgets; within a few per cent.</summary>
    public static long EstimateMemoryBytes(long rows, int m) => (long)(rows * ((8.0 * m) + (((4.0 * m) + 8) / (m - 1))));

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        SearchBatch(query, queryType, parameters, filter, new ReadOnlySpan<TopK>(in results));

    public override void SearchBatch(
        ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        int bytes = QueryBytes(queries, queryType, results.Length);
        int passing = filter.CountPassing(Count);
        int ef = Beam(parameters);
        if (passing == 0 || (!AlwaysTraverse && ScanIsCheaper(passing, ef)))
        {
            _scanner.Search(Store, Metric, Count, queries, queryType, parameters, filter, results);
            return;
        }

        RowFilter effective = passing == Count ? RowFilter.All : filter;
        HnswScratch scratch = HnswScratch.Pool.Rent();
        for (int i = 0; i < results.Length; i++)
        {
            ReadOnlySpan<byte> query = queries.Slice(i * bytes, bytes);
            if (!Traverse(query, queryType, parameters, effective, passing, ef, scratch, results[i]))
                _scanner.Search(Store, Metric, Count, query, queryType, parameters, effective, results.Slice(i, 1));
        }

        HnswScratch.Pool.Return(scratch);
    }

    public override bool PrefersScan(int passing, in VectorSearchParameters parameters) => passing == 0 || ScanIsCheaper(passing, Beam(parameters));

    private int Beam(in VectorSearchParameters parameters)
    {
        int ef = Math.Max(parameters.Ef ?? (parameters.IsRangeSearch ? DefaultRangeEf : DefaultEf), parameters.K);
        return Math.Min(ef, Math.Max(1, Count));
    }

    /// <summary>A filter thins what is found, so that a beam of ef passing rows is as wide as ef × Count / passing rows.</summary>
    private bool ScanIsCheaper(int passing, int ef) =>
        passing <= ScannedRowsPerBeam / (_coded is null ? 1 : _coded.Neighbours is null ? GainOfBytes : GainOfSigns)
            * Math.Pow((double)ef * Count / passing, BeamExponent);

    /// <summary>Answers from the graph; false when it gave up or found too little, and the scan has to answer.</summary>
    private bool Traverse(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, int passing, int ef,
        HnswScratch scratch, TopK results)
    {
        var range = DistanceRange.FromScores(Metric, parameters.Radius, parameters.RangeFilter);
        results.Reset(parameters.K, range);
        scratch.Queries.Set(Store, Metric, query, queryType, 1);

        // Distances at the inner bound of a range decide what is passed over: there approximate ones will not do.
        if (_coded is not null && !range.HasLower)
        {
            DataType form = FloatDecoder.IsNeededFor(Store.Type) ? DataType.FloatVector : Store.Type;
            if (!_coded.Search(Graph, form, filter, passing, ef, Math.Min(parameters.K, passing), scratch))
                return false;
            _rescoring.Run(Store, scratch, parameters.K, results);
            return IsAnswered(range, passing, results);
        }

        if (!_searcher.Search(Graph, Store, filter, range, ef, passing, scratch))
            return false;
        foreach (ulong key in scratch.Found)
            results.Add(SortableKey.Row(key), SortableKey.Distance(key));
        return IsAnswered(range, passing, results);
    }

    private bool IsAnswered(DistanceRange range, int passing, TopK results)
    {
        if (range.IsUnbounded && results.Count < Math.Min(results.K, passing))
            return false;
        results.Finish(Metric);
        return true;
    }
}
