using System.Numerics;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// Buffers that searches and queries reuse from segment to segment. Not thread-safe: one per worker. What a call returns "in the
/// scratch" is valid until the scratch's next use.
/// </summary>
public sealed class SegmentScratch
{
    private ulong[] _words = [];
    private ulong[] _places = [];
    private ulong[] _candidates = [];
    private TopK[] _collectors = [];

    /// <summary>Buffers of the filter evaluator.</summary>
    public FilterScratch Filter { get; } = new();

    internal List<int> Rows { get; } = [];

    /// <summary>A collector beside those of the queries.</summary>
    internal TopK Elements { get; } = new();

    /// <summary>Told how a request is answered; null except while one is explained.</summary>
    internal SegmentTrace? Trace { get; set; }

    /// <summary>Room for one bit per row, with any content.</summary>
    internal ulong[] Words(int rowCount)
    {
        var count = Validity.WordCount(rowCount);
        if (_words.Length < count) _words = new ulong[BitOperations.RoundUpToPowerOf2((uint)count)];
        return _words;
    }

    /// <summary>Room for one bit per place of a vector, beside the bits of rows.</summary>
    internal ulong[] Places(int count)
    {
        var words = Validity.WordCount(count);
        if (_places.Length < words) _places = new ulong[BitOperations.RoundUpToPowerOf2((uint)words)];
        return _places;
    }

    /// <summary>Room for one bit per row, beside the others.</summary>
    internal ulong[] Candidates(int rowCount)
    {
        var words = Validity.WordCount(rowCount);
        if (_candidates.Length < words) _candidates = new ulong[BitOperations.RoundUpToPowerOf2((uint)words)];
        return _candidates;
    }

    /// <summary>A copy of the members' bits that may be written to; the set's own bits when they are this scratch's already.</summary>
    internal ulong[] Own(RowSet rows)
    {
        var words = Words(rows.RowCount);
        var count = Validity.WordCount(rows.RowCount);
        if (rows.WordArray is null) words.AsSpan(0, count).Fill(ulong.MaxValue);
        else if (rows.WordArray != words) rows.WordArray.AsSpan(0, count).CopyTo(words);
        RowBits.ClearTail(words, rows.RowCount);
        return words;
    }

    /// <summary>One collector per query.</summary>
    internal ReadOnlySpan<TopK> Collectors(int count)
    {
        var known = _collectors.Length;
        if (known < count)
        {
            Array.Resize(ref _collectors, count);
            for (var i = known; i < count; i++) _collectors[i] = new TopK();
        }
        return _collectors.AsSpan(0, count);
    }
}
