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

    /// <summary>Rows scored per unit of beam width by an unfiltered traversal, relative to the cheaper rows of a scan.</summary>
    private const double RowsPerBeam = 12;

    private readonly GraphSearcher _searcher;
    private readonly FlatScanner _scanner;

    internal HnswIndex(VectorStore store, MetricType metric, HnswParameters parameters, HnswGraph graph)
        : base(store, metric)
    {
        Parameters = parameters;
        Graph = graph;
        _searcher = GraphSearcher.For(store.Type, metric, InstructionSets.Best);
        _scanner = FlatScanner.For(store.Type, metric, InstructionSets.Best);
    }

    public override VectorIndexKind Kind => VectorIndexKind.Hnsw;

    public override int Count => Graph.Rows;

    public override long MemoryBytes => Graph.MemoryBytes;

    /// <summary>How the graph was built.</summary>
    public HnswParameters Parameters { get; }

    internal HnswGraph Graph { get; }

    /// <summary>For tests: never prefer the scan, however small the index.</summary>
    internal bool AlwaysTraverse { get; init; }

    /// <summary>Bytes that a graph over <paramref name="rows"/> rows will hold, for budgets; within a few per cent.</summary>
    public static long EstimateMemoryBytes(long rows, int m) => (long)(rows * ((8.0 * m) + (((4.0 * m) + 8) / (m - 1))));

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results)
    {
        QueryBytes(query, queryType, 1);
        var range = DistanceRange.FromScores(Metric, parameters.Radius, parameters.RangeFilter);
        results.Reset(parameters.K, range);
        HnswScratch scratch = HnswScratch.Pool.Rent();
        scratch.Flat.Queries.Set(Store, Metric, query, queryType, 1);
        int passing = filter.CountPassing(Count);
        int ef = Math.Max(parameters.Ef ?? (parameters.IsRangeSearch ? DefaultRangeEf : DefaultEf), parameters.K);
        if (passing > 0 && !Traverse(filter, range, passing, ef, scratch, results))
        {
            results.Reset(parameters.K, range);
            _scanner.Scan(Store, Count, scratch.Flat, filter, new ReadOnlySpan<TopK>(in results));
        }

        results.Finish(Metric);
        HnswScratch.Pool.Return(scratch);
    }

    /// <summary>Collects from the graph; false when the scan has to answer.</summary>
    private bool Traverse(RowFilter filter, DistanceRange range, int passing, int ef, HnswScratch scratch, TopK results)
    {
        // A filter thins the results, so a beam of ef of them costs Count / passing times the traversal.
        if (!AlwaysTraverse && passing <= RowsPerBeam * ef * Count / passing)
            return false;
        if (!_searcher.Search(Graph, Store, passing == Count ? RowFilter.All : filter, range, ef, passing, scratch))
            return false;
        foreach (ulong key in scratch.Found)
            results.Add(SortableKey.Row(key), SortableKey.Distance(key));
        return !range.IsUnbounded || results.Count >= Math.Min(results.K, passing);
    }
}
