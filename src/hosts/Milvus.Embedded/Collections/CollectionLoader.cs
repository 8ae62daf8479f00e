using Microsoft.Extensions.Logging;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.QueryNode;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Keeps the loaded segments of one collection equal to what the catalogue asks for, within the memory budget. Says how far it is and why it
/// does not get further.
/// </summary>
public sealed class CollectionLoader(CollectionRuntime collection, EngineServices services)
{
    private const int RetryAfterMs = 30_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, long> _reserved = [];
    private LoadProgress _progress = new(LoadPhase.NotLoaded, 0);
    private TaskCompletionSource _settled = Settled();
    private long _failedAtMs;

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

    /// <summary>Tries a failed load again after a while: an object store may come back.</summary>
    public void Maintain()
    {
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
        var loader = new SealedSegmentReader(services.Objects);
        var bytes = SealedSegmentReader.EstimateMemory(manifest, info);
        var what = $"segment {manifest.SegmentId} of collection {info.Name}";
        if (withinBudget) services.Memory.Reserve(bytes, what);
        else services.Memory.Add(bytes);
        try
        {
            var tombstones = services.Segments.GetCheckpoint(new ShardId(info.Id, manifest.Shard))?.Tombstones ?? [];
            var segment = await loader.LoadAsync(manifest, info, tombstones, cancellation).ConfigureAwait(false);
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

    private IEnumerable<SegmentManifest> Missing()
    {
        var loaded = collection.Shards.Select(s => s.Driver?.Channel.View.Sealed.Select(x => x.SegmentId).ToHashSet()).ToArray();
        return services.Segments.GetSegments(collection.Info.Id)
            .Where(m => IsWanted(m.PartitionId) && loaded[m.Shard] is { } ids && !ids.Contains(m.SegmentId));
    }

    private async Task LoadMissingAsync(CancellationToken cancellation)
    {
        try
        {
            await ReleaseAsync().ConfigureAwait(false);
            var missing = Missing().ToList();
            var total = missing.Sum(m => m.TotalBytes);
            long done = 0;
            foreach (var manifest in missing)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!IsWanted(manifest.PartitionId)) continue;
                var loaded = await LoadAsync(manifest, withinBudget: true, cancellation).ConfigureAwait(false);
                await collection.Shard(manifest.Shard).Running.PostAsync(channel => channel.SwapSealed([loaded], [])).ConfigureAwait(false);
                done += manifest.TotalBytes;
                Set(new LoadProgress(LoadPhase.Loading, (int)Math.Min(99, 100 * done / Math.Max(1, total))));
            }
            await ReleaseAsync().ConfigureAwait(false);
            if (collection.Info.Load is not null) Set(new LoadProgress(LoadPhase.Loaded, 100));
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
            Interlocked.Exchange(ref _failedAtMs, services.Now.PhysicalMs);
            Set(new LoadProgress(LoadPhase.Failed, Progress.Percent, failure));
        }
    }

    // Takes segments of partitions that nobody wants any more out of the views.
    private async Task ReleaseAsync()
    {
        long freed = 0;
        foreach (var slot in collection.Shards)
        {
            if (slot.Driver is not { } driver) continue;
            var unwanted = driver.Channel.View.Sealed.Where(s => !IsWanted(s.PartitionId)).ToList();
            if (unwanted.Count == 0) continue;
            var ids = unwanted.ConvertAll(s => s.SegmentId);
            await driver.PostAsync(channel => channel.SwapSealed([], ids)).ConfigureAwait(false);
            foreach (var s in unwanted)
            {
                freed += s.MemoryBytes;
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
