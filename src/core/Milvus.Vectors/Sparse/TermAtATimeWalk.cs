using System.Numerics;

namespace Milvus.Vectors;

/// <summary>
/// Term at a time: rows are scored window by window, and inside a window term by term in ascending order, so that the accumulators stay in
/// the cache and windows without postings or passing rows cost nothing.
/// </summary>
internal sealed class TermAtATimeWalk(SparseCursors cursors)
{
    // 64 KiB of accumulators: fits the second-level cache beside the lists being read. A multiple of 64 for the filter's words.
    public const int WindowRows = 1 << 14;

    // Below one posting in so many rows, visiting the postings again is cheaper than scanning the window.
    private const int SparseWindowShare = 16;

    private readonly float[] _values = new float[PostingBlock.Capacity];
    private readonly float[] _rowLengths = new float[PostingBlock.Capacity];
    private float[] _scores = [];
    private int[] _touched = [];
    private int _listed;

    /// <param name="windowRows">A multiple of 64; all rows for the plain algorithm.</param>
    public void Search(RowFilter filter, int windowRows)
    {
        if (_scores.Length < windowRows)
        {
            _scores = new float[windowRows];
            _touched = new int[windowRows / SparseWindowShare];
        }
        _listed = windowRows / SparseWindowShare;
        for (long start = FirstWindow(); start < cursors.Index.RowCount; start = FirstWindow())
        {
            int window = (int)start, end = (int)Math.Min(cursors.Index.RowCount, start + windowRows);
            if (!AnyPasses(filter, window, end))
            {
                foreach (ref SparseCursor cursor in cursors.Items.AsSpan(0, cursors.Count))
                    cursor.Seek(cursors.Index, end);
                continue;
            }
            int touched = 0;
            foreach (ref SparseCursor cursor in cursors.Items.AsSpan(0, cursors.Count))
                Accumulate(ref cursor, window, end, ref touched);
            if (touched <= _listed)
                CollectTouched(window, touched, filter);
            else
                CollectWindow(window, end, filter);
        }
    }

    /// <summary>Start of the first window that has a posting ahead; the row count when none has.</summary>
    private long FirstWindow()
    {
        int next = SparseCursor.End;
        foreach (ref readonly SparseCursor cursor in cursors.Items.AsSpan(0, cursors.Count))
            next = Math.Min(next, cursor.Row);
        return next == SparseCursor.End ? cursors.Index.RowCount : next & ~63;
    }

    private void Accumulate(ref SparseCursor cursor, int window, int end, ref int touched)
    {
        while (cursor.Row < end)
        {
            ReadOnlySpan<int> rows = cursor.Rows.AsSpan(cursor.At, cursor.Count - cursor.At);
            // Few blocks straddle a window's end.
            int count = rows[^1] < end ? rows.Length : CountBelow(rows, end);
            Span<float> contributions = Contributions(ref cursor, rows[..count]);
            bool listed = touched + count <= _listed;
            for (int i = 0; i < contributions.Length; i++)
                _scores[rows[i] - window] += contributions[i];
            if (listed)
                rows[..count].CopyTo(_touched.AsSpan(touched));
            touched += count;
            cursor.At += count - 1;
            cursor.Next(cursors.Index);
        }
    }

    /// <summary>The contributions of the cursor's next rows; the same arithmetic as one at a time.</summary>
    private Span<float> Contributions(ref SparseCursor cursor, ReadOnlySpan<int> rows)
    {
        cursors.Index.Blocks[cursor.Block].DecodeValues(cursors.Index.Data, _values);
        Span<float> values = _values.AsSpan(cursor.At, rows.Length);
        var weight = new Vector<float>(cursor.Weight);
        int i = 0;
        if (!cursors.IsBm25)
        {
            for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
                (weight * new Vector<float>(values[i..])).CopyTo(values[i..]);
            for (; i < values.Length; i++)
                values[i] *= cursor.Weight;
            return values;
        }
        Span<float> lengths = _rowLengths.AsSpan(0, rows.Length);
        ReadOnlySpan<float> all = cursors.Index.Lengths;
        for (int j = 0; j < lengths.Length; j++)
            lengths[j] = all[rows[j]];
        var constant = new Vector<float>(cursors.RowWeight.Constant);
        var perToken = new Vector<float>(cursors.RowWeight.PerToken);
        for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            var frequency = new Vector<float>(values[i..]);
            Vector<float> rowWeight = constant + (perToken * new Vector<float>(lengths[i..]));
            (weight * frequency / (frequency + rowWeight)).CopyTo(values[i..]);
        }
        for (; i < values.Length; i++)
            values[i] = SparseQuery.Saturated(cursor.Weight, values[i], cursors.RowWeight.Of(lengths[i]));
        return values;
    }

    // Both collectors leave the accumulators at zero for the next window.
    private void CollectTouched(int window, int touched, RowFilter filter)
    {
        foreach (int row in _touched.AsSpan(0, touched))
        {
            float score = _scores[row - window];
            _scores[row - window] = 0;
            if (score > 0 && filter.Passes(row))
                cursors.Add(row, score);
        }
    }

    private void CollectWindow(int window, int end, RowFilter filter)
    {
        Span<float> scores = _scores.AsSpan(0, end - window);
        int i = 0;
        for (; i + Vector<float>.Count <= scores.Length; i += Vector<float>.Count)
        {
            // Until K rows are held the bound is infinite and every positive score is a candidate.
            float floor = float.IsPositiveInfinity(cursors.Results.Bound) ? 0 : -cursors.Results.Bound;
            var candidates = new Vector<float>(scores[i..]);
            if (!Vector.GreaterThanOrEqualAny(candidates, new Vector<float>(Math.Max(floor, float.Epsilon))))
                continue;
            for (int row = i; row < i + Vector<float>.Count; row++)
                OfferFrom(scores, window, row, filter);
        }
        for (; i < scores.Length; i++)
            OfferFrom(scores, window, i, filter);
        scores.Clear();
    }

    private void OfferFrom(Span<float> scores, int window, int at, RowFilter filter)
    {
        if (scores[at] > 0 && filter.Passes(window + at))
            cursors.Add(window + at, scores[at]);
    }

    private static bool AnyPasses(RowFilter filter, int start, int end)
    {
        if (filter.PassesAll)
            return true;
        int first = start >> 6, last = Math.Min(filter.Words.Length, (end + 63) >> 6);
        return first < last && filter.Words[first..last].ContainsAnyExcept(0UL);
    }

    private static int CountBelow(ReadOnlySpan<int> rows, int end)
    {
        int low = 0, high = rows.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (rows[middle] < end)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
