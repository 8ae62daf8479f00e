using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The rows of a growing store as one reader sees them: those that a <see cref="GrowingGraph"/> has linked are searched by it, the others are
/// compared one by one. A range search compares all.
/// </summary>
public sealed class GrowingIndex : VectorIndex
{
    private const int DefaultEf = 64;

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

    public override int Count => Math.Min(_count, Store.Count);

    /// <summary>Rows 0…Linked−1 are found by way of the graph.</summary>
    public int Linked => Math.Min(_growing.Linked, Count);

    public override long MemoryBytes => _growing.MemoryBytes;

    public override void Search(ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results) =>
        SearchBatch(query, queryType, parameters, filter, new ReadOnlySpan<TopK>(in results));

    public override void SearchBatch(
        ReadOnlySpan<byte> queries, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, ReadOnlySpan<TopK> results)
    {
        int bytes = QueryBytes(queries, queryType, results.Length);
        int linked = Math.Min(_growing.Linked, Count);
        HnswGraph graph = _growing.Graph;
        int passing = filter.CountPassing(linked), ef = Beam(parameters);
        if (parameters.IsRangeSearch || ScanIsCheaper(passing, linked, ef))
        {
            _scanner.Search(Store, Metric, Count, queries, queryType, parameters, filter, results);
            return;
        }

        RowFilter effective = passing == linked ? RowFilter.All : filter;
        HnswScratch scratch = HnswScratch.Pool.Rent();
        FlatScratch tail = FlatScratch.Pool.Rent();
        for (int i = 0; i < results.Length; i++)
        {
            ReadOnlySpan<byte> query = queries.Slice(i * bytes, bytes);
            TopK found = results[i];
            found.Reset(parameters.K);
            scratch.Queries.Set(Store, Metric, query, queryType, 1);
            bool complete = _searcher.Search(graph, Store, effective, default, ef, passing, scratch);
            foreach (ulong key in scratch.Found)
            {
                // Rows linked since the search began are among those compared.
                if (SortableKey.Row(key) < linked)
                    found.Add(SortableKey.Row(key), SortableKey.Distance(key));
            }

            if (!complete || found.Count < Math.Min(parameters.K, passing))
            {
                _scanner.Search(Store, Metric, Count, query, queryType, parameters, filter, results.Slice(i, 1));
                continue;
            }

            _scanner.ScanRange(Store, scratch.Queries, linked, Count, filter, tail.Rows, found);
            found.Finish(Metric);
        }

        FlatScratch.Pool.Return(tail);
        HnswScratch.Pool.Return(scratch);
        GC.KeepAlive(graph);
    }

    public override bool PrefersScan(int passing, in VectorSearchParameters parameters) =>
        parameters.IsRangeSearch || ScanIsCheaper(passing, Math.Min(_growing.Linked, Count), Beam(parameters));

    private static int Beam(in VectorSearchParameters parameters) => Math.Max(Math.Max(parameters.Ef ?? DefaultEf, DefaultEf), parameters.K);

    private static bool ScanIsCheaper(int passing, int linked, int ef) => TraversalCost.ScanIsCheaper(passing, linked, ef, 1);
}
