using Milvus.Model;

namespace Milvus.Segments;

/// <summary>The rows of a source that go into the new segment.</summary>
internal sealed class KeptRows
{
    private readonly ulong[]? _words;

    private KeptRows(ISegmentRows source, ulong[]? words)
    {
        Source = source;
        _words = words;
        Count = words is null ? source.RowCount : new Vectors.RowFilter(words).CountPassing(source.RowCount);
    }

    public ISegmentRows Source { get; }

    public int Count { get; }

    public static async Task<KeptRows> SelectAsync(ISegmentRows source, Timestamp horizon, Timestamp expireBefore, CancellationToken cancellationToken)
    {
        var words = await source.KeptRowsAsync(horizon, cancellationToken).ConfigureAwait(false);
        if (expireBefore == Timestamp.Zero) return new KeptRows(source, words);
        var start = 0;
        await foreach (var block in source.ReadTimestampBlocksAsync(cancellationToken).ConfigureAwait(false))
        {
            ClearExpired(block.Values, start, source.RowCount, expireBefore, ref words);
            start += block.Count;
        }
        return new KeptRows(source, words);
    }

    /// <summary>The kept rows of a block that starts at row <paramref name="start"/>; null when there are none.</summary>
    public Column? Take(Column block, int start)
    {
        if (_words is null) return block;
        var words = _words.AsSpan(start >> 6, Validity.WordCount(block.Count));
        var rows = RowBits.ToRows(words, block.Count);
        return rows.Length == 0 ? null : rows.Length == block.Count ? block : block.Take(rows);
    }

    private static void ClearExpired(ReadOnlySpan<long> times, int start, int rowCount, Timestamp expireBefore, ref ulong[]? words)
    {
        for (var i = 0; i < times.Length; i++)
        {
            if ((ulong)times[i] >= expireBefore.Value) continue;
            if (words is null)
            {
                words = new ulong[Validity.WordCount(rowCount)];
                RowBits.FillPrefix(words, rowCount);
            }
            words[(start + i) >> 6] &= ~(1UL << ((start + i) & 63));
        }
    }
}
