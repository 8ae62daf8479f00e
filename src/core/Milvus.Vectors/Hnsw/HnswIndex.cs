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

    private readonly GraphSearcher _searcher;
    private readonly FlatScanner _scanner;

    private readonly CodedTraversal? _coded;
    private readonly double _gain;
    private readonly Rescoring _rescoring;

    internal HnswIndex(VectorStore store, MetricType metric, HnswParameters parameters, HnswGraph graph, CodedTraversal? coded = null, RowCodes? rowCodes = null, RowCodes? refinement = null)
        : base(store, metric)
    {
        RowCodes = rowCodes is null ? null : RowCodesTraversal.Of(rowCodes);
        Refinement = refinement is null ? null : RowCodesTraversal.Of(refinement);
        _coded = coded;
        _gain = rowCodes is not null ? TraversalCost.GainOfBytes : TraversalCost.Gain(coded, store.RowBytes);
        _rescoring = Rescoring.For(store.Type, metric);
        Parameters = parameters;
        Graph = graph;
        _searcher = GraphSearcher.For(store.Type, metric);
        _scanner = FlatScanner.For(store.Type, metric, InstructionSets.Best);
    }

    public override VectorIndexKind Kind => RowCodes is not null ? VectorIndexKind.HnswRowCodes : Parameters.CodesFor(Store.Type) switch
    {
        GraphCodes.Signs => VectorIndexKind.HnswSigns,
        GraphCodes.Bytes => VectorIndexKind.HnswBytes,
        _ => VectorIndexKind.Hnsw,
    };

    public override string Form => RowCodes is { } codes ? $"graph, {codes.Codes.Coding} codes" : _coded is null ? "graph" : _coded.Neighbours is null ? "graph, byte codes" : "graph, codes of neighbours";

    public override int Count => Graph.Rows;

    public override long MemoryBytes => Graph.MemoryBytes + (_coded?.MemoryBytes ?? 0) + (RowCodes?.Codes.MemoryBytes ?? 0) + (Refinement?.Codes.MemoryBytes ?? 0);

    /// <summary>True when it is searched by byte codes, which are stored with it.</summary>
    public bool HasByteCodes => _coded is not null;

    /// <summary>How the graph was built.</summary>
    public HnswParameters Parameters { get; }

    /// <summary>The codes that came with the graph, and those that refine what they find; null without.</summary>
    internal RowCodesTraversal? RowCodes { get; }

    internal RowCodesTraversal? Refinement { get; }

    /// <summary>The same graph searched by poorer codes than it was made for; itself when it has no richer ones.</summary>
    public HnswIndex Within(GraphCodes mostCodes)
    {
        GraphCodes present = _coded is null ? GraphCodes.None : _coded.Neighbours is null ? GraphCodes.Bytes : GraphCodes.Signs;
        return present <= mostCodes
            ? this
            : new HnswIndex(Store, Metric, Parameters, Graph, CodedTraversal.Of(Graph, Store, Metric, mostCodes, Parameters.Threads, _coded!.Rows)).Tried(DefaultBeam);
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
        GC.KeepAlive(this);
    }

    public override bool PrefersScan(int passing, in VectorSearchParameters parameters) => ScanIsCheaper(passing, Beam(parameters));

    /// <summary>The width of a beam that the request leaves open; the same for the same graph and rows.</summary>
    internal int DefaultBeam { get; private set; } = DefaultEf;

    /// <summary>Settles the width of beams that requests leave open, before anyone else sees the index.</summary>
    /// <param name="beam">As it was found before, maybe by other codes, which changes little; 0 to find it by searches.</param>
    internal HnswIndex Tried(int beam = 0)
    {
        DefaultBeam = beam > 0 ? beam : BeamTrial.Width(this, DefaultEf);
        return this;
    }

    private int Beam(in VectorSearchParameters parameters)
    {
        int ef = Math.Max(parameters.Ef ?? (parameters.IsRangeSearch ? DefaultRangeEf : DefaultBeam), parameters.K);
        return Math.Min(ef, Math.Max(1, Count));
    }

    private bool ScanIsCheaper(int passing, int ef) => TraversalCost.ScanIsCheaper(passing, Count, ef, _gain);

    /// <summary>Answers from the graph; false when it gave up or found too little, and the scan has to answer.</summary>
    private bool Traverse(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, int passing, int ef,
        HnswScratch scratch, TopK results)
    {
        var range = DistanceRange.FromScores(Metric, parameters.Radius, parameters.RangeFilter);
        results.Reset(parameters.K, range);
        scratch.Queries.Set(Store, Metric, query, queryType, 1);

        // Distances at the inner bound of a range decide what is passed over: there approximate ones will not do.
        DataType form = FloatDecoder.IsNeededFor(Store.Type) ? DataType.FloatVector : Store.Type;
        if (RowCodes is { } rowCodes && !range.HasLower)
        {
            if (!rowCodes.Search(Graph, form, filter, passing, ef, Math.Min(parameters.K, passing), scratch))
                return false;
            _rescoring.Run(Store, scratch, Choose(parameters, form, scratch), results);
            return IsAnswered(range, passing, results);
        }

        if (_coded is not null && !range.HasLower)
        {
            if (!_coded.Search(Graph, form, filter, passing, ef, Math.Min(parameters.K, passing), scratch))
                return false;
            _rescoring.Run(Store, scratch, Math.Max(Candidates(parameters), _coded.LeastRescored(parameters.K, ef)), results);
            return IsAnswered(range, passing, results);
        }

        if (!_searcher.Search(Graph, Store, filter, range, ef, passing, scratch))
            return false;
        foreach (ulong key in scratch.Found)
            results.Add(SortableKey.Row(key), SortableKey.Distance(key));
        return IsAnswered(range, passing, results);
    }

    /// <summary>So many of what was found are compared again, as the request asks.</summary>
    private static int Candidates(in VectorSearchParameters parameters) =>
        (int)Math.Min(int.MaxValue, Math.Ceiling(parameters.K * (double)Math.Max(1, parameters.RefineFactor ?? 1)));

    /// <summary>
    /// Leaves in the scratch what is to be compared by the vectors: the hits by the codes, or candidates for them when there is a refinement,
    /// or all that was found when the codes are so fine that a few comparisons rule out the rest.
    /// </summary>
    /// <returns>How many are to be compared in any case.</returns>
    private int Choose(in VectorSearchParameters parameters, DataType form, HnswScratch scratch)
    {
        RowCodeParameters made = Parameters.RowCodes!;
        int candidates = Candidates(parameters);
        if (Refinement is { } refinement)
        {
            refinement.Rerank(form, candidates, scratch);
            return parameters.K;
        }

        if (made.Refinement == RowCoding.None)
            candidates = parameters.K;
        if (!made.IsFine)
            scratch.ResultCount = Math.Min(scratch.ResultCount, candidates);
        return candidates;
    }

    private bool IsAnswered(DistanceRange range, int passing, TopK results)
    {
        if (range.IsUnbounded && results.Count < Math.Min(results.K, passing))
            return false;
        results.Finish(Metric);
        return true;
    }
}
