using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// Some of the rows 0 … <see cref="RowCount"/> − 1 of a segment. The bits may be shared or borrowed from a scratch: they are not
/// written to, and bits from <see cref="RowCount"/> on carry no meaning.
/// </summary>
public readonly struct RowSet
{
    private readonly ulong[]? _words;

    /// <param name="rowCount">Rows looked at.</param>
    /// <param name="words">One bit per row; null for all rows.</param>
    public RowSet(int rowCount, ulong[]? words)
    {
        RowCount = rowCount;
        _words = words;
    }

    public static RowSet None => default;

    public int RowCount { get; }

    /// <summary>True when every row is a member.</summary>
    public bool IsAll => _words is null;

    /// <summary>The bits of the rows; empty when <see cref="IsAll"/>.</summary>
    public ReadOnlySpan<ulong> Words => _words is null ? default : _words.AsSpan(0, Validity.WordCount(RowCount));

    internal ulong[]? WordArray => _words;

    public bool Contains(int row) => (uint)row < (uint)RowCount && (_words is null || RowBits.IsSet(_words, row));

    public int Count() => _words is null ? RowCount : AsFilter().CountPassing(RowCount);

    public RowFilter AsFilter() => _words is null ? RowFilter.All : new RowFilter(Words);

    /// <summary>The members, ascending, at most <paramref name="limit"/>.</summary>
    public int[] ToArray(int limit = int.MaxValue)
    {
        if (_words is null)
        {
            var all = new int[Math.Min(RowCount, limit)];
            for (var i = 0; i < all.Length; i++) all[i] = i;
            return all;
        }
        return RowBits.ToRows(Words, RowCount, limit);
    }
}
