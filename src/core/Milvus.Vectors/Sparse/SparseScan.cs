using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Exact sparse search by looking at every row that passes the filter: for growing segments, and the reference for
/// <see cref="SparseInvertedIndex"/>, whose scores are equal bit for bit. Rows that share nothing with the query are not hits.
/// </summary>
public static class SparseScan
{
    [ThreadStatic]
    private static SparseQuery? t_query;

    /// <param name="store">The rows; those published when the search starts are seen.</param>
    /// <param name="metric">IP or BM25.</param>
    /// <param name="query">A valid sparse row.</param>
    /// <param name="parameters">K, range, BM25 statistics.</param>
    /// <param name="filter">Rows that may be returned.</param>
    /// <param name="results">Reset by the search; afterwards holds rows and scores, best first.</param>
    /// <param name="rowCount">Rows to look at from the first on; all when null.</param>
    /// <exception cref="ArgumentException">Another metric, or BM25 without statistics.</exception>
    public static void Search(
        SparseRowStore store, MetricType metric, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter, TopK results,
        int? rowCount = null)
    {
        Scan(store, metric, Begin(metric, query, parameters, results), filter, results, 0, rowCount ?? int.MaxValue);
        results.Finish(metric);
    }

    /// <summary>Offers the rows from <paramref name="start"/> to below <paramref name="end"/> to results that were begun before.</summary>
    internal static void Continue(
        SparseRowStore store, MetricType metric, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter, TopK results,
        int start, int end)
    {
        SparseQuery prepared = t_query ??= new SparseQuery();
        prepared.Prepare(query, metric, parameters);
        Scan(store, metric, prepared, filter, results, start, end);
    }

    private static void Scan(SparseRowStore store, MetricType metric, SparseQuery prepared, RowFilter filter, TopK results, int start, int end)
    {
        SparseRowStore.Reader rows = store.Snapshot();
        int count = prepared.Count == 0 ? 0 : Math.Min(rows.Count, end);
        bool bm25 = metric == MetricType.BM25;
        for (int row = start; row < count; row++)
        {
            if (!filter.Passes(row))
                continue;
            float score = prepared.Score(rows.Elements(row), rows.Sum(row), bm25);
            if (score > 0)
                results.Add(row, metric.ScoreToDistance(score));
        }
    }

    /// <summary>The same over columns one behind the other, as a sealed segment without an index holds them; rows count through.</summary>
    public static void Search(
        IEnumerable<BinaryColumn> columns, MetricType metric, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter,
        TopK results)
    {
        SparseQuery prepared = Begin(metric, query, parameters, results);
        bool bm25 = metric == MetricType.BM25;
        int first = 0;
        foreach (BinaryColumn column in columns)
        {
            for (int i = 0; i < column.Count; i++)
            {
                if (!filter.Passes(first + i) || column.IsNull(i))
                    continue;
                ReadOnlySpan<SparseElement> row = SparseRow.Elements(column[i]);
                float score = prepared.Score(row, bm25 ? SparseRow.Sum(row) : 0, bm25);
                if (score > 0)
                    results.Add(first + i, metric.ScoreToDistance(score));
            }
            first += column.Count;
        }
        results.Finish(metric);
    }

    private static SparseQuery Begin(MetricType metric, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, TopK results)
    {
        SparseMetrics.Check(metric);
        results.Reset(parameters.K, parameters.Range(metric));
        SparseQuery prepared = t_query ??= new SparseQuery();
        prepared.Prepare(query, metric, parameters);
        return prepared;
    }
}
