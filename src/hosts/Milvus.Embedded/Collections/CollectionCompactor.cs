using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.DataNode;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Segments;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Collections;

/// <summary>
/// Merges small segments and rewrites worn ones, on request and by itself, and those whose rows lack outputs of functions. Sources stay in use until the
/// result is committed.
/// </summary>
public sealed class CollectionCompactor(CollectionRuntime collection, EngineServices services)
{
    private const int LookEveryMs = 10_000;
    private const int FillRetryMs = 10_000;

    private int _queued;
    private long _lookedAtMs = services.Now.PhysicalMs;
    private long _fillFromMs;
    private string _fillFailure = "";

    /// <summary>Why outputs of functions could not be computed for older rows at the last attempt; empty when they could.</summary>
    public string FillFailure => Volatile.Read(ref _fillFailure);

    public void Maintain()
    {
        var now = services.Now.PhysicalMs;
        // Not a matter of tidiness: until then rows are not found.
        if (services.Filler is not null && now >= Volatile.Read(ref _fillFromMs) && Volatile.Read(ref _queued) == 0 && Lacking().Any())
        {
            Interlocked.Increment(ref _queued);
            _ = RunAsync(PlanFilling);
            return;
        }
        if (!services.Options.AutoCompaction || now - Volatile.Read(ref _lookedAtMs) < LookEveryMs || Volatile.Read(ref _queued) != 0) return;
        if (collection.Info.Property("collection.autocompaction.enabled") == "false") return;
        Volatile.Write(ref _lookedAtMs, now);
        if (Plan(force: false).Count > 0) _ = CompactAsync(force: false);
    }

    /// <summary>Plans now, works in the background; the task completes with what was done. Never faults.</summary>
    public Task<CompactionProgress> CompactAsync(bool force)
    {
        Interlocked.Increment(ref _queued);
        return RunAsync(() => Plan(force));
    }

    private async Task<CompactionProgress> RunAsync(Func<IReadOnlyList<CompactionPlan>> planned)
    {
        var results = ImmutableArray.CreateBuilder<CompactionPlanResult>();
        var failed = 0;
        try
        {
            await collection.Builds.RunAsync(async cancellation =>
            {
                foreach (var plan in planned())
                {
                    var isFilling = IsLacking(plan.Sources[0]);
                    try
                    {
                        results.Add(await CompactAsync(plan, cancellation).ConfigureAwait(false));
                        if (isFilling) Volatile.Write(ref _fillFailure, "");
                    }
                    catch (Exception e) when (e is not OperationCanceledException)
                    {
                        failed++;
                        collection.QueueGarbage();
                        if (isFilling)
                        {
                            Volatile.Write(ref _fillFailure, e.Message);
                            Volatile.Write(ref _fillFromMs, services.Now.PhysicalMs + FillRetryMs);
                        }
                        services.Logger.LogError(e, "Collection {Collection}: compaction of {Sources} failed", collection.Info.Name, string.Join(", ", plan.Sources.Select(s => s.SegmentId)));
                    }
                }
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the sources are still whole, and what was written is garbage.
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }
        if (results.Count > 0) collection.Indexer.Queue();
        return new CompactionProgress(true, 0, results.Count, failed, results.ToImmutable());
    }

    private IReadOnlyList<CompactionPlan> Plan(bool force)
    {
        var options = services.Options;
        var limits = new CompactionLimits(options.Channel.MaxSegmentRows, options.Channel.MaxSegmentBytes, options.CompactDeletedRatio, options.CompactSmallSegments);
        var horizon = Horizon();
        var loaded = collection.Shards.SelectMany(s => s.Driver?.Channel.View.Sealed ?? []).ToDictionary(s => s.SegmentId);
        return CompactionPlanner.Plan(
            services.Segments.GetSegments(collection.Info.Id).Select(m => new CompactionCandidate(m, Deleted(m, loaded, horizon)) { LacksOutputs = IsLacking(m) }), limits, force);
    }

    private List<CompactionPlan> PlanFilling() => [.. Lacking().Select(m => new CompactionPlan(m.Shard, m.PartitionId, [m]))];

    private IEnumerable<SegmentManifest> Lacking() => collection.Info.Schema.Functions.IsEmpty ? [] : services.Segments.GetSegments(collection.Info.Id).Where(IsLacking);

    private bool IsLacking(SegmentManifest manifest) => services.Filler is not null && manifest.LacksOutputs(collection.Info.Schema);

    private Timestamp Horizon() => Timestamp.FromMs(services.Now.PhysicalMs - services.Options.TombstoneRetentionMs);

    private long Deleted(SegmentManifest manifest, Dictionary<long, SealedSegment> loaded, Timestamp horizon) => Math.Min(manifest.RowCount, loaded.TryGetValue(manifest.SegmentId, out var segment)
        ? segment.Tombstones.CountAt(horizon) + SegmentCompactor.Expired(segment, collection.Info, services.Now)
        : SegmentCompactor.DeletedAtMost(manifest, services.Segments.GetCheckpoint(new ShardId(manifest.CollectionId, manifest.Shard))?.Tombstones ?? [], horizon)
            + SegmentCompactor.ExpiredAtLeast(manifest, collection.Info, services.Now));

    private async Task<CompactionPlanResult> CompactAsync(CompactionPlan plan, CancellationToken cancellation)
    {
        var info = collection.Info;
        var place = new SegmentPlace(services.Oracle.NextIds(), info.Id, plan.PartitionId, plan.Shard);
        using var protection = await services.Garbage.ProtectAsync(ObjectNames.Collection(info.Id), cancellation).ConfigureAwait(false);
        var manifest = await MergeAsync(plan, place, cancellation).ConfigureAwait(false);
        await collection.Structure.RunAsync(c => CommitAsync(plan, manifest, c)).ConfigureAwait(false);
        collection.QueueGarbage();
        services.Logger.LogInformation(
            "Collection {Collection}: compacted {Sources} segments of {Before} rows into {After} rows",
            info.Name, plan.Sources.Length, plan.Sources.Sum(s => (long)s.RowCount), manifest.RowCount);
        return new CompactionPlanResult([.. plan.Sources.Select(s => s.SegmentId)], manifest.SegmentId);
    }

    private async Task<SegmentManifest> MergeAsync(CompactionPlan plan, SegmentPlace place, CancellationToken cancellation)
    {
        await services.HeavyWork.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var driver = collection.Shard(plan.Shard).Running;
            // On the structure lane, where checkpoints are committed.
            var deletes = await collection.Structure.RunAsync(
                c => SegmentCompactor.GatherDeletesAsync(driver, plan, services.Segments, services.Objects, services.Oracle, Horizon(), c)).ConfigureAwait(false);
            var merged = await SegmentCompactor.MergeAsync(plan, collection.Info, deletes, place, services.Now, services.Objects, indexes: null, cancellation, services.Filler).ConfigureAwait(false);
            // Merging takes a while: what the catalogue asks for by now.
            return merged.RowCount == 0 ? merged : await IndexBuilder.BuildAllAsync(merged, collection.Info, services.Indexing, services.Objects, cancellation).ConfigureAwait(false);
        }
        finally
        {
            services.HeavyWork.Release();
        }
    }

    private async Task CommitAsync(CompactionPlan plan, SegmentManifest manifest, CancellationToken cancellation)
    {
        var isEmpty = manifest.RowCount == 0;
        var ids = plan.Sources.Select(s => s.SegmentId).ToList();
        var isLoaded = collection.Loader.IsWanted(plan.PartitionId);
        // Loaded before the commit: if that fails the sources stay as they are.
        LoadedSegment[] loaded = isLoaded && !isEmpty ? [await collection.Loader.LoadAsync(manifest, withinBudget: false, cancellation).ConfigureAwait(false)] : [];
        try
        {
            await services.Segments.CommitAsync(SegmentCompactor.Change(plan, manifest), cancellation).ConfigureAwait(false);
        }
        catch
        {
            collection.Loader.Forget(manifest.SegmentId);
            throw;
        }
        await collection.Shard(plan.Shard).Running.PostAsync(channel => channel.SwapSealed(loaded, ids)).ConfigureAwait(false);
        foreach (var id in ids) collection.Loader.Forget(id);
    }
}
