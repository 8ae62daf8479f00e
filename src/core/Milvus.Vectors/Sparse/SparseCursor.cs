namespace Milvus.Vectors;

/// <summary>
/// A place in the list of one query term. The rows of its block stand decoded in <see cref="Rows"/>, the array that stays with the cursor's
/// number from search to search; values are read where they are needed.
/// </summary>
internal struct SparseCursor
{
    /// <summary>Behind the last row.</summary>
    public const int End = int.MaxValue;

    /// <summary>The current row, or <see cref="End"/>.</summary>
    public int Row;

    /// <summary>Which of the query's terms this is, in ascending order.</summary>
    public int Term;

    public float Weight;

    /// <summary>No contribution of the list is larger.</summary>
    public double Bound;

    /// <summary>Of the block last looked at for bounds; see <see cref="SparseSearcher.BlockBound"/>.</summary>
    public double BlockBound;

    /// <summary>The block that the current row lies in.</summary>
    public int Block;

    /// <summary>The block last looked at for bounds, at or behind <see cref="Block"/>.</summary>
    public int BoundBlock;

    public int LastBlock;

    /// <summary>Place of the current row in its block.</summary>
    public int At;

    public int Count;

    public int[] Rows;

    /// <summary>To the first row of a block.</summary>
    public void Enter(SparseInvertedIndex index, int block)
    {
        Block = block;
        ref readonly PostingBlock entered = ref index.Blocks[block];
        entered.DecodeRows(index.Data, Rows);
        At = 0;
        Count = entered.Count;
        Row = entered.FirstRow;
    }

    public void Next(SparseInvertedIndex index)
    {
        if (++At < Count)
            Row = Rows[At];
        else if (Block < LastBlock)
            Enter(index, Block + 1);
        else
            Row = End;
    }

    /// <summary>To the first row at or behind <paramref name="row"/>.</summary>
    public void Seek(SparseInvertedIndex index, int row)
    {
        if (Row >= row)
            return;
        ReadOnlySpan<PostingBlock> blocks = index.Blocks;
        if (blocks[Block].LastRow < row)
        {
            int block = FindBlock(blocks, Block + 1, row);
            if (block > LastBlock)
            {
                Row = End;
                return;
            }
            Enter(index, block);
            if (Row >= row)
                return;
        }
        // The block ends at or behind the row, so the search needs no check for its end.
        ReadOnlySpan<int> rows = Rows;
        int low = At + 1, step = 1;
        while (low + step < Count && rows[low + step] < row)
        {
            low += step;
            step <<= 1;
        }
        int high = Math.Min(Count - 1, low + step);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (rows[middle] < row)
                low = middle + 1;
            else
                high = middle;
        }
        At = low;
        Row = rows[low];
    }

    /// <summary>The first block from <paramref name="from"/> on that ends at or behind a row; one past the last block when none does.</summary>
    public readonly int FindBlock(ReadOnlySpan<PostingBlock> blocks, int from, int row)
    {
        int step = 1, low = from;
        while (low + step <= LastBlock && blocks[low + step].LastRow < row)
        {
            low += step;
            step <<= 1;
        }
        int high = Math.Min(LastBlock + 1, low + step);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (blocks[middle].LastRow < row)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
