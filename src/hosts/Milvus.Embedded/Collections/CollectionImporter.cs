using System.Collections.Immutable;
using Milvus.Coordinator.Segments;
using Milvus.DataNode;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Collections;

/// <summary>The intake of one import job in this process.</summary>
public sealed class CollectionImporter : IRowIntake
{
    private readonly CollectionRuntime _collection;
    private readonly EngineServices _services;
    private readonly long _importId;
    private readonly SegmentIntake _intake;
    private readonly IDisposable _protection;
    private bool _isCommitted;

    private CollectionImporter(CollectionRuntime collection, CollectionInfo info, EngineServices services, long importId, IDisposable protection)
    {
        _collection = collection;
        _services = services;
        _importId = importId;
        _protection = protection;
        _intake = new SegmentIntake(info, services.Objects, () => services.Oracle.NextIds(), new IntakeLimits(services.Options.Channel.MaxSegmentRows, services.Options.Channel.MaxSegmentBytes));
    }

    /// <param name="info">The schema that the rows will have.</param>
    public static async Task<CollectionImporter> BeginAsync(CollectionRuntime collection, CollectionInfo info, EngineServices services, long importId, CancellationToken cancellation) =>
        new(collection, info, services, importId, await services.Garbage.ProtectAsync(ObjectNames.Collection(info.Id), cancellation).ConfigureAwait(false));

    public Task AppendAsync(int shard, long partitionId, ColumnBatch rows, CancellationToken cancellation) => _intake.AppendAsync(shard, partitionId, rows, cancellation);

    public Task CutAsync(ImmutableArray<string> sources, CancellationToken cancellation) => _intake.CutAsync(sources, cancellation);

    public async Task CommitAsync(ImmutableArray<long> replaced, CancellationToken cancellation)
    {
        var written = await _intake.CompleteAsync(cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        // On the structure lane no checkpoint is committed: deletes from the timestamp on stay in the channels' memory until the segments are in view.
        _isCommitted = await _collection.Structure.RunAsync(c => CommitAsync(written, replaced, c)).ConfigureAwait(false);
        if (written.Count > 0) _collection.Indexer.Queue();
        if (!replaced.IsEmpty) _collection.QueueGarbage();
    }

    public async ValueTask DisposeAsync()
    {
        await _intake.DisposeAsync().ConfigureAwait(false);
        _protection.Dispose();
        if (!_isCommitted) _collection.QueueGarbage();
    }

    // False when the job turned out to be committed already, so that what was written now is garbage.
    private async Task<bool> CommitAsync(IReadOnlyList<SegmentManifest> written, ImmutableArray<long> replaced, CancellationToken cancellation)
    {
        var at = _services.Oracle.Next();
        var added = new List<SegmentManifest>();
        foreach (var manifest in written) added.Add(await SegmentStream.StampAsync(manifest, at, _services.Objects, cancellation).ConfigureAwait(false));
        var loaded = new List<(int Shard, LoadedSegment Segment)>();
        try
        {
            // Loaded before the commit: if that fails nothing has happened.
            foreach (var manifest in added)
                if (_collection.Loader.IsWanted(manifest.PartitionId)) loaded.Add((manifest.Shard, await _collection.Loader.LoadAsync(manifest, withinBudget: true, cancellation).ConfigureAwait(false)));
            await _services.Segments.CommitAsync(new SegmentChange { CollectionId = _collection.Info.Id, Added = [.. added], Removed = replaced, ImportId = _importId }, cancellation).ConfigureAwait(false);
        }
        catch
        {
            foreach (var (_, segment) in loaded) _collection.Loader.Forget(segment.Segment.SegmentId);
            _collection.Loader.Unsettle();
            throw;
        }
        // An earlier attempt may have been committed without anybody hearing of it, and a partition may be gone.
        bool IsKnown(SegmentManifest m) => _services.Segments.FindSegment(m.CollectionId, m.SegmentId) is not null;
        foreach (var (_, segment) in loaded.FindAll(l => !IsKnown(l.Segment.Segment.Manifest))) _collection.Loader.Forget(segment.Segment.SegmentId);
        loaded.RemoveAll(l => !IsKnown(l.Segment.Segment.Manifest));
        // Of another attempt that was committed it is not known here whether it took them: the catalogue says.
        ImmutableArray<long> gone = [.. replaced.Where(id => _services.Segments.FindSegment(_collection.Info.Id, id) is null)];
        // Side by side: the views of the shards change within a moment. Segments are replaced in collections of one shard only.
        var shards = loaded.Select(l => l.Shard).Concat(gone.IsEmpty ? [] : Enumerable.Range(0, _collection.Info.ShardCount)).Distinct();
        await Task.WhenAll(shards.Select(shard =>
            _collection.Shard(shard).Running.PostAsync(channel => channel.SwapSealed([.. loaded.Where(l => l.Shard == shard).Select(l => l.Segment)], gone)))).ConfigureAwait(false);
        foreach (var id in gone) _collection.Loader.Forget(id);
        // Somebody may have asked for the collection to be loaded when it was not known yet that these belong to it.
        if (added.Any(m => _collection.Loader.IsWanted(m.PartitionId) && loaded.All(l => l.Segment.Segment.SegmentId != m.SegmentId))) _collection.Loader.Reconcile();
        return added.TrueForAll(IsKnown);
    }
}
