namespace Milvus.Vectors;

/// <summary>
/// WAND: cursors in order of their rows. The row at which the bounds of the cursors up to it exceed the floor is the pivot: no row before
/// it can be a hit. With block bounds the pivot must hold by the bounds of its blocks too, else all rows up to the nearest block end
/// are left out.
/// </summary>
internal sealed class PivotWalk(SparseCursors cursors)
{
    public void Search(RowFilter filter, bool blockBounds)
    {
        cursors.ComputeBounds();
        for (int i = 0; i < cursors.Count; i++)
            cursors.Order[i] = i;
        SortByRow(cursors.Count - 1);
        while (true)
        {
            double floor = cursors.Floor;
            int pivot = FindPivot(floor);
            if (pivot == cursors.Count)
                return;
            int row = cursors.Items[cursors.Order[pivot]].Row;
            if (row == SparseCursor.End)
                return;
            // Cursors behind the pivot that stand on its row add to its score.
            while (pivot + 1 < cursors.Count && cursors.Items[cursors.Order[pivot + 1]].Row == row)
                pivot++;
            int passing = SparseCursors.NextPassing(filter, row);
            if (passing != row)
                SeekAll(pivot, passing);
            else if (blockBounds && BlockBoundsUpTo(pivot, row, out int next) <= floor)
                SeekAll(pivot, pivot + 1 < cursors.Count ? Math.Min(next, cursors.Items[cursors.Order[pivot + 1]].Row) : next);
            else if (cursors.Items[cursors.Order[0]].Row == row)
                EvaluatePivot(pivot, row);
            else
                SeekAll(pivot, row);
        }
    }

    private int FindPivot(double floor)
    {
        double sum = 0;
        for (int i = 0; i < cursors.Count; i++)
        {
            sum += cursors.Items[cursors.Order[i]].Bound;
            if (sum > floor)
                return i;
        }
        return cursors.Count;
    }

    /// <param name="next">The first row behind the nearest end of these blocks.</param>
    private double BlockBoundsUpTo(int pivot, int row, out int next)
    {
        double sum = 0;
        long nearest = SparseCursor.End;
        for (int i = 0; i <= pivot; i++)
        {
            ref SparseCursor cursor = ref cursors.Items[cursors.Order[i]];
            double bound = cursors.BlockBound(ref cursor, row);
            if (bound == 0)
                continue;
            ref readonly PostingBlock block = ref cursors.Index.Blocks[cursor.BoundBlock];
            // Between blocks a list gives nothing, up to where its next block begins.
            if (block.FirstRow > row)
                nearest = Math.Min(nearest, block.FirstRow);
            else
            {
                sum += bound;
                nearest = Math.Min(nearest, block.LastRow + 1L);
            }
        }
        next = (int)Math.Max(nearest, row + 1L);
        return sum;
    }

    private void EvaluatePivot(int pivot, int row)
    {
        for (int i = 0; i <= pivot; i++)
        {
            ref SparseCursor cursor = ref cursors.Items[cursors.Order[i]];
            cursors.Contributions[cursor.Term] = cursors.Contribution(ref cursor);
            cursor.Next(cursors.Index);
        }
        cursors.Offer(row);
        SortByRow(pivot);
    }

    /// <summary>Moves the cursors up to one in order to a row or behind it.</summary>
    private void SeekAll(int last, int row)
    {
        for (int i = 0; i <= last; i++)
            cursors.Items[cursors.Order[i]].Seek(cursors.Index, row);
        SortByRow(last);
    }

    /// <summary>Restores the order after the leading cursors moved; the others are in order.</summary>
    private void SortByRow(int last)
    {
        for (int i = last; i >= 0; i--)
        {
            int moved = cursors.Order[i], row = cursors.Items[moved].Row, at = i;
            for (; at + 1 < cursors.Count && cursors.Items[cursors.Order[at + 1]].Row < row; at++)
                cursors.Order[at] = cursors.Order[at + 1];
            cursors.Order[at] = moved;
        }
    }
}
