using System.Collections.Immutable;
using System.Threading.Channels;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;

namespace Milvus.Segments;

/// <summary>
/// Writes one segment from batches as they come: a column file per field, all of them at once, so that memory holds a few batches only. The
/// insert timestamp comes last (<see cref="StampAsync"/>): all rows get the same. One caller at a time; dispose it, completed or not.
/// </summary>
public sealed class SegmentStream : IAsyncDisposable
{
    private const int BatchesAhead = 2;

    private readonly SegmentPlace _place;
    private readonly CollectionSchema _schema;
    private readonly Channel<Column>[] _columns;
    private readonly Task<SegmentColumnFile>[] _files;
    private readonly CancellationTokenSource _stop = new();

    /// <param name="place">The new segment.</param>
    /// <param name="schema">Fields to write.</param>
    /// <param name="store">Where the objects go.</param>
    public SegmentStream(SegmentPlace place, CollectionSchema schema, IObjectStore store)
    {
        _place = place;
        _schema = schema;
        _columns = [.. schema.Fields.Select(_ => Channel.CreateBounded<Column>(new BoundedChannelOptions(BatchesAhead) { SingleReader = true, SingleWriter = true }))];
        _files = [.. schema.Fields.Select((field, i) => WriteAsync(field, _columns[i], store))];
    }

    public int RowCount { get; private set; }

    public long ByteSize { get; private set; }

    /// <summary>Appends rows with all fields; those that the batch lacks are missing values.</summary>
    /// <exception cref="IOException">Storage failed; the segment cannot be completed.</exception>
    public async Task AppendAsync(ColumnBatch rows, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            var column = rows.Find(_schema.Fields[i].Id) ?? MissingColumn.Create(_schema.Fields[i], rows.RowCount);
            try
            {
                await _columns[i].Writer.WriteAsync(column, cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                // Whoever wrote this file has failed: that is what there is to tell.
                await _files[i].ConfigureAwait(false);
                throw;
            }
        }
        RowCount = checked(RowCount + rows.RowCount);
        ByteSize += rows.ByteSize;
    }

    /// <summary>Completes the files of the fields. The manifest lacks the timestamps.</summary>
    public async Task<SegmentManifest> CompleteAsync()
    {
        foreach (var column in _columns) column.Writer.Complete();
        var files = await Task.WhenAll(_files).ConfigureAwait(false);
        return new SegmentManifest
        {
            SegmentId = _place.SegmentId,
            CollectionId = _place.CollectionId,
            PartitionId = _place.PartitionId,
            Shard = _place.Shard,
            RowCount = RowCount,
            MinTimestamp = default,
            MaxTimestamp = default,
            DeletesAppliedTo = default,
            Columns = [.. files],
        };
    }

    /// <summary>Gives the rows of a completed segment their insert timestamp. Doing so again with another timestamp replaces it, as long as nothing is committed.</summary>
    public static async Task<SegmentManifest> StampAsync(SegmentManifest manifest, Timestamp at, IObjectStore store, CancellationToken cancellationToken)
    {
        var key = SegmentKeys.Column(manifest.CollectionId, manifest.PartitionId, manifest.SegmentId, FieldIds.Timestamp);
        var summary = await ColumnFiles.WriteAsync(store, key, ColumnFileFormat.Timestamps, Times(manifest.RowCount, at), cancellationToken).ConfigureAwait(false);
        return manifest with
        {
            MinTimestamp = at,
            MaxTimestamp = at,
            DeletesAppliedTo = at,
            Columns = [new SegmentColumnFile(FieldIds.Timestamp, key, summary.Bytes), .. manifest.Columns.Where(c => c.FieldId != FieldIds.Timestamp)],
        };
    }

    public async ValueTask DisposeAsync()
    {
        // Of a segment that was not completed the files are given up.
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var file in _files) await ((Task)file).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<SegmentColumnFile> WriteAsync(FieldSchema field, Channel<Column> column, IObjectStore store)
    {
        // The constructor returns at once: the files are written as the batches come.
        await Task.Yield();
        try
        {
            var key = SegmentKeys.Column(_place.CollectionId, _place.PartitionId, _place.SegmentId, field.Id);
            var summary = await ColumnFiles.WriteAsync(store, key, ColumnFileFormat.For(field), column.Reader.ReadAllAsync(_stop.Token), _stop.Token).ConfigureAwait(false);
            return new SegmentColumnFile(field.Id, key, summary.Bytes);
        }
        catch (Exception e)
        {
            column.Writer.TryComplete(e);
            throw;
        }
    }

    private static IEnumerable<Column> Times(int rows, Timestamp at)
    {
        var block = new long[Math.Min(rows, ColumnLimits.BlockRows)];
        block.AsSpan().Fill((long)at.Value);
        for (var start = 0; start < rows; start += block.Length) yield return new FixedColumn<long>(DataType.Int64, block.AsMemory(0, Math.Min(block.Length, rows - start)));
    }
}
