using Milvus.Model;

namespace Milvus.Segments;

/// <summary>A field that says when its row expires; null is never.</summary>
/// <param name="Field">Of type Timestamptz.</param>
/// <param name="Now">Microseconds since 1970: rows whose moment is not later are gone.</param>
public sealed record FieldExpiry(FieldSchema Field, long Now);

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

    public static async Task<KeptRows> SelectAsync(ISegmentRows source, Timestamp horizon, Timestamp expireBefore, FieldExpiry? expiry, CancellationToken cancellationToken)
    {
        var words = await source.KeptRowsAsync(horizon, cancellationToken).ConfigureAwait(false);
        var start = 0;
        if (expireBefore != Timestamp.Zero)
        {
            await foreach (var block in source.ReadTimestampBlocksAsync(cancellationToken).ConfigureAwait(false))
            {
                ClearExpired(block.Values, start, source.RowCount, expireBefore, ref words);
                start += block.Count;
            }
        }
        if (expiry is null) return new KeptRows(source, words);
        start = 0;
        await foreach (var block in source.ReadBlocksAsync(expiry.Field, cancellationToken).ConfigureAwait(false))
        {
            ClearExpired((FixedColumn<long>)block, start, source.RowCount, expiry.Now, ref words);
            start += block.Count;
        }
        return new KeptRows(source, words);
    }

    public bool Has(int row) => _words is null || (_words[row >> 6] >> (row & 63) & 1) != 0;

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
            if ((ulong)times[i] < expireBefore.Value) Clear(start + i, rowCount, ref words);
    }

    private static void ClearExpired(FixedColumn<long> moments, int start, int rowCount, long now, ref ulong[]? words)
    {
        for (var i = 0; i < moments.Count; i++)
            if (!moments.IsNull(i) && moments.Values[i] <= now) Clear(start + i, rowCount, ref words);
    }

    private static void Clear(int row, int rowCount, ref ulong[]? words)
    {
        if (words is null)
        {
            words = new ulong[Validity.WordCount(rowCount)];
            RowBits.FillPrefix(words, rowCount);
        }
        words[row >> 6] &= ~(1UL << (row & 63));
    }
}
