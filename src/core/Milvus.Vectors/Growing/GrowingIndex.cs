using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The rows of a growing store as one reader sees them: those that a <see cref="GrowingGraph"/> has linked are searched by it, the others are
/// compared one by one. A range search compares all.
/// </summary>
public sealed class GrowingIndex : VectorIndex
{
    /// <summary>The narrowest beam: a growing segment should not find less than the index that follows it.</summary>
    private const int LeastEf = 64;

    private readonly GrowingGraph _growing;
    private readonly FlatScanner _scanner;
    private readonly GraphSearcher _searcher;
    private readonly int _count;

    internal GrowingIndex(GrowingGraph growing, int count)
        : base(growing.Store, growing.Metric)
    {
        _growing = growing;
        _count = count;
        _scanner = FlatScanner.For(Store.Type, Metric, InstructionSets.Best);
        _searcher = GraphSearcher.For(Store.Type, Metric);
    }

    public override VectorIndexKind Kind => VectorIndexKind.Hnsw;

    public override string Form => $"graph over {Linked} rows, {Count - Linked} compared";

    public override int Count => Math.Min(_count, Store.Count);

    /// <summary>So many of the rows covered are found by way of the graph so far.</summary>
    public int Linked => Math.Min(_growing.Linked, Count);

    public override long MemoryBytes => _growing.MemoryBytes;

    public override void Search(ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        SearchBatch(query, queryType, parameters, filter, new ReadOnlySpan<TopK>(in results));

    public override void SearchBatch(
        ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        int bytes = QueryBytes(queries, queryType, results.Length);

        // In this order: the graph read later holds at least the rows counted as linked, and addresses taken later cover them.
        int count = Count, linked = _growing.Linked;
        HnswGraph graph = _growing.Graph;
        int covered = Math.Min(linked, count), passing = filter.CountPassing(covered), ef = Beam(parameters);
        if (parameters.IsRangeSearch || ScanIsCheaper(passing, covered, ef))
        {
            _scanner.Search(Store, Metric, count, queries, queryType, parameters, filter, results);
            return;
        }

        _scanner.Collect(Store, Metric, covered, count, queries, queryType, parameters, filter, results);
        RowFilter effective = passing == covered ? RowFilter.All : filter;
        int wanted = Math.Min(parameters.K, passing);
        HnswScratch scratch = HnswScratch.Pool.Rent();
        for (int i = 0; i < results.Length; i++)
        {
            ReadOnlySpan<byte> query = queries.Slice(i * bytes, bytes);
            scratch.Queries.Set(Store, Metric, query, queryType, 1);
            if (_searcher.SearchFirst(graph, Store, linked, covered, effective, ef, passing, scratch) && scratch.ResultCount >= wanted)
            {
                foreach (ulong key in scratch.Found)
                    results[i].Add(SortableKey.Row(key), SortableKey.Distance(key));
                results[i].Finish(Metric);
            }
            else
            {
                _scanner.Search(Store, Metric, count, query, queryType, parameters, filter, results.Slice(i, 1));
            }
        }

        HnswScratch.Pool.Return(scratch);
        GC.KeepAlive(graph);
    }

    public override bool PrefersScan(int passing, in VectorSearchParameters parameters) =>
        parameters.IsRangeSearch || ScanIsCheaper(Math.Min(passing, Linked), Linked, Beam(parameters));

    private static int Beam(in VectorSearchParameters parameters) => Math.Max(Math.Max(parameters.Ef ?? LeastEf, LeastEf), parameters.K);

    private static bool ScanIsCheaper(int passing, int linked, int ef) => TraversalCost.ScanIsCheaper(passing, linked, ef, 1);
}
