using System.Runtime.CompilerServices;
using Milvus.Model;
using Milvus.Storage.Segments;

namespace Milvus.Segments;

/// <summary>The files of a sealed segment as a source of rows.</summary>
internal sealed class StoredRows(
    SegmentManifest manifest, FieldSchema primaryKey, IReadOnlyList<TombstoneBatch> tombstones, Dictionary<long, ColumnFileReader> readers) : ISegmentRows
{
    public long SegmentId => manifest.SegmentId;

    public int RowCount => manifest.RowCount;

    public bool Lacks(FieldSchema output) => RowCount > 0 && manifest.LacksOutput(output.Id);

    public async Task<ulong[]?> KeptRowsAsync(Timestamp horizon, CancellationToken cancellationToken)
    {
        var deletes = LatestDeletes.Of(tombstones, primaryKey.Type, manifest.MinTimestamp, horizon);
        if (RowCount == 0 || deletes.IsEmpty) return null;

        ulong[]? kept = null;
        var start = 0;
        var times = ReadTimestampBlocksAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (times.ConfigureAwait(false))
        {
            await foreach (var keys in ReadBlocksAsync(primaryKey, cancellationToken).ConfigureAwait(false))
            {
                await times.MoveNextAsync().ConfigureAwait(false);
                Clear(deletes, new PrimaryKeys(keys), times.Current.Values, start, ref kept);
                start += keys.Count;
            }
        }
        return kept;
    }

    public async IAsyncEnumerable<Column> ReadBlocksAsync(FieldSchema field, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (readers.TryGetValue(field.Id, out var reader))
        {
            await foreach (var block in reader.ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false)) yield return block;
            yield break;
        }
        for (var start = 0; start < RowCount; start += ColumnLimits.BlockRows)
            yield return MissingColumn.Create(field, Math.Min(ColumnLimits.BlockRows, RowCount - start));
    }

    public async IAsyncEnumerable<FixedColumn<long>> ReadTimestampBlocksAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!readers.TryGetValue(FieldIds.Timestamp, out var reader)) yield break;
        await foreach (var block in reader.ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false)) yield return (FixedColumn<long>)block;
    }

    private void Clear(LatestDeletes deletes, PrimaryKeys keys, ReadOnlySpan<long> times, int start, ref ulong[]? kept)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            if (deletes.Find(keys, i) <= (ulong)times[i]) continue;
            if (kept is null)
            {
                kept = new ulong[Validity.WordCount(RowCount)];
                RowBits.FillPrefix(kept, RowCount);
            }
            kept[(start + i) >> 6] &= ~(1UL << ((start + i) & 63));
        }
    }
}
