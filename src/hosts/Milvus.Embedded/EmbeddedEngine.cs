using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.Coordinator;
using Milvus.Coordinator.Resources;
using Milvus.Coordinator.Segments;
using Milvus.DataNode;
using Milvus.Embedded.Collections;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;
using Milvus.Storage.Wal;

namespace Milvus.Embedded;

/// <summary>
/// Streaming, query and data node of one process: hosts every collection's shard channels, loaded segments and background work, and answers the
/// proxy. Collections are independent: what fails in one is reported there and nowhere else.
/// </summary>
public sealed class EmbeddedEngine : IShardGateway, IMaintenanceGateway, IImportGateway, ICatalogObserver, IAsyncDisposable
{
    private const int MaxRememberedCompactions = 1024;

    private readonly ICoordinator _coordinator;
    private readonly EngineServices _services;
    private readonly ConcurrentDictionary<long, CollectionRuntime> _collections = new();
    private readonly ConcurrentDictionary<long, Task<CompactionProgress>> _compactions = new();
    private readonly ConcurrentQueue<long> _compactionOrder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _maintenance;
    private Task _orphans = Task.CompletedTask;
    private IDisposable? _subscription;

    private EmbeddedEngine(ICoordinator coordinator, EngineServices services)
    {
        _coordinator = coordinator;
        _services = services;
        _maintenance = MaintainAsync();
        Segments.GraphLinking.Failed += OnLinkingFailed;
    }

    public MemoryBudget Memory => _services.Memory;

    /// <summary>The stored data as snapshots need it.</summary>
    public EngineSnapshots Snapshots => field ??= new EngineSnapshots(_services, Runtime);

    /// <summary>Recovers every collection of the catalogue and starts serving.</summary>
    /// <param name="filler">Computes outputs of functions that were added after rows were written; null leaves them out.</param>
    public static async Task<EmbeddedEngine> StartAsync(
        ICoordinator coordinator, ISegmentCatalog segments, IObjectStore objects, IWalStore wal, EngineOptions options, TimeProvider time, ILogger logger, CancellationToken cancellation,
        Segments.IFunctionFiller? filler = null)
    {
        options = options.Validated();
        var services = new EngineServices
        {
            Options = options,
            Oracle = coordinator.Oracle,
            Segments = segments,
            Objects = objects,
            Wal = wal,
            Memory = new MemoryBudget(options.MemoryLimitBytes),
            Garbage = new GarbageCollector(objects, segments.LiveObjectKeys),
            HeavyWork = new SemaphoreSlim(1),
            Filler = filler,
            Time = time,
            Logger = logger,
        };
        var engine = new EmbeddedEngine(coordinator, services);
        try
        {
            await engine.RecoverAsync(cancellation).ConfigureAwait(false);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<Timestamp> WriteAsync(CollectionInfo collection, int shard, ShardWrite write, CancellationToken cancellation) =>
        await Runtime(collection).Shard(shard).Running.WriteAsync(write, cancellation).ConfigureAwait(false);

    public async ValueTask<IShardReader> OpenAsync(CollectionInfo collection, int shard, Timestamp guarantee, Timestamp? readAt, CancellationToken cancellation)
    {
        var runtime = Runtime(collection);
        var driver = runtime.Shard(shard).Running;
        var progress = runtime.Loader.Progress;
        if (progress.Phase == LoadPhase.Loading) progress = await runtime.Loader.WaitAsync(_services.Options.LoadingReadPatienceMs, cancellation).ConfigureAwait(false);
        if (progress.Phase != LoadPhase.Loaded) throw NotLoaded(collection, progress);
        while (true)
        {
            var complete = await driver.Channel.Gate.WaitAsync(guarantee, cancellation).ConfigureAwait(false);
            var view = driver.Channel.View;
            if (view.CompleteFrom > complete)
            {
                // A segment without the rows deleted up to that moment came into view in between: read from there on.
                guarantee = view.CompleteFrom;
                continue;
            }
            var at = readAt is { } past && past < complete ? past : complete;
            return new ShardReader(runtime.Info, view, at);
        }
    }

    public Task<bool> IsImportedAsync(long collectionId, long importId, CancellationToken cancellation)
    {
        if (!_services.Segments.IsImported(collectionId, importId)) return Task.FromResult(false);
        // Where the commit was not acknowledged its segments were not put into view, although they are there.
        if (_collections.TryGetValue(collectionId, out var runtime) && runtime.Info.Load is not null) runtime.Loader.Reconcile();
        return Task.FromResult(true);
    }

    public Task<ImmutableArray<SegmentManifest>> GetSegmentsAsync(long collectionId, CancellationToken cancellation) => Task.FromResult(_services.Segments.GetSegments(collectionId));

    public async Task<IRowIntake> BeginAsync(CollectionInfo collection, long importId, CancellationToken cancellation) =>
        await CollectionImporter.BeginAsync(Runtime(collection), collection, _services, importId, cancellation).ConfigureAwait(false);

    public async ValueTask<FlushOutcome> FlushAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        var runtime = Runtime(collection);
        // Before the segments are closed: rows that are written right afterwards go to new segments, which this flush does not seal.
        var timestamp = _services.Oracle.Next();
        var sealing = await runtime.Sealer.FlushAsync().WaitAsync(cancellation).ConfigureAwait(false);
        var flushed = _services.Segments.GetSegments(collection.Id).Select(s => s.SegmentId).Where(s => !sealing.Contains(s)).ToImmutableArray();
        return new FlushOutcome(sealing, flushed, timestamp);
    }

    public ValueTask<bool> IsFlushedAsync(CollectionInfo collection, Timestamp timestamp, CancellationToken cancellation) =>
        new(!_collections.TryGetValue(collection.Id, out var runtime) || runtime.Sealer.IsFlushed(timestamp));

    public ValueTask<bool> AreFlushedAsync(ImmutableArray<long> segmentIds, CancellationToken cancellation)
    {
        foreach (var runtime in _collections.Values)
            foreach (var slot in runtime.Shards)
                foreach (var g in slot.Driver?.Channel.View.Growing ?? [])
                    if (segmentIds.Contains(g.SegmentId)) return new(false);
        return new(true);
    }

    public ValueTask<long> CompactAsync(CollectionInfo collection, bool byKey, CancellationToken cancellation)
    {
        var id = _services.Oracle.NextIds();
        _compactions[id] = Runtime(collection).Compactor.CompactAsync(force: true, byKey);
        _compactionOrder.Enqueue(id);
        while (_compactionOrder.Count > MaxRememberedCompactions && _compactionOrder.TryDequeue(out var oldest)) _compactions.TryRemove(oldest, out _);
        return new(id);
    }

    public ValueTask<CompactionProgress?> GetCompactionAsync(long compactionId, CancellationToken cancellation)
    {
        if (!_compactions.TryGetValue(compactionId, out var task)) return default;
        return new(task.IsCompletedSuccessfully ? task.Result : new CompactionProgress(false, 1, 0, 0, []));
    }

    public ValueTask<LoadProgress> GetLoadProgressAsync(CollectionInfo collection, ImmutableArray<long> partitionIds, CancellationToken cancellation) =>
        new(LoadProgressOf(collection, partitionIds));

    public async ValueTask WaitLoadedAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        var runtime = Runtime(collection);
        await runtime.Loader.WaitAsync(cancellation).ConfigureAwait(false);
        if (runtime.Loader.Progress.Failure is { } failure) throw failure;
    }

    public ValueTask<IndexProgress> GetIndexProgressAsync(CollectionInfo collection, IndexInfo index, CancellationToken cancellation) =>
        new(_collections.TryGetValue(collection.Id, out var runtime) ? runtime.Indexer.Progress(index) : new IndexProgress(BuildPhase.Finished, 0, 0));

    /// <summary>Text fields of loaded segments that a filter on their words would have to analyse first.</summary>
    public int CountColdTexts(CollectionInfo collection) =>
        _collections.TryGetValue(collection.Id, out var runtime) ? runtime.Shards.Sum(s => s.Driver?.Channel.View.Sealed.Sum(segment => segment.ColdTexts().Count()) ?? 0) : 0;

    public ValueTask<long> CountRowsAsync(CollectionInfo collection, long? partitionId, CancellationToken cancellation)
    {
        if (!_collections.TryGetValue(collection.Id, out var runtime)) return new(0L);
        long rows = 0;
        var counted = new HashSet<long>();
        foreach (var slot in runtime.Shards)
        {
            if (slot.Driver is not { } driver) continue;
            var view = driver.Channel.View;
            foreach (Segments.Segment s in view.Growing.Cast<Segments.Segment>().Concat(view.Sealed))
            {
                counted.Add(s.SegmentId);
                if (partitionId is null || s.PartitionId == partitionId) rows += s.RowCount - s.Tombstones.Count;
            }
        }
        foreach (var m in _services.Segments.GetSegments(collection.Id))
            if (!counted.Contains(m.SegmentId) && (partitionId is null || m.PartitionId == partitionId)) rows += m.RowCount;
        return new(rows);
    }

    public ImmutableArray<QueryNodeInfo> QueryNodes => [QueryNodeInfo.Local];

    public ValueTask<ImmutableArray<ImmutableArray<long>>> GetReplicaNodesAsync(CollectionInfo collection, CancellationToken cancellation) =>
        ValueTask.FromResult<ImmutableArray<ImmutableArray<long>>>([.. Enumerable.Repeat<ImmutableArray<long>>([QueryNodeInfo.Local.Id], collection.Load?.Replicas ?? 0)]);

    public ValueTask<ImmutableArray<SegmentStatus>> GetSegmentsAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        if (!_collections.TryGetValue(collection.Id, out var runtime)) return new(ImmutableArray<SegmentStatus>.Empty);
        var list = ImmutableArray.CreateBuilder<SegmentStatus>();
        var loaded = new Dictionary<long, Segments.SealedSegment>();
        for (var shard = 0; shard < runtime.Shards.Length; shard++)
        {
            if (runtime.Shards[shard].Driver is not { } driver) continue;
            foreach (var g in driver.Channel.View.Growing)
                list.Add(new SegmentStatus(g.SegmentId, collection.Id, g.PartitionId, shard, g.RowCount, SegmentPhase.Growing, true, g.MemoryBytes, [], []));
            foreach (var s in driver.Channel.View.Sealed) loaded[s.SegmentId] = s;
        }
        foreach (var m in _services.Segments.GetSegments(collection.Id))
        {
            if (list.Any(s => s.SegmentId == m.SegmentId)) continue;
            var own = collection.Indexes.Where(i => m.Indexes.Any(f => f.IndexId == i.Id)).ToList();
            list.Add(new SegmentStatus(
                m.SegmentId, collection.Id, m.PartitionId, m.Shard, m.RowCount, SegmentPhase.Flushed, loaded.ContainsKey(m.SegmentId),
                loaded.TryGetValue(m.SegmentId, out var s) ? s.MemoryBytes : 0, [.. own.Select(i => i.Name)], [.. own.Select(i => i.Id)]));
        }
        return new(list.ToImmutable());
    }

    public async ValueTask OnCatalogChangedAsync(CatalogChange change)
    {
        foreach (var e in change.Events)
        {
            switch (e)
            {
                case CollectionCreated created:
                    _collections[created.Collection.Id] = CollectionRuntime.Open(created.Collection, _services);
                    break;
                case CollectionAltered altered:
                    await OnAlteredAsync(altered).ConfigureAwait(false);
                    break;
                case SnapshotRemoved removed when change.Before.FindSnapshot(removed.Id) is { } snapshot:
                    _ = Snapshots.CollectAsync(snapshot);
                    break;
                case CollectionDropped dropped when _collections.TryRemove(dropped.Collection.Id, out var runtime):
                    _ = RemoveAsync(runtime);
                    break;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Segments.GraphLinking.Failed -= OnLinkingFailed;
        _subscription?.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _maintenance.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _orphans.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var runtime in _collections.Values) await runtime.DisposeAsync().ConfigureAwait(false);
        _services.HeavyWork.Dispose();
        _stop.Dispose();
    }

    private async Task RecoverAsync(CancellationToken cancellation)
    {
        var infos = _coordinator.Catalog.Collections.ToList();
        _subscription = _coordinator.Subscribe(this);
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount), CancellationToken = cancellation };
        var started = _services.Time.GetTimestamp();
        await Task.Run(() => Parallel.ForEach(infos, options, info => _collections[info.Id] = CollectionRuntime.Open(info, _services)), cancellation).ConfigureAwait(false);
        _services.Logger.LogInformation("Recovered the channels of {Collections} collections in {Ms:F0} ms", infos.Count, _services.Time.GetElapsedTime(started).TotalMilliseconds);
        RemoveOrphanLogs(infos);
        foreach (var info in infos)
            if (info.Load is not null) _collections[info.Id].Loader.Reconcile();
        // Lists all that is stored, which nobody waits for.
        _orphans = Task.Run(() => RemoveOrphanObjectsAsync(_stop.Token), _stop.Token);
    }

    // Of collections whose drop was committed but not finished.
    private void RemoveOrphanLogs(List<CollectionInfo> infos)
    {
        var known = infos.SelectMany(i => Enumerable.Range(0, i.ShardCount).Select(s => new ShardId(i.Id, s).ToString())).ToHashSet(StringComparer.Ordinal);
        foreach (var channel in _services.Wal.ListChannels())
            if (!known.Contains(channel)) _services.Wal.Delete(channel);
    }

    // Of such collections too, and of jobs that died half-way. What is written meanwhile is protected.
    private async Task RemoveOrphanObjectsAsync(CancellationToken cancellation)
    {
        var started = _services.Time.GetTimestamp();
        foreach (var root in new[] { ObjectNames.SegmentRoot, ObjectNames.TombstoneRoot, SnapshotService.Root })
        {
            try
            {
                var (objects, bytes) = await _services.Garbage.CollectAsync(root, cancellation).ConfigureAwait(false);
                if (objects > 0) _services.Logger.LogInformation("Removed {Objects} orphan objects of {Bytes} bytes under {Root}", objects, bytes, root);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _services.Logger.LogWarning(e, "Orphan objects under {Root} stay until the next start", root);
            }
        }
        _services.Logger.LogInformation("Looked for orphan objects for {Ms:F0} ms", _services.Time.GetElapsedTime(started).TotalMilliseconds);
    }

    private void OnLinkingFailed(Exception e) => _services.Logger.LogError(e, "The graph of a growing segment broke: its rows are compared one by one until it is sealed");

    private async Task OnAlteredAsync(CollectionAltered altered)
    {
        if (!_collections.TryGetValue(altered.Collection.Id, out var runtime)) return;
        await runtime.UpdateAsync(altered.Collection).ConfigureAwait(false);
        switch (altered.Aspect)
        {
            case CollectionAspect.Load:
                runtime.Loader.Reconcile();
                break;
            case CollectionAspect.Indexes:
                runtime.Indexer.Queue();
                runtime.QueueGarbage();
                break;
            case CollectionAspect.Partitions or CollectionAspect.Content:
                runtime.Sealer.Queue();
                runtime.QueueGarbage();
                break;
        }
    }

    private async Task RemoveAsync(CollectionRuntime runtime)
    {
        var info = runtime.Info;
        try
        {
            var held = runtime.HeldBytes();
            await runtime.DisposeAsync().ConfigureAwait(false);
            for (var shard = 0; shard < info.ShardCount; shard++) _services.Wal.Delete(new ShardId(info.Id, shard).ToString());
            await runtime.CollectGarbageAsync(CancellationToken.None).ConfigureAwait(false);
            MemoryReturn.After(held);
        }
        catch (Exception e)
        {
            // What is left is removed at the next start.
            _services.Logger.LogError(e, "The data of dropped collection {Collection} could not be removed", info.Name);
        }
    }

    private async Task MaintainAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(_services.Options.MaintenanceIntervalMs), _services.Time);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
        {
            foreach (var runtime in _collections.Values)
            {
                try
                {
                    runtime.Maintain();
                }
                catch (Exception e)
                {
                    _services.Logger.LogError(e, "Maintenance of collection {Collection} failed", runtime.Info.Name);
                }
            }
        }
    }

    private LoadProgress LoadProgressOf(CollectionInfo collection, ImmutableArray<long> partitionIds)
    {
        if (collection.Load is not { } load || !_collections.TryGetValue(collection.Id, out var runtime)) return new LoadProgress(LoadPhase.NotLoaded, 0);
        if (!partitionIds.IsDefaultOrEmpty && !partitionIds.Any(load.Includes)) return new LoadProgress(LoadPhase.NotLoaded, 0);
        foreach (var slot in runtime.Shards)
            if (slot.Failure is { } failure) return new LoadProgress(LoadPhase.Failed, 0, failure);
        return runtime.Loader.Progress;
    }

    private CollectionRuntime Runtime(CollectionInfo collection) => _collections.TryGetValue(collection.Id, out var runtime)
        ? runtime
        : throw new MilvusException(ErrorCode.CollectionNotFound, $"collection not found[database={collection.DatabaseName}][collection={collection.Name}]");

    private static MilvusException NotLoaded(CollectionInfo collection, LoadProgress progress) => progress.Phase switch
    {
        LoadPhase.Failed => new MilvusException(progress.Failure!.Code, $"collection {collection.Name} could not be loaded: {progress.Failure.Message}", progress.Failure),
        LoadPhase.Loading => new MilvusException(ErrorCode.CollectionNotFullyLoaded, $"collection not fully loaded[collection={collection.Name}]"),
        _ => new MilvusException(ErrorCode.CollectionNotLoaded, $"collection not loaded[collection={collection.Name}]"),
    };
}
