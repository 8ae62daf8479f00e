namespace Milvus.Vectors;

/// <summary>One thread's searches over <see cref="SparseInvertedIndex"/>es: keeps the scratch memory, chooses the algorithm.</summary>
internal sealed class SparseSearcher
{
    [ThreadStatic]
    private static SparseSearcher? t_searcher;

    private readonly SparseCursors _cursors = new();
    private readonly TermAtATimeWalk _terms;
    private readonly MaxScoreWalk _maxScore;
    private readonly PivotWalk _pivots;

    private SparseSearcher()
    {
        _terms = new TermAtATimeWalk(_cursors);
        _maxScore = new MaxScoreWalk(_cursors);
        _pivots = new PivotWalk(_cursors);
    }

    public static void Search(
        SparseInvertedIndex index, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter, TopK results, int firstRow = 0)
    {
        // Put back only after success: an exception may leave scores behind that would leak into the next search.
        SparseSearcher searcher = t_searcher ?? new SparseSearcher();
        t_searcher = null;
        searcher._cursors.Open(index, query, parameters, results, firstRow);
        if (searcher._cursors.Count > 0)
            searcher.Run(parameters.Algorithm.For(index.Metric), index.RowCount, filter);
        searcher._cursors.Close();
        t_searcher = searcher;
    }

    private void Run(SparseAlgorithm algorithm, int rowCount, RowFilter filter)
    {
        switch (algorithm)
        {
            case SparseAlgorithm.TermAtATime:
                _terms.Search(filter, (rowCount + 63) & ~63);
                break;
            case SparseAlgorithm.Wand:
                _pivots.Search(filter, blockBounds: false);
                break;
            case SparseAlgorithm.BlockMaxWand:
                _pivots.Search(filter, blockBounds: true);
                break;
            case SparseAlgorithm.MaxScore:
                _maxScore.Search(filter);
                break;
            case SparseAlgorithm.BlockMaxMaxScore:
                _maxScore.SearchByWindows(filter);
                break;
            default:
                _terms.Search(filter, TermAtATimeWalk.WindowRows);
                break;
        }
    }
}
