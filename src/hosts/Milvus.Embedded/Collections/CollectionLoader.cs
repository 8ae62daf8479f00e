using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.QueryNode;
using Milvus.Segments;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Keeps the loaded segments of one collection equal to what the catalogue asks for, within the memory budget. Says how far it is and why it
/// does not get further.
/// </summary>
public sealed class CollectionLoader(CollectionRuntime collection, EngineServices services)
{
    private const int RetryAfterMs = 30_000;
    private const int SettleAfterMs = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, long> _reserved = [];
    private LoadProgress _progress = new(LoadPhase.NotLoaded, 0);
    private TaskCompletionSource _settled = Settled();
    private long _failedAtMs;
    private long _unsettledAtMs;
    private volatile bool _isUnsettled;

    public LoadProgress Progress => Volatile.Read(ref _progress);

    /// <summary>
    /// Called when the catalogue's load specification changed. When nothing has to be read from storage the new state holds at once;
    /// otherwise loading goes on in the background.
    /// </summary>
    public void Reconcile()
    {
        // Never waits: the coordinator takes no other command while it tells this one.
        if (collection.Info.Load is null || !Missing().Any())
        {
            Set(collection.Info.Load is null ? new LoadProgress(LoadPhase.NotLoaded, 0) : new LoadProgress(LoadPhase.Loaded, 100));
            collection.Structure.Start($"Releasing segments of collection {collection.Info.Name}", _ => ReleaseAsync());
            return;
        }
        Begin();
        collection.Structure.Start($"Loading collection {collection.Info.Name}", LoadMissingAsync);
    }

    /// <summary>Completes when the current load has succeeded or failed.</summary>
    public Task WaitAsync(CancellationToken cancellation)
    {
        lock (_lock) return _settled.Task.WaitAsync(cancellation);
    }

    /// <summary>How far the load is once it has succeeded or failed, or when the patience has run out.</summary>
    public async ValueTask<LoadProgress> WaitAsync(int patienceMs, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(patienceMs), services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            // Loading may have begun anew by the time this goes on.
            while (Progress.Phase == LoadPhase.Loading) await WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The progress says it.
        }
        return Progress;
    }

    /// <summary>A commit failed that may have happened nevertheless: what is in view and what is committed may differ until it is known.</summary>
    public void Unsettle()
    {
        Interlocked.Exchange(ref _unsettledAtMs, services.Now.PhysicalMs);
        _isUnsettled = true;
    }

    /// <summary>Makes sure that the view is of what is committed; costs nothing unless a commit failed before.</summary>
    /// <exception cref="MilvusException">The meta store is out of reach.</exception>
    public async Task SettleAsync(CancellationToken cancellation)
    {
        if (!_isUnsettled) return;
        await collection.Structure.RunAsync(SettleOnLaneAsync).ConfigureAwait(false);
        await WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Tries a failed load again after a while: an object store may come back. So may a meta store.</summary>
    public void Maintain()
    {
        if (_isUnsettled && services.Now.PhysicalMs - Interlocked.Read(ref _unsettledAtMs) >= SettleAfterMs)
        {
            Interlocked.Exchange(ref _unsettledAtMs, services.Now.PhysicalMs);
            collection.Structure.Start($"Finding out what is committed of collection {collection.Info.Name}", SettleOnLaneAsync);
        }
        if (Progress.Phase != LoadPhase.Failed || services.Now.PhysicalMs - Interlocked.Read(ref _failedAtMs) < RetryAfterMs) return;
        Begin();
        collection.Structure.Start($"Loading collection {collection.Info.Name} again", LoadMissingAsync);
    }

    /// <summary>
    /// Reads one segment into memory with every delete that is in tombstone files. For jobs of the structure lane.
    /// </summary>
    public async Task<LoadedSegment> LoadAsync(SegmentManifest manifest, bool withinBudget, CancellationToken cancellation)
    {
        var info = collection.Info;
        var placement = Place(manifest, services.Memory.AvailableBytes);
        var bytes = SealedSegmentReader.EstimateMemory(manifest, info, placement);
        var what = $"segment {manifest.SegmentId} of collection {info.Name}";
        if (withinBudget) services.Memory.Reserve(bytes, what);
        else services.Memory.Add(bytes);
        try
        {
            var tombstones = services.Segments.GetCheckpoint(new ShardId(info.Id, manifest.Shard))?.Tombstones ?? [];
            var segment = await ReadAsync(manifest, info, tombstones, placement, cancellation).ConfigureAwait(false);
            lock (_lock)
            {
                if (_reserved.Remove(manifest.SegmentId, out var before)) services.Memory.Release(before);
                _reserved[manifest.SegmentId] = bytes;
            }
            return new LoadedSegment(segment, manifest.DeletesAppliedTo);
        }
        catch
        {
            services.Memory.Release(bytes);
            throw;
        }
    }

    /// <summary>Counts a segment again after an index came or went, or its texts were analysed.</summary>
    public void Recount(SealedSegment segment)
    {
        var bytes = SealedSegment.EstimateMemory(segment.Manifest, collection.Info.Schema, segment.Placement) + segment.TextBytes;
        lock (_lock)
        {
            if (!_reserved.TryGetValue(segment.SegmentId, out var before)) return;
            services.Memory.Add(bytes - before);
            _reserved[segment.SegmentId] = bytes;
        }
    }

    /// <summary>Gives back what a segment that left the view had reserved.</summary>
    public void Forget(long segmentId)
    {
        lock (_lock)
            if (_reserved.Remove(segmentId, out var bytes)) services.Memory.Release(bytes);
    }

    public void ReleaseBudget()
    {
        lock (_lock)
        {
            foreach (var bytes in _reserved.Values) services.Memory.Release(bytes);
            _reserved.Clear();
        }
    }

    public bool IsWanted(long partitionId) => collection.Info.Load is { } load && load.Includes(partitionId);

    private async Task SettleOnLaneAsync(CancellationToken cancellation)
    {
        if (!_isUnsettled) return;
        await services.Segments.UpdateAsync(collection.Info.Id, _ => null, cancellation).ConfigureAwait(false);
        _isUnsettled = false;
        Reconcile();
    }

    private SegmentPlacement Place(SegmentManifest manifest, long availableBytes) =>
        SegmentPlacements.Resolve(manifest, collection.Info, services.Options.Placement, availableBytes);

    // An index is derived data: without it the segment is scanned until it is built again.
    private async Task<SealedSegment> ReadAsync(SegmentManifest manifest, CollectionInfo info, ImmutableArray<TombstoneFile> tombstones, SegmentPlacement placement, CancellationToken cancellation)
    {
        var reader = new SealedSegmentReader(services.Objects, placement);
        while (true)
        {
            try
            {
                return await reader.LoadAsync(manifest, info, tombstones, cancellation).ConfigureAwait(false);
            }
            catch (IntegrityException e) when (manifest.Indexes.Any(i => i.ObjectKey == e.DamagedSource))
            {
                services.Logger.LogError(e, "Collection {Collection}: a damaged index is discarded and built again", info.Name);
                manifest = manifest with { Indexes = manifest.Indexes.RemoveAll(i => i.ObjectKey == e.DamagedSource) };
                await services.Segments.CommitAsync(new SegmentChange { CollectionId = info.Id, Replaced = [manifest] }, cancellation).ConfigureAwait(false);
                collection.Indexer.Queue();
            }
        }
    }

    // What is in view as a growing segment is not missing: the sealer will put its sealed form in its place.
    private IEnumerable<SegmentManifest> Missing()
    {
        var loaded = collection.Shards.Select(s => s.Driver?.Channel.View is { } view
            ? view.Sealed.Select(x => x.SegmentId).Concat(view.Growing.Select(x => x.SegmentId)).ToHashSet()
            : null).ToArray();
        return services.Segments.GetSegments(collection.Info.Id)
            .Where(m => IsWanted(m.PartitionId) && loaded[m.Shard] is { } ids && !ids.Contains(m.SegmentId));
    }

    private bool IsInView(int shard, ImmutableArray<long> segmentIds) =>
        !segmentIds.IsEmpty && collection.Shards[shard].Driver?.Channel.View.Sealed.Any(s => segmentIds.Contains(s.SegmentId)) == true;

    private async Task LoadMissingAsync(CancellationToken cancellation)
    {
        var added = new List<SegmentManifest>();
        var successors = new List<(SegmentManifest Manifest, LoadedSegment Loaded)>();
        try
        {
            await ReleaseAsync().ConfigureAwait(false);
            var missing = Missing().ToList();
            // What has to fit is the smallest form: a segment takes a larger one only while there is plenty.
            services.Memory.Require(missing.Sum(m => SealedSegmentReader.EstimateMemory(m, collection.Info, Place(m, 0))), $"collection {collection.Info.Name}");
            var total = missing.Sum(m => m.TotalBytes);
            var started = services.Time.GetTimestamp();
            long done = 0;
            foreach (var manifest in missing)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!IsWanted(manifest.PartitionId)) continue;
                var loaded = await LoadAsync(manifest, withinBudget: true, cancellation).ConfigureAwait(false);
                // Its sources are in view still where the commit of the compaction was not acknowledged; they may have become several segments.
                if (IsInView(manifest.Shard, manifest.CompactedFrom)) successors.Add((manifest, loaded));
                else await collection.Shard(manifest.Shard).Running.PostAsync(channel => channel.SwapSealed([loaded], [])).ConfigureAwait(false);
                added.Add(manifest);
                done += manifest.TotalBytes;
                if (collection.Info.Load is not null) Set(new LoadProgress(LoadPhase.Loading, (int)Math.Min(99, 100 * done / Math.Max(1, total))));
            }
            foreach (var shard in successors.GroupBy(s => s.Manifest.Shard))
            {
                long[] sources = [.. shard.SelectMany(s => s.Manifest.CompactedFrom).Distinct()];
                await collection.Shard(shard.Key).Running.PostAsync(channel => channel.SwapSealed([.. shard.Select(s => s.Loaded)], sources)).ConfigureAwait(false);
                foreach (var source in sources) Forget(source);
            }
            await ReleaseAsync().ConfigureAwait(false);
            if (missing.Count > 0)
            {
                services.Logger.LogInformation(
                    "Collection {Collection}: loaded {Segments} segments of {Rows} rows, {Bytes} bytes in files, in {Ms:F0} ms",
                    collection.Info.Name, added.Count, added.Sum(m => (long)m.RowCount), added.Sum(m => m.TotalBytes), services.Time.GetElapsedTime(started).TotalMilliseconds);
            }
            Set(collection.Info.Load is not null ? new LoadProgress(LoadPhase.Loaded, 100) : new LoadProgress(LoadPhase.NotLoaded, 0));
        }
        catch (OperationCanceledException)
        {
            Set(new LoadProgress(LoadPhase.NotLoaded, 0));
            throw;
        }
        catch (Exception e)
        {
            var failure = e as MilvusException
                ?? new MilvusException(ErrorCode.SegmentLoadFailed, $"segment load failed[collection={collection.Info.Name}]: {e.Message}", e);
            services.Logger.LogError(e, "Collection {Collection} could not be loaded", collection.Info.Name);
            // Half a collection serves nobody, and its memory may be what another one lacks.
            if (failure.Code == ErrorCode.MemoryLimitExceeded) await UnloadAsync(added).ConfigureAwait(false);
            Interlocked.Exchange(ref _failedAtMs, services.Now.PhysicalMs);
            Set(new LoadProgress(LoadPhase.Failed, Progress.Percent, failure));
        }
    }

    private async Task UnloadAsync(List<SegmentManifest> segments)
    {
        foreach (var group in segments.GroupBy(m => m.Shard))
        {
            var ids = group.Select(m => m.SegmentId).ToList();
            await collection.Shard(group.Key).Running.PostAsync(channel => channel.SwapSealed([], ids)).ConfigureAwait(false);
            ids.ForEach(Forget);
        }
    }

    // Takes segments of partitions that nobody wants any more out of the views.
    private async Task ReleaseAsync()
    {
        long freed = 0;
        foreach (var slot in collection.Shards)
        {
            if (slot.Driver is not { } driver) continue;
            if (driver.Channel.View.Sealed.All(s => IsWanted(s.PartitionId))) continue;
            // Decided by the channel's writer: a catalogue that wants them again by then has told the channel before it counts what is missing.
            var unwanted = await driver.PostAsync(channel =>
            {
                var list = channel.View.Sealed.Where(s => !IsWanted(s.PartitionId)).ToList();
                channel.SwapSealed([], list.ConvertAll(s => s.SegmentId));
                return list;
            }).ConfigureAwait(false);
            foreach (var s in unwanted)
            {
                freed += s.HeldBytes;
                Forget(s.SegmentId);
            }
        }
        MemoryReturn.After(freed);
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (_settled.Task.IsCompleted) _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _progress, new LoadProgress(LoadPhase.Loading, 0));
        }
    }

    private void Set(LoadProgress progress)
    {
        lock (_lock)
        {
            Volatile.Write(ref _progress, progress);
            if (progress.Phase != LoadPhase.Loading) _settled.TrySetResult();
        }
    }

    private static TaskCompletionSource Settled()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
