using System.Numerics;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// What all algorithms over one <see cref="SparseInvertedIndex"/> share during a search: a cursor per query term, bounds, and the score
/// that a row must exceed. The arrays stay from search to search.
/// </summary>
/// <remarks>
/// Rows are offered in ascending order, so a row that only reaches the K-th best score loses the tie: rows whose bound does not exceed
/// the floor are left out. Bounds are widened by more than rounding can amount to.
/// </remarks>
internal sealed class SparseCursors
{
    private readonly SparseQuery _query = new();
    private float _radius;
    private int _firstRow;

    /// <summary>The first <see cref="Count"/> are in use, in ascending order of their terms.</summary>
    public SparseCursor[] Items { get; private set; } = [];

    public int Count { get; private set; }

    /// <summary>Numbers of cursors in whatever order an algorithm keeps.</summary>
    public int[] Order { get; private set; } = [];

    /// <summary>By term; zero between rows.</summary>
    public float[] Contributions { get; private set; } = [];

    public SparseInvertedIndex Index { get; private set; } = null!;

    public TopK Results { get; private set; } = null!;

    public bool IsBm25 { get; private set; }

    public RowWeight RowWeight { get; private set; }

    /// <summary>Each addition and each contribution may round up by 2⁻²⁴ of itself: a factor above what that can amount to.</summary>
    public double Rounding { get; private set; }

    /// <summary>What bounds are multiplied by.</summary>
    public double BoundFactor { get; private set; }

    /// <summary>Scores must exceed this to be of use.</summary>
    public float Floor
    {
        get
        {
            float bound = Results.Bound;
            return float.IsPositiveInfinity(bound) ? _radius : MathF.Max(_radius, -bound);
        }
    }

    /// <param name="firstRow">Added to the index's rows where they are offered.</param>
    /// <exception cref="ArgumentException">BM25 without statistics.</exception>
    public void Open(SparseInvertedIndex index, ReadOnlySpan<byte> query, in SparseSearchParameters parameters, TopK results, int firstRow)
    {
        _firstRow = firstRow;
        _query.Prepare(query, index.Metric, parameters);
        Index = index;
        Results = results;
        IsBm25 = index.Metric == MetricType.BM25;
        RowWeight = _query.RowWeight;
        _radius = MathF.Max(0, parameters.Radius ?? 0);
        Rounding = 1 + ((_query.Count + 16) * 1.2e-7);
        BoundFactor = Rounding * (parameters.MaxScoreRatio is > 0 and < 1 ? parameters.MaxScoreRatio : 1);
        if (Items.Length < _query.Count)
            Grow(_query.Count);
        Count = 0;
        for (int i = 0; i < _query.Count; i++)
        {
            int slot = index.Dimensions.BinarySearch(_query.Indexes[i]);
            if (slot < 0)
                continue;
            ref SparseCursor cursor = ref Items[Count];
            cursor.Term = Count++;
            cursor.Weight = _query.Weights[i];
            cursor.LastBlock = index.FirstBlocks[slot + 1] - 1;
            cursor.BoundBlock = -1;
            cursor.Bound = 0;
            cursor.Enter(index, index.FirstBlocks[slot]);
        }
    }

    /// <summary>Lets go of the index, which another search may not use.</summary>
    public void Close()
    {
        Index = null!;
        Results = null!;
    }

    /// <summary>Finds the largest contribution of every list. Before any cursor moves.</summary>
    public void ComputeBounds()
    {
        foreach (ref SparseCursor cursor in Items.AsSpan(0, Count))
        {
            PostingBlock whole = PostingBlock.Empty;
            foreach (ref readonly PostingBlock block in Index.Blocks.Slice(cursor.Block, cursor.LastBlock - cursor.Block + 1))
                whole.Widen(in block);
            cursor.Bound = BoundFactor * whole.Bound(cursor.Weight, IsBm25, RowWeight);
        }
    }

    /// <summary>
    /// The largest contribution of the block that holds a row, or of the next one where the row lies between; 0 behind the end.
    /// </summary>
    /// <param name="cursor">Its <see cref="SparseCursor.BoundBlock"/> becomes that block.</param>
    /// <param name="row">At or behind the cursor's row.</param>
    public double BlockBound(ref SparseCursor cursor, int row)
    {
        ReadOnlySpan<PostingBlock> blocks = Index.Blocks;
        int block = Math.Max(cursor.Block, cursor.BoundBlock);
        if (blocks[block].LastRow < row)
        {
            block = cursor.FindBlock(blocks, block + 1, row);
            if (block > cursor.LastBlock)
                return 0;
        }
        if (block != cursor.BoundBlock)
        {
            cursor.BoundBlock = block;
            cursor.BlockBound = BoundFactor * blocks[block].Bound(cursor.Weight, IsBm25, RowWeight);
        }
        return cursor.BlockBound;
    }

    /// <summary>What the cursor's current row gains by its term.</summary>
    public float Contribution(ref SparseCursor cursor)
    {
        float value = Index.Blocks[cursor.Block].Value(Index.Data, cursor.At);
        return IsBm25 ? SparseQuery.Saturated(cursor.Weight, value, RowWeight.Of(Index.Lengths[cursor.Row])) : cursor.Weight * value;
    }

    /// <summary>Adds up the contributions in the order of the terms, as a scan does, and leaves them at zero.</summary>
    public void Offer(int row)
    {
        float score = 0;
        Span<float> contributions = Contributions.AsSpan(0, Count);
        foreach (float contribution in contributions)
            score += contribution;
        contributions.Clear();
        if (score > 0)
            Add(row, score);
    }

    /// <summary>Offers a row with its score.</summary>
    public void Add(int row, float score) => Results.Add(_firstRow + row, 0f - score);

    /// <summary>The first row at or behind <paramref name="row"/> that may be returned; <see cref="SparseCursor.End"/> when none may.</summary>
    public static int NextPassing(RowFilter filter, int row)
    {
        if (filter.PassesAll || row == SparseCursor.End)
            return row;
        ReadOnlySpan<ulong> words = filter.Words;
        int word = row >> 6;
        if (word >= words.Length)
            return SparseCursor.End;
        ulong bits = words[word] & (ulong.MaxValue << row);
        if (bits == 0)
        {
            int skip = words[(word + 1)..].IndexOfAnyExcept(0UL);
            if (skip < 0)
                return SparseCursor.End;
            word += 1 + skip;
            bits = words[word];
        }
        return (word << 6) + BitOperations.TrailingZeroCount(bits);
    }

    private void Grow(int cursors)
    {
        var items = new SparseCursor[(int)BitOperations.RoundUpToPowerOf2((uint)cursors)];
        Items.CopyTo(items, 0);
        for (int i = Items.Length; i < items.Length; i++)
            items[i].Rows = new int[PostingBlock.Capacity];
        Items = items;
        Contributions = new float[items.Length];
        Order = new int[items.Length];
    }
}
