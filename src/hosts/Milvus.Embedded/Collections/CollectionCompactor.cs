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
/// result is committed. Waiting for a model holds up nothing else: it has a lane of its own and takes no turn of heavy work.
/// </summary>
public sealed class CollectionCompactor(CollectionRuntime collection, EngineServices services)
{
    private const int LookEveryMs = 10_000;
    private const int FillRetryMs = 10_000;

    private readonly Lock _lock = new();
    private readonly HashSet<long> _claimed = [];
    private readonly Filling _computed = new();
    private readonly Filling _asked = new();
    private int _queued;
    private long _lookedAtMs = services.Now.PhysicalMs;

    /// <summary>Why outputs of functions could not be computed for older rows at the last attempt; empty when they could.</summary>
    public string FillFailure => _asked.Failure.Length > 0 ? _asked.Failure : _computed.Failure;

    public void Maintain()
    {
        var now = services.Now.PhysicalMs;
        // Not a matter of tidiness: until then rows are not found.
        Fill(_asked, now);
        Fill(_computed, now);
        if (!services.Options.AutoCompaction || now - Volatile.Read(ref _lookedAtMs) < LookEveryMs || Volatile.Read(ref _queued) != 0) return;
        if (collection.Info.Property("collection.autocompaction.enabled") == "false") return;
        Volatile.Write(ref _lookedAtMs, now);
        if (Plan(force: false).Count > 0) _ = CompactAsync(force: false);
    }

    /// <summary>Plans now, works in the background; the task completes with what was done. Never faults.</summary>
    /// <param name="byKey">Divides the rows by the clustering key, if there is one.</param>
    public async Task<CompactionProgress> CompactAsync(bool force, bool byKey = false)
    {
        Interlocked.Increment(ref _queued);
        try
        {
            return await CompactAllAsync(collection.Builds, () => Plan(force, byKey), filling: null).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }
    }

    private void Fill(Filling filling, long now)
    {
        var asksModels = filling == _asked;
        if (services.Filler is null || filling.IsQueued || now < filling.FromMs || !Lacking(asksModels).Any()) return;
        filling.IsQueued = true;
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await CompactAllAsync(asksModels ? collection.Asking : collection.Builds, () => PlanFilling(filling), filling).ConfigureAwait(false);
            }
            finally
            {
                filling.IsQueued = false;
            }
        }
    }

    // Never faults.
    private async Task<CompactionProgress> CompactAllAsync(SerialLane lane, Func<IReadOnlyList<CompactionPlan>> planned, Filling? filling)
    {
        var results = ImmutableArray.CreateBuilder<CompactionPlanResult>();
        var (done, failed) = (0, 0);
        try
        {
            await lane.RunAsync(async cancellation =>
            {
                await collection.Loader.SettleAsync(cancellation).ConfigureAwait(false);
                foreach (var plan in planned())
                {
                    if (!TryClaim(plan)) continue;
                    try
                    {
                        results.AddRange(await CompactAsync(plan, filling == _asked, cancellation).ConfigureAwait(false));
                        done++;
                        filling?.Succeeded(plan.Sources[0].SegmentId);
                    }
                    catch (Exception e) when (e is not OperationCanceledException)
                    {
                        failed++;
                        collection.QueueGarbage();
                        services.Logger.LogError(e, "Collection {Collection}: compaction of {Sources} failed", collection.Info.Name, string.Join(", ", plan.Sources.Select(s => s.SegmentId)));
                        if (filling is null) continue;
                        // The others would most likely fail as this one did, each after a time-out of its own. At the next attempt they come first.
                        filling.Failed(plan.Sources[0].SegmentId, e.Message, services.Now.PhysicalMs + FillRetryMs);
                        break;
                    }
                    finally
                    {
                        Unclaim(plan);
                    }
                }
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the sources are still whole, and what was written is garbage.
        }
        catch (Exception e)
        {
            failed++;
            services.Logger.LogError(e, "Collection {Collection}: there was no knowing what to compact", collection.Info.Name);
        }
        if (done > 0) collection.Indexer.Queue();
        return new CompactionProgress(true, 0, done, failed, results.ToImmutable());
    }

    // Two lanes compact: no segment is in the hands of both, and none that the other has replaced since it was planned.
    private bool TryClaim(CompactionPlan plan)
    {
        lock (_lock)
        {
            foreach (var s in plan.Sources)
                if (_claimed.Contains(s.SegmentId) || services.Segments.FindSegment(s.CollectionId, s.SegmentId) is null) return false;
            foreach (var s in plan.Sources) _claimed.Add(s.SegmentId);
            return true;
        }
    }

    private void Unclaim(CompactionPlan plan)
    {
        lock (_lock)
            foreach (var s in plan.Sources) _claimed.Remove(s.SegmentId);
    }

    private IReadOnlyList<CompactionPlan> Plan(bool force, bool byKey = false)
    {
        var options = services.Options;
        var limits = new CompactionLimits(options.Channel.MaxSegmentRows, options.Channel.MaxSegmentBytes, options.CompactDeletedRatio, options.CompactSmallSegments);
        var horizon = Horizon();
        var loaded = collection.Shards.SelectMany(s => s.Driver?.Channel.View.Sealed ?? []).ToDictionary(s => s.SegmentId);
        // Those whose rows lack outputs are rewritten anyway, by themselves.
        var candidates = services.Segments.GetSegments(collection.Info.Id).Where(m => !IsLacking(m)).Select(m => new CompactionCandidate(m, Deleted(m, loaded, horizon)));
        return byKey && SegmentCompactor.ClusteringKey(collection.Info) is not null
            ? CompactionPlanner.PlanByKey(candidates, limits)
            : CompactionPlanner.Plan(candidates, limits, force);
    }

    private List<CompactionPlan> PlanFilling(Filling filling) =>
        [.. Lacking(filling == _asked).OrderBy(m => filling.Failures(m.SegmentId)).Select(m => new CompactionPlan(m.Shard, m.PartitionId, [m]))];

    private IEnumerable<SegmentManifest> Lacking(bool asksModels)
    {
        var schema = collection.Info.Schema;
        return schema.Functions.IsEmpty ? [] : services.Segments.GetSegments(collection.Info.Id).Where(m => IsLacking(m) && m.LacksModelOutputs(schema) == asksModels);
    }

    private bool IsLacking(SegmentManifest manifest) => services.Filler is not null && manifest.LacksOutputs(collection.Info.Schema);

    private Timestamp Horizon() => Timestamp.FromMs(services.Now.PhysicalMs - services.Options.TombstoneRetentionMs);

    private long Deleted(SegmentManifest manifest, Dictionary<long, SealedSegment> loaded, Timestamp horizon) => Math.Min(manifest.RowCount, loaded.TryGetValue(manifest.SegmentId, out var segment)
        ? segment.Tombstones.CountAt(horizon) + SegmentCompactor.Expired(segment, collection.Info, services.Now)
        : SegmentCompactor.DeletedAtMost(manifest, services.Segments.GetCheckpoint(new ShardId(manifest.CollectionId, manifest.Shard))?.Tombstones ?? [], horizon)
            + SegmentCompactor.ExpiredAtLeast(manifest, collection.Info, services.Now));

    private async Task<ImmutableArray<CompactionPlanResult>> CompactAsync(CompactionPlan plan, bool asksModels, CancellationToken cancellation)
    {
        var info = collection.Info;
        var first = services.Oracle.NextIds(plan.Parts);
        var places = new SegmentPlace[plan.Parts];
        for (var i = 0; i < places.Length; i++) places[i] = new SegmentPlace(first + i, info.Id, plan.PartitionId, plan.Shard);
        using var protection = await services.Garbage.ProtectAsync(ObjectNames.Collection(info.Id), cancellation).ConfigureAwait(false);
        var written = await MergeAsync(plan, places, asksModels, cancellation).ConfigureAwait(false);
        await collection.Structure.RunAsync(c => CommitAsync(plan, written, c)).ConfigureAwait(false);
        collection.QueueGarbage();
        services.Logger.LogInformation(
            "Collection {Collection}: compacted {Sources} segments of {Before} rows into {Targets} of {After} rows",
            info.Name, plan.Sources.Length, plan.Sources.Sum(s => (long)s.RowCount), written.Length, written.Sum(w => (long)w.RowCount));
        ImmutableArray<long> sources = [.. plan.Sources.Select(s => s.SegmentId)];
        // Where no row is left a client is told of a segment all the same.
        return written.IsEmpty ? [new CompactionPlanResult(sources, first)] : [.. written.Select(w => new CompactionPlanResult(sources, w.SegmentId))];
    }

    private async Task<ImmutableArray<SegmentManifest>> MergeAsync(CompactionPlan plan, SegmentPlace[] places, bool asksModels, CancellationToken cancellation)
    {
        if (!asksModels)
        {
            return await HeavilyAsync(
                async () => await IndexAsync(await WriteAsync(plan, places, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        }
        var written = await WriteAsync(plan, places, cancellation).ConfigureAwait(false);
        return await HeavilyAsync(() => IndexAsync(written, cancellation), cancellation).ConfigureAwait(false);
    }

    private async Task<ImmutableArray<SegmentManifest>> WriteAsync(CompactionPlan plan, SegmentPlace[] places, CancellationToken cancellation)
    {
        var driver = collection.Shard(plan.Shard).Running;
        // On the structure lane, where checkpoints are committed.
        var deletes = await collection.Structure.RunAsync(
            c => SegmentCompactor.GatherDeletesAsync(driver, plan, services.Segments, services.Objects, services.Oracle, Horizon(), c)).ConfigureAwait(false);
        return await SegmentCompactor.WriteAsync(plan, collection.Info, deletes, places, services.Now, services.Objects, services.Filler, cancellation).ConfigureAwait(false);
    }

    // Merging takes a while: what the catalogue asks for by now.
    private async Task<ImmutableArray<SegmentManifest>> IndexAsync(ImmutableArray<SegmentManifest> written, CancellationToken cancellation)
    {
        var indexed = ImmutableArray.CreateBuilder<SegmentManifest>(written.Length);
        foreach (var manifest in written)
            indexed.Add(await IndexBuilder.BuildAllAsync(manifest, collection.Info, services.Indexing, services.Objects, cancellation).ConfigureAwait(false));
        return indexed.MoveToImmutable();
    }

    private async Task<ImmutableArray<SegmentManifest>> HeavilyAsync(Func<Task<ImmutableArray<SegmentManifest>>> work, CancellationToken cancellation)
    {
        await services.HeavyWork.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            services.HeavyWork.Release();
        }
    }

    private async Task CommitAsync(CompactionPlan plan, ImmutableArray<SegmentManifest> written, CancellationToken cancellation)
    {
        var ids = plan.Sources.Select(s => s.SegmentId).ToList();
        var isLoaded = collection.Loader.IsWanted(plan.PartitionId);
        var loaded = new List<LoadedSegment>(written.Length);
        try
        {
            // Loaded before the commit: if that fails the sources stay as they are.
            foreach (var manifest in isLoaded ? written : [])
                loaded.Add(await collection.Loader.LoadAsync(manifest, withinBudget: plan.Parts > 1, cancellation).ConfigureAwait(false));
            await services.Segments.CommitAsync(SegmentCompactor.Change(plan, written), cancellation).ConfigureAwait(false);
        }
        catch
        {
            foreach (var manifest in written) collection.Loader.Forget(manifest.SegmentId);
            collection.Loader.Unsettle();
            throw;
        }
        await collection.Shard(plan.Shard).Running.PostAsync(channel => channel.SwapSealed(loaded, ids)).ConfigureAwait(false);
        foreach (var id in ids) collection.Loader.Forget(id);
    }

    /// <summary>What is known of the rows that lack outputs of one kind: of models, or of functions that are computed here.</summary>
    private sealed class Filling
    {
        private readonly Dictionary<long, int> _failures = [];
        private volatile bool _isQueued;
        private volatile string _failure = "";
        private long _fromMs;

        public bool IsQueued
        {
            get => _isQueued;
            set => _isQueued = value;
        }

        /// <summary>Why the last attempt failed; empty when it did not.</summary>
        public string Failure => _failure;

        /// <summary>When to try again.</summary>
        public long FromMs => Interlocked.Read(ref _fromMs);

        /// <summary>Attempts at a segment that failed. This and what follows is for jobs of the kind's lane.</summary>
        public int Failures(long segmentId) => _failures.GetValueOrDefault(segmentId);

        public void Succeeded(long segmentId)
        {
            _failures.Remove(segmentId);
            _failure = "";
        }

        public void Failed(long segmentId, string reason, long againFromMs)
        {
            _failures[segmentId] = Failures(segmentId) + 1;
            Interlocked.Exchange(ref _fromMs, againFromMs);
            _failure = reason;
        }
    }
}
