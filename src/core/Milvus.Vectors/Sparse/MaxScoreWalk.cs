namespace Milvus.Vectors;

/// <summary>
/// MaxScore: lists in ascending order of their bounds. The leading ones, whose bounds together do not exceed the floor, cannot make a hit
/// alone: candidates come from the others only, and are dropped as soon as what is left cannot lift them over the floor.
/// </summary>
internal sealed class MaxScoreWalk(SparseCursors cursors)
{
    // A window must pay for partitioning the lists.
    private const int MinWindowRows = 512;

    private double[] _prefixes = [0];

    /// <summary>By the bounds of whole lists.</summary>
    public void Search(RowFilter filter)
    {
        cursors.ComputeBounds();
        Partition();
        SearchPartitioned(filter, 0, SparseCursor.End);
    }

    /// <summary>
    /// The same window by window: in each, the bounds are those of the blocks that it overlaps, and a window whose bounds together do not
    /// exceed the floor is skipped unread.
    /// </summary>
    public void SearchByWindows(RowFilter filter)
    {
        cursors.ComputeBounds();
        Span<double> listBounds = cursors.Count <= 64 ? stackalloc double[64] : new double[cursors.Count];
        for (int i = 0; i < cursors.Count; i++)
            listBounds[i] = cursors.Items[i].Bound;
        int start = 0;
        while (true)
        {
            for (int i = 0; i < cursors.Count; i++)
                cursors.Items[i].Bound = listBounds[i];
            Partition();
            int first = FirstEssential();
            int row = SparseCursor.End;
            for (int i = first; i < cursors.Count; i++)
            {
                ref SparseCursor cursor = ref cursors.Items[cursors.Order[i]];
                cursor.Seek(cursors.Index, start);
                row = Math.Min(row, cursor.Row);
            }
            row = SparseCursors.NextPassing(filter, row);
            if (row == SparseCursor.End)
                return;
            int end = WindowEnd(first, row);
            double sum = 0;
            foreach (ref SparseCursor cursor in cursors.Items.AsSpan(0, cursors.Count))
                sum += cursor.Bound = WindowBound(ref cursor, row, end);
            if (sum > cursors.Floor)
            {
                Partition();
                SearchPartitioned(filter, row, end);
            }
            start = end;
        }
    }

    private int WindowEnd(int firstEssential, int row)
    {
        int end = SparseCursor.End;
        for (int i = firstEssential; i < cursors.Count; i++)
        {
            ref SparseCursor cursor = ref cursors.Items[cursors.Order[i]];
            int block = cursor.FindBlock(cursors.Index.Blocks, cursor.Block, row);
            if (block <= cursor.LastBlock)
                end = Math.Min(end, cursors.Index.Blocks[block].LastRow + 1);
        }
        return (int)Math.Min(cursors.Index.RowCount, Math.Max(end, row + (long)MinWindowRows));
    }

    /// <summary>The largest contribution of the blocks that overlap rows from <paramref name="row"/> to below <paramref name="end"/>.</summary>
    private double WindowBound(ref SparseCursor cursor, int row, int end)
    {
        if (cursor.Row >= end)
            return 0;
        ReadOnlySpan<PostingBlock> blocks = cursors.Index.Blocks;
        float bound = 0;
        for (int block = cursor.FindBlock(blocks, Math.Max(cursor.Block, cursor.BoundBlock), row); block <= cursor.LastBlock; block++)
        {
            if (blocks[block].FirstRow >= end)
                break;
            cursor.BoundBlock = block;
            bound = MathF.Max(bound, blocks[block].Bound(cursor.Weight, cursors.IsBm25, cursors.RowWeight));
            if (blocks[block].LastRow >= end)
                break;
        }
        return cursors.BoundFactor * bound;
    }

    private void SearchPartitioned(RowFilter filter, int start, int end)
    {
        int first = FirstEssential();
        for (int i = first; i < cursors.Count; i++)
            cursors.Items[cursors.Order[i]].Seek(cursors.Index, start);
        while (first < cursors.Count)
        {
            int row = SparseCursor.End;
            for (int i = first; i < cursors.Count; i++)
                row = Math.Min(row, cursors.Items[cursors.Order[i]].Row);
            if (row >= end)
                return;
            int passing = SparseCursors.NextPassing(filter, row);
            if (passing != row)
            {
                for (int i = first; i < cursors.Count; i++)
                    cursors.Items[cursors.Order[i]].Seek(cursors.Index, passing);
                continue;
            }
            if (Evaluate(first, row))
                first = FirstEssential();
        }
    }

    /// <summary>Scores a row as far as it takes.</summary>
    /// <returns>True when the row was offered.</returns>
    private bool Evaluate(int first, int row)
    {
        double sum = 0;
        for (int i = first; i < cursors.Count; i++)
        {
            ref SparseCursor cursor = ref cursors.Items[cursors.Order[i]];
            if (cursor.Row != row)
                continue;
            sum += cursors.Contributions[cursor.Term] = cursors.Contribution(ref cursor);
            cursor.Next(cursors.Index);
        }
        double floor = cursors.Floor;
        // The final sum is made in single precision: widened like the bounds it is added to.
        sum *= cursors.Rounding;
        for (int i = first - 1; i >= 0; i--)
        {
            if (sum + _prefixes[i + 1] <= floor)
            {
                cursors.Contributions.AsSpan(0, cursors.Count).Clear();
                return false;
            }
            ref SparseCursor cursor = ref cursors.Items[cursors.Order[i]];
            cursor.Seek(cursors.Index, row);
            if (cursor.Row == row)
                sum += (cursors.Contributions[cursor.Term] = cursors.Contribution(ref cursor)) * cursors.Rounding;
        }
        cursors.Offer(row);
        return true;
    }

    /// <summary>Orders the lists by their bounds, and adds these up: _prefixes[i] is what the first i lists can give together.</summary>
    private void Partition()
    {
        if (_prefixes.Length <= cursors.Count)
            _prefixes = new double[cursors.Items.Length + 1];
        for (int i = 0; i < cursors.Count; i++)
        {
            // Insertion: queries are short, and from window to window the order changes little.
            int at = i;
            double bound = cursors.Items[i].Bound;
            for (; at > 0 && cursors.Items[cursors.Order[at - 1]].Bound > bound; at--)
                cursors.Order[at] = cursors.Order[at - 1];
            cursors.Order[at] = i;
        }
        for (int i = 0; i < cursors.Count; i++)
            _prefixes[i + 1] = _prefixes[i] + cursors.Items[cursors.Order[i]].Bound;
    }

    /// <summary>The first list in order that can lift a row over the floor together with those before it; the count when none can.</summary>
    private int FirstEssential()
    {
        double floor = cursors.Floor;
        int first = 0;
        while (first < cursors.Count && _prefixes[first + 1] <= floor)
            first++;
        return first;
    }
}
