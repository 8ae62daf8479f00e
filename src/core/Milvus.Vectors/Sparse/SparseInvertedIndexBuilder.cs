using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Builds a <see cref="SparseInvertedIndex"/> in two passes over the same rows: first <see cref="Count"/> every row, then
/// <see cref="Add"/> every row in the same order, then <see cref="Build"/>. The peak is the postings at 8 bytes each and the compressed index.
/// Single-threaded.
/// </summary>
public sealed class SparseInvertedIndexBuilder
{
    private readonly MetricType _metric;
    private readonly Dictionary<uint, int> _counts = [];
    private Dictionary<uint, int>? _slots;
    private uint[] _dimensions = [];
    private int[] _ends = [];
    private int[] _starts = [];
    private int[] _rows = [];
    private float[] _values = [];
    private float[] _lengths = [];
    private int _counted;
    private int _added;
    private long _postings;

    /// <param name="metric">IP or BM25.</param>
    public SparseInvertedIndexBuilder(MetricType metric)
    {
        SparseMetrics.Check(metric);
        _metric = metric;
    }

    /// <summary>Builds over all rows that a store holds now.</summary>
    public static SparseInvertedIndex Build(SparseRowStore store, MetricType metric) => Build(store, metric, 0, store.Count);

    /// <summary>Builds over some published rows of a store; the first of them is row 0 of the index.</summary>
    public static SparseInvertedIndex Build(SparseRowStore store, MetricType metric, int start, int count)
    {
        var builder = new SparseInvertedIndexBuilder(metric);
        for (int row = start; row < start + count; row++)
            builder.Count(store.Row(row));
        for (int row = start; row < start + count; row++)
            builder.Add(store.Row(row));
        return builder.Build();
    }

    /// <summary>Builds over the rows of columns in order; the sequence is walked twice. Null rows count as empty ones.</summary>
    public static SparseInvertedIndex Build(IEnumerable<BinaryColumn> columns, MetricType metric)
    {
        var builder = new SparseInvertedIndexBuilder(metric);
        foreach (BinaryColumn column in columns)
        {
            for (int row = 0; row < column.Count; row++)
                builder.Count(column[row]);
        }
        foreach (BinaryColumn column in columns)
        {
            for (int row = 0; row < column.Count; row++)
                builder.Add(column[row]);
        }
        return builder.Build();
    }

    /// <summary>First pass.</summary>
    /// <param name="row">A valid row; empty for null.</param>
    /// <exception cref="InvalidOperationException">More components than one index can hold, or called after Add.</exception>
    public void Count(ReadOnlySpan<byte> row)
    {
        if (_slots is not null)
            throw new InvalidOperationException("the second pass has begun");
        foreach (SparseElement element in SparseRow.Elements(row))
        {
            if (element.Value > 0)
                CollectionsMarshal.GetValueRefOrAddDefault(_counts, element.Index, out _)++;
        }
        _counted++;
        _postings += row.Length / SparseRow.ElementBytes;
        if (_postings > Array.MaxLength)
            throw new InvalidOperationException($"{_postings} components exceed one sparse index");
    }

    /// <summary>Second pass.</summary>
    /// <exception cref="InvalidOperationException">The rows differ from those of the first pass.</exception>
    public void Add(ReadOnlySpan<byte> row)
    {
        if (_slots is null)
            Allocate();
        if (_added == _counted)
            throw Differs();
        ReadOnlySpan<SparseElement> elements = SparseRow.Elements(row);
        foreach (SparseElement element in elements)
        {
            if (!(element.Value > 0))
                continue;
            if (!_slots!.TryGetValue(element.Index, out int slot) || _ends[slot] == _starts[slot + 1])
                throw Differs();
            int at = _ends[slot]++;
            _rows[at] = _added;
            _values[at] = element.Value;
        }
        if (_metric == MetricType.BM25)
            _lengths[_added] = SparseRow.Sum(elements);
        _added++;
    }

    /// <summary>The finished index. The builder is spent.</summary>
    /// <exception cref="InvalidOperationException">The passes saw different rows.</exception>
    public SparseInvertedIndex Build()
    {
        if (_slots is null)
            Allocate();
        if (_added != _counted || !_ends.AsSpan().SequenceEqual(_starts.AsSpan(1)))
            throw Differs();
        return Compress(_metric, _counted, _dimensions, _starts, _rows, _values, _lengths);
    }

    /// <summary>The index of lists given one behind the other: that of dimension d of slot s from <paramref name="starts"/>[s] on.</summary>
    internal static SparseInvertedIndex Compress(
        MetricType metric, int rowCount, uint[] dimensions, int[] starts, int[] rows, float[] values, float[] lengths)
    {
        var encoder = new PostingEncoder(dimensions.Length, lengths);
        for (int slot = 0; slot < dimensions.Length; slot++)
        {
            Range list = starts[slot]..starts[slot + 1];
            encoder.Add(rows.AsSpan(list), values.AsSpan(list));
        }
        (PostingBlock[] blocks, byte[] data) = encoder.Finish();
        return new SparseInvertedIndex(metric, rowCount, dimensions, encoder.FirstBlocks, blocks, data, lengths);
    }

    private void Allocate()
    {
        _dimensions = [.. _counts.Keys];
        Array.Sort(_dimensions);
        _starts = new int[_dimensions.Length + 1];
        // The same dictionary now maps a dimension to its slot instead of its count.
        _slots = _counts;
        for (int slot = 0; slot < _dimensions.Length; slot++)
        {
            ref int entry = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, _dimensions[slot]);
            _starts[slot + 1] = _starts[slot] + entry;
            entry = slot;
        }
        _ends = _starts.AsSpan(0, _dimensions.Length).ToArray();
        _rows = new int[_starts[^1]];
        _values = new float[_starts[^1]];
        if (_metric == MetricType.BM25)
            _lengths = new float[_counted];
    }

    private static InvalidOperationException Differs() => new("both passes must see the same rows");
}
