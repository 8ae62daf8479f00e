namespace Milvus.Vectors;

/// <summary>Compresses posting lists, dimension after dimension, into the arrays of a <see cref="SparseInvertedIndex"/>.</summary>
internal sealed class PostingEncoder
{
    private readonly float[] _lengths;
    private readonly List<PostingBlock> _blocks = [];
    private readonly int[] _firstBlocks;
    private byte[] _data = new byte[1 << 12];
    private int _used;
    private int _lists;

    /// <param name="dimensions">How many lists will come.</param>
    /// <param name="lengths">Tokens of every row for BM25; empty otherwise.</param>
    public PostingEncoder(int dimensions, float[] lengths)
    {
        _firstBlocks = new int[dimensions + 1];
        _lengths = lengths;
    }

    /// <summary>Where the blocks of each list begin, and one past the last.</summary>
    public int[] FirstBlocks => _firstBlocks;

    /// <param name="rows">Ascending, at least one.</param>
    /// <exception cref="InvalidOperationException">More than one index can hold.</exception>
    public void Add(ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
    {
        for (int start = 0; start < rows.Length; start += PostingBlock.Capacity)
        {
            int count = Math.Min(PostingBlock.Capacity, rows.Length - start);
            AddBlock(rows.Slice(start, count), values.Slice(start, count));
        }
        _firstBlocks[++_lists] = _blocks.Count;
    }

    public (PostingBlock[] Blocks, byte[] Data) Finish()
    {
        byte[] data = _data.AsSpan(0, _used + PostingBlock.Slack).ToArray();
        data.AsSpan(_used).Clear();
        return ([.. _blocks], data);
    }

    private void AddBlock(ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
    {
        Reserve((8 * PostingBlock.Capacity) + PostingBlock.Slack);
        PostingBlock block = PostingBlock.Empty;
        block.Offset = _used;
        for (int i = 0; i < rows.Length; i++)
            block.Widen(values[i], _lengths.Length == 0 ? 0 : _lengths[rows[i]]);
        _used += block.Encode(rows, values, _data.AsSpan(_used));
        _blocks.Add(block);
    }

    private void Reserve(int bytes)
    {
        long needed = (long)_used + bytes;
        if (needed <= _data.Length)
            return;
        if (needed > Array.MaxLength)
            throw new InvalidOperationException("the postings exceed one sparse index");
        Array.Resize(ref _data, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _data.Length)));
    }
}
