using Microsoft.Extensions.Logging;
using Milvus.DataNode;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;

namespace Milvus.Embedded.Collections;

/// <summary>Builds the indexes that the catalogue asks for on every sealed segment that lacks them, one at a time.</summary>
public sealed class CollectionIndexer(CollectionRuntime collection, EngineServices services)
{
    private const int RetryAfterMs = 30_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, (string Reason, long AtMs)> _failures = [];
    private int _queued;
    private long _building;

    public void Maintain()
    {
        if (Volatile.Read(ref _queued) == 0 && Next() is not null) Queue();
    }

    /// <summary>Looks for work in the background.</summary>
    public void Queue()
    {
        if (Interlocked.CompareExchange(ref _queued, 1, 0) != 0) return;
        collection.Builds.Start($"Building indexes of collection {collection.Info.Name}", async cancellation =>
        {
            Interlocked.Exchange(ref _queued, 0);
            await DropStaleAsync().ConfigureAwait(false);
            while (Next() is { } work) MemoryReturn.After(await BuildAsync(work.Manifest, work.Index, work.Plan, cancellation).ConfigureAwait(false));
        });
    }

    /// <summary>How far an index covers the sealed rows. Growing rows are searched exactly and need none.</summary>
    public IndexProgress Progress(IndexInfo index)
    {
        var segments = services.Segments.GetSegments(collection.Info.Id);
        long total = 0, done = 0;
        foreach (var m in segments)
        {
            total += m.RowCount;
            if (Needs(m, index) is null && !Lacks(m, index)) done += m.RowCount;
        }
        lock (_lock)
        {
            if (done < total && _failures.TryGetValue(index.Id, out var failure))
                return new IndexProgress(BuildPhase.Failed, total, done, failure.Reason);
        }
        if (done < total && collection.Compactor.FillFailure is { Length: > 0 } reason && segments.Any(m => Lacks(m, index))) return new IndexProgress(BuildPhase.Failed, total, done, reason);
        // What was built last is stored before it takes the place of the scan.
        var isBuilding = Interlocked.Read(ref _building) == index.Id;
        return new IndexProgress(done == total && !isBuilding ? BuildPhase.Finished : BuildPhase.InProgress, total, done);
    }

    private (SegmentManifest Manifest, IndexInfo Index, SegmentIndexPlan Plan)? Next()
    {
        var indexes = collection.Info.Indexes;
        if (indexes.IsEmpty) return null;
        (SegmentManifest Manifest, IndexInfo Index, SegmentIndexPlan Plan)? first = null;
        foreach (var manifest in services.Segments.GetSegments(collection.Info.Id))
        {
            foreach (var index in indexes)
            {
                if (Needs(manifest, index) is not { } plan || IsPostponed(index.Id)) continue;
                // Scalar indexes are a matter of moments: they need not wait for graphs.
                if (plan.Scalar is not null) return (manifest, index, plan);
                first ??= (manifest, index, plan);
            }
        }
        return first;
    }

    private SegmentIndexPlan? Needs(SegmentManifest manifest, IndexInfo index) =>
        IndexBuilder.Needs(manifest, index, collection.Info.Schema, services.Indexing);

    // Rows without the function's output come into the index with it.
    private bool Lacks(SegmentManifest manifest, IndexInfo index) =>
        services.Filler is not null && manifest.RowCount > 0 && collection.Info.Schema.Find(index.FieldId) is { IsFunctionOutput: true } && manifest.LacksOutput(index.FieldId);

    private bool IsPostponed(long indexId)
    {
        lock (_lock) return _failures.TryGetValue(indexId, out var f) && services.Now.PhysicalMs - f.AtMs < RetryAfterMs;
    }

    // Returns the bytes of a segment that was read for the build only.
    private async Task<long> BuildAsync(SegmentManifest manifest, IndexInfo index, SegmentIndexPlan plan, CancellationToken cancellation)
    {
        await services.HeavyWork.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            Interlocked.Exchange(ref _building, index.Id);
            using var protection = await services.Garbage.ProtectAsync(ObjectNames.Collection(manifest.CollectionId), cancellation).ConfigureAwait(false);
            var present = Loaded(manifest);
            var started = services.Time.GetTimestamp();
            var built = await IndexBuilder.BuildAsync(manifest, collection.Info, plan, services.Objects, present, cancellation).ConfigureAwait(false);
            services.Logger.LogInformation(
                "Collection {Collection}: built {Kind} index {Index} over {Rows} rows in {Seconds:F1} s",
                collection.Info.Name, plan.Kind, index.Name, manifest.RowCount, services.Time.GetElapsedTime(started).TotalSeconds);
            await collection.Structure.RunAsync(c => CommitAsync(built, plan, c)).ConfigureAwait(false);
            lock (_lock) _failures.Remove(index.Id);
            return present is null ? built.MemoryBytes : 0;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            services.Logger.LogError(e, "Collection {Collection}: index {Index} of segment {Segment} could not be built", collection.Info.Name, index.Name, manifest.SegmentId);
            lock (_lock) _failures[index.Id] = (e.Message, services.Now.PhysicalMs);
            return 0;
        }
        finally
        {
            Interlocked.Exchange(ref _building, 0);
            services.HeavyWork.Release();
        }
    }

    // The segment or the index may be gone by now; then the file is garbage.
    private async Task CommitAsync(SealedSegment built, SegmentIndexPlan plan, CancellationToken cancellation)
    {
        var file = built.Indexes.First(i => i.File.IndexId == plan.IndexId);
        var info = collection.Info;
        if (IndexBuilder.Attach(services.Segments.FindSegment(info.Id, built.SegmentId), info, file.File) is not { } change) return;
        await services.Segments.CommitAsync(change, cancellation).ConfigureAwait(false);
        var manifest = change.Replaced[0];
        if (Loaded(manifest) is { } loaded)
        {
            var attached = loaded.WithIndex(file);
            if (await collection.Shard(manifest.Shard).Running.PostAsync(channel => channel.ReplaceSealed(loaded, attached)).ConfigureAwait(false))
                collection.Loader.Recount(attached);
        }
    }

    // The catalogue has taken dropped indexes out of the manifests already; here they leave the memory.
    private Task DropStaleAsync() => collection.Structure.RunAsync(async _ =>
    {
        var indexes = collection.Info.Indexes;
        foreach (var slot in collection.Shards)
        {
            if (slot.Driver is not { } driver) continue;
            foreach (var segment in driver.Channel.View.Sealed)
            {
                var kept = segment;
                foreach (var index in segment.Indexes)
                    if (indexes.All(i => i.Id != index.File.IndexId)) kept = kept.WithoutIndex(index.File);
                if (kept != segment && await driver.PostAsync(channel => channel.ReplaceSealed(segment, kept)).ConfigureAwait(false)) collection.Loader.Recount(kept);
            }
        }
    });

    private SealedSegment? Loaded(SegmentManifest manifest) =>
        collection.Shard(manifest.Shard).Driver?.Channel.View.Sealed.FirstOrDefault(s => s.SegmentId == manifest.SegmentId);
}
