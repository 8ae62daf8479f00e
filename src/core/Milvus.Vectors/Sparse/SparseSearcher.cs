using System.Numerics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>The scratch memory and inner loops of one thread's searches over <see cref="SparseInvertedIndex"/>es.</summary>
internal sealed class SparseSearcher
{
    // 64 KiB of accumulators: fits the second-level cache beside the lists being read. A multiple of 64 for the filter's words.
    private const int WindowRows = 1 << 14;

    // Below one posting in so many rows, visiting the postings again is cheaper than scanning the window.
    private const int SparseWindowShare = 16;

    [ThreadStatic]
    private static SparseSearcher? t_searcher;

    private readonly SparseQuery _query = new();
    private readonly float[] _scores = new float[WindowRows];
    private Cursor[] _cursors = [];
    private int _cursorCount;

    public static void Search(
        SparseInvertedIndex index, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter, TopK results)
    {
        // Put back only after success: an exception may leave scores behind that would leak into the next search.
        SparseSearcher searcher = t_searcher ?? new SparseSearcher();
        t_searcher = null;
        searcher.SearchIn(index, query, parameters, filter, results);
        t_searcher = searcher;
    }

    private void SearchIn(SparseInvertedIndex index, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, RowFilter filter, TopK results)
    {
        _query.Prepare(query, index.Metric, parameters);
        OpenCursors(index);
        for (int window = NextWindow(index, 0); window < index.RowCount; window = NextWindow(index, window + WindowRows))
        {
            int end = (int)Math.Min(index.RowCount, window + (long)WindowRows);
            if (!AnyPasses(filter, window, end))
            {
                SkipTo(index, end);
                continue;
            }
            int postings = index.Metric == MetricType.BM25 ? AccumulateBm25(index, window, end) : AccumulateProducts(index, window, end);
            if (postings < (end - window) / SparseWindowShare)
                CollectFromPostings(index, window, filter, results);
            else
                CollectFromWindow(window, end, filter, results);
        }
    }

    private void OpenCursors(SparseInvertedIndex index)
    {
        if (_cursors.Length < _query.Count)
            _cursors = new Cursor[_query.Count];
        _cursorCount = 0;
        for (int i = 0; i < _query.Count; i++)
        {
            int slot = Array.BinarySearch(index.Dimensions, _query.Indexes[i]);
            if (slot >= 0)
                _cursors[_cursorCount++] = new Cursor { At = index.Starts[slot], End = index.Starts[slot + 1], Weight = _query.Weights[i] };
        }
    }

    /// <summary>Start of the first window at or after <paramref name="from"/> that has a posting; the row count when none has.</summary>
    private int NextWindow(SparseInvertedIndex index, long from)
    {
        if (from >= index.RowCount)
            return index.RowCount;
        int next = int.MaxValue;
        foreach (ref readonly Cursor cursor in _cursors.AsSpan(0, _cursorCount))
        {
            if (cursor.At < cursor.End)
                next = Math.Min(next, index.Rows[cursor.At]);
        }
        return next == int.MaxValue ? index.RowCount : next & ~63;
    }

    private void SkipTo(SparseInvertedIndex index, int row)
    {
        foreach (ref Cursor cursor in _cursors.AsSpan(0, _cursorCount))
            cursor.At = Seek(index.Rows, cursor.At, cursor.End, row);
    }

    /// <returns>Postings visited.</returns>
    private int AccumulateProducts(SparseInvertedIndex index, int window, int end)
    {
        int visited = 0;
        foreach (ref Cursor cursor in _cursors.AsSpan(0, _cursorCount))
        {
            int at = cursor.At;
            int stop = Seek(index.Rows, at, cursor.End, end);
            ReadOnlySpan<int> rows = index.Rows.AsSpan(at, stop - at);
            ReadOnlySpan<float> values = index.Values.AsSpan(at, stop - at);
            float weight = cursor.Weight;
            for (int i = 0; i < rows.Length && i < values.Length; i++)
                _scores[rows[i] - window] += weight * values[i];
            cursor.WindowStart = at;
            cursor.At = stop;
            visited += rows.Length;
        }
        return visited;
    }

    /// <returns>Postings visited.</returns>
    private int AccumulateBm25(SparseInvertedIndex index, int window, int end)
    {
        int visited = 0;
        RowWeight rowWeight = _query.RowWeight;
        ReadOnlySpan<float> lengths = index.Lengths;
        foreach (ref Cursor cursor in _cursors.AsSpan(0, _cursorCount))
        {
            int at = cursor.At;
            int stop = Seek(index.Rows, at, cursor.End, end);
            ReadOnlySpan<int> rows = index.Rows.AsSpan(at, stop - at);
            ReadOnlySpan<float> values = index.Values.AsSpan(at, stop - at);
            float weight = cursor.Weight;
            for (int i = 0; i < rows.Length && i < values.Length; i++)
                _scores[rows[i] - window] += SparseQuery.Saturated(weight, values[i], rowWeight.Of(lengths[rows[i]]));
            cursor.WindowStart = at;
            cursor.At = stop;
            visited += rows.Length;
        }
        return visited;
    }

    // Both collectors leave the accumulators at zero for the next window.
    private void CollectFromPostings(SparseInvertedIndex index, int window, RowFilter filter, TopK results)
    {
        foreach (ref readonly Cursor cursor in _cursors.AsSpan(0, _cursorCount))
        {
            foreach (int row in index.Rows.AsSpan(cursor.WindowStart, cursor.At - cursor.WindowStart))
            {
                float score = _scores[row - window];
                if (score > 0)
                {
                    _scores[row - window] = 0;
                    if (filter.Passes(row))
                        results.Add(row, 0f - score);
                }
            }
        }
    }

    private void CollectFromWindow(int window, int end, RowFilter filter, TopK results)
    {
        Span<float> scores = _scores.AsSpan(0, end - window);
        int i = 0;
        for (; i + Vector<float>.Count <= scores.Length; i += Vector<float>.Count)
        {
            // Until K rows are held the bound is infinite and every positive score is a candidate.
            float floor = float.IsPositiveInfinity(results.Bound) ? 0 : -results.Bound;
            var candidates = new Vector<float>(scores[i..]);
            if (!Vector.GreaterThanOrEqualAny(candidates, new Vector<float>(Math.Max(floor, float.Epsilon))))
                continue;
            for (int row = i; row < i + Vector<float>.Count; row++)
                Offer(window + row, scores[row], filter, results);
        }
        for (; i < scores.Length; i++)
            Offer(window + i, scores[i], filter, results);
        scores.Clear();
    }

    private static void Offer(int row, float score, RowFilter filter, TopK results)
    {
        if (score > 0 && filter.Passes(row))
            results.Add(row, 0f - score);
    }

    private static bool AnyPasses(RowFilter filter, int start, int end)
    {
        if (filter.PassesAll)
            return true;
        int first = start >> 6, last = Math.Min(filter.Words.Length, (end + 63) >> 6);
        return first < last && filter.Words[first..last].ContainsAnyExcept(0UL);
    }

    /// <summary>First place in ascending <paramref name="rows"/>[at..end] whose row is not below <paramref name="row"/>.</summary>
    private static int Seek(int[] rows, int at, int end, int row)
    {
        long step = 1;
        int low = at;
        while (low + step < end && rows[low + step] < row)
        {
            low += (int)step;
            step <<= 1;
        }
        int high = (int)Math.Min(end, low + step + 1);
        while (low < high)
        {
            int middle = low + ((high - low) >> 1);
            if (rows[middle] < row)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private struct Cursor
    {
        public int At;
        public int End;
        public int WindowStart;
        public float Weight;
    }
}
