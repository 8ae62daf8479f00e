using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Storage.Objects;

namespace Milvus.DataNode;

/// <summary>Limits of an intake.</summary>
/// <param name="MaxRows">Rows of a segment.</param>
/// <param name="MaxBytes">Bytes of a segment.</param>
public sealed record IntakeLimits(long MaxRows, long MaxBytes)
{
    /// <summary>Bytes of a target that are kept in memory before its files are begun: a target with few rows needs its files for a moment only.</summary>
    public long OpenAtBytes { get; init; } = 16L << 20;

    /// <summary>Bytes kept in memory over all targets.</summary>
    public long MaxBufferedBytes { get; init; } = 128L << 20;

    /// <summary>Files that are written at once, one per field of a target, each with a buffer of its own. The smallest segment is closed when there are more.</summary>
    public int MaxOpenFiles { get; init; } = 4096;
}

/// <summary>
/// Writes rows for many shards and partitions into new segments beside the log, for bulk imports. Nothing here commits: what
/// <see cref="CompleteAsync"/> returns gets its timestamp by <see cref="SegmentStream.StampAsync"/> and is then committed as a whole; until then the files
/// are to be protected from the garbage collector. One caller at a time.
/// </summary>
public sealed class SegmentIntake(CollectionInfo collection, IObjectStore objects, Func<long> newSegmentId, IntakeLimits limits) : IAsyncDisposable
{
    private readonly Dictionary<(int Shard, long Partition), Target> _targets = [];
    private readonly List<SegmentManifest> _written = [];
    private readonly int _filesOfTarget = Math.Max(1, collection.Schema.Fields.Length);
    private long _buffered;
    private int _open;
    private int _cut;

    /// <summary>Segments whose files are being written at the moment.</summary>
    public int OpenSegments => _open;

    public async Task AppendAsync(int shard, long partitionId, ColumnBatch rows, CancellationToken cancellation)
    {
        if (rows.RowCount == 0) return;
        if (!_targets.TryGetValue((shard, partitionId), out var target)) _targets[(shard, partitionId)] = target = new Target(shard, partitionId);
        if (target.Stream is not null)
        {
            await WriteAsync(target, rows, cancellation).ConfigureAwait(false);
            return;
        }
        target.Buffer.Add(rows);
        target.BufferedBytes += rows.ByteSize;
        _buffered += rows.ByteSize;
        if (target.BufferedBytes >= limits.OpenAtBytes) await DrainAsync(target, cancellation).ConfigureAwait(false);
        while (_buffered > limits.MaxBufferedBytes) await DrainAsync(_targets.Values.MaxBy(t => t.BufferedBytes)!, cancellation).ConfigureAwait(false);
    }

    /// <summary>Completes all files; the manifests lack the timestamps.</summary>
    public async Task<IReadOnlyList<SegmentManifest>> CompleteAsync(CancellationToken cancellation)
    {
        await CloseAllAsync(cancellation).ConfigureAwait(false);
        return _written;
    }

    /// <summary>Completes the segments of what was appended since the last call, as the rows of certain external files.</summary>
    public async Task CutAsync(ImmutableArray<string> sources, CancellationToken cancellation)
    {
        await CloseAllAsync(cancellation).ConfigureAwait(false);
        for (; _cut < _written.Count; _cut++) _written[_cut] = _written[_cut] with { Sources = sources };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var target in _targets.Values)
            if (target.Stream is { } stream) await stream.DisposeAsync().ConfigureAwait(false);
    }

    private async Task CloseAllAsync(CancellationToken cancellation)
    {
        foreach (var target in _targets.Values)
        {
            await DrainAsync(target, cancellation).ConfigureAwait(false);
            await CloseAsync(target).ConfigureAwait(false);
        }
    }

    private async Task DrainAsync(Target target, CancellationToken cancellation)
    {
        foreach (var rows in target.Buffer) await WriteAsync(target, rows, cancellation).ConfigureAwait(false);
        target.Buffer.Clear();
        _buffered -= target.BufferedBytes;
        target.BufferedBytes = 0;
    }

    private async Task WriteAsync(Target target, ColumnBatch rows, CancellationToken cancellation)
    {
        if (target.Stream is null)
        {
            // Its rows are merged with later ones of the same target by a compaction.
            while (_open > 0 && (_open + 1) * _filesOfTarget > limits.MaxOpenFiles) await CloseAsync(_targets.Values.Where(t => t.Stream is not null).MinBy(t => t.Stream!.ByteSize)!).ConfigureAwait(false);
            target.Stream = new SegmentStream(new SegmentPlace(newSegmentId(), collection.Id, target.Partition, target.Shard), collection.Schema, objects);
            _open++;
        }
        await target.Stream.AppendAsync(rows, cancellation).ConfigureAwait(false);
        if (target.Stream.RowCount >= limits.MaxRows || target.Stream.ByteSize >= limits.MaxBytes) await CloseAsync(target).ConfigureAwait(false);
    }

    private async Task CloseAsync(Target target)
    {
        if (target.Stream is not { } stream) return;
        _written.Add(await stream.CompleteAsync().ConfigureAwait(false));
        target.Stream = null;
        _open--;
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private sealed class Target(int shard, long partition)
    {
        public int Shard { get; } = shard;

        public long Partition { get; } = partition;

        public List<ColumnBatch> Buffer { get; } = [];

        public long BufferedBytes { get; set; }

        public SegmentStream? Stream { get; set; }
    }
}
