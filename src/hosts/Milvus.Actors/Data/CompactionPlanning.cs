using System.Collections.Immutable;
using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.DataNode;
using Milvus.Embedded;
using Milvus.Model;

namespace Milvus.Actors.Data;

/// <summary>Finds what a collection's segments are to be compacted into. Thread-safe.</summary>
internal sealed class CompactionPlanning(CoordinatorService service, EngineOptions options, TimeProvider time, Func<IActorRef> channels)
{
    private static readonly TimeSpan s_statusPatience = TimeSpan.FromSeconds(2);

    /// <summary>Plans now. Task ids are made of the first source and a number, so that two planners do not give the same work two names.</summary>
    /// <param name="isBusy">Segments that another task works on.</param>
    /// <param name="availableBytes">Memory that query nodes have left.</param>
    /// <param name="force">A client asked.</param>
    /// <param name="byKey">Divides the rows by the clustering key, if there is one.</param>
    /// <param name="onlyFilling">Only segments whose rows lack outputs of functions, which are left alone otherwise.</param>
    public async Task<ImmutableArray<CompactTask>> PlanAsync(long collectionId, Func<long, bool> isBusy, Func<long, int> attempt, long availableBytes, bool force, bool byKey = false, bool onlyFilling = false)
    {
        if (service.Catalog.FindCollection(collectionId) is not { } collection) return [];
        var segments = service.Segments.GetSegments(collectionId).Where(s => !isBusy(s.SegmentId) && onlyFilling == s.LacksOutputs(collection.Schema)).ToList();
        if (segments.Count == 0) return [];
        var checkpoints = Enumerable.Range(0, collection.ShardCount).Select(s => service.Segments.GetCheckpoint(new ShardId(collectionId, s))).ToArray();
        var retained = Timestamp.FromMs(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - options.TombstoneRetentionMs));
        var horizons = checkpoints.Select(c => c is null ? Timestamp.Zero : c.Timestamp < retained ? c.Timestamp : retained).ToArray();
        var atMost = segments.ToDictionary(s => s.SegmentId, s => SegmentCompactor.DeletedAtMost(s, checkpoints[s.Shard]?.Tombstones ?? [], horizons[s.Shard]));
        // Only where something was deleted is it worth asking who it was deleted from.
        var exact = collection.Load is not null && atMost.Values.Any(n => n > 0) ? await AskAsync(collection).ConfigureAwait(false) : [];
        var now = Timestamp.FromMs(time.GetUtcNow().ToUnixTimeMilliseconds());
        var candidates = segments.Select(s => new CompactionCandidate(
            s, Math.Min(s.RowCount, Deleted(s, segments, atMost[s.SegmentId], exact, force) + SegmentCompactor.ExpiredAtLeast(s, collection, now)))
        { LacksOutputs = onlyFilling });
        var limits = new CompactionLimits(options.Channel.MaxSegmentRows, options.Channel.MaxSegmentBytes, options.CompactDeletedRatio, options.CompactSmallSegments);
        var plans = byKey && SegmentCompactor.ClusteringKey(collection) is not null ? CompactionPlanner.PlanByKey(candidates, limits) : CompactionPlanner.Plan(candidates, limits, force);
        return
        [
            .. plans.Select(plan =>
            {
                var sources = plan.Sources.Select(s => s.SegmentId).ToArray();
                return new CompactTask(
                    string.Create(System.Globalization.CultureInfo.InvariantCulture, $"compact-{sources[0]}-{attempt(sources[0])}"),
                    collectionId, plan.Shard, plan.PartitionId, sources, service.Oracle.NextIds(plan.Parts), plan.Parts, Horizon(plan, horizons[plan.Shard]).Value, availableBytes);
            }),
        ];
    }

    // What every source has folded in already the result has too, even where the checkpoint lags behind a growing segment.
    private static Timestamp Horizon(CompactionPlan plan, Timestamp horizon)
    {
        var folded = plan.Sources.Min(s => s.DeletesAppliedTo);
        return folded > horizon ? folded : horizon;
    }

    // A loaded segment's deletes are known; those of others are taken to be spread evenly over the rows of their shard.
    private static long Deleted(SegmentManifest segment, List<SegmentManifest> all, long atMost, Dictionary<long, long> exact, bool force)
    {
        if (atMost == 0) return 0;
        if (exact.TryGetValue(segment.SegmentId, out var deleted)) return Math.Min(deleted, atMost);
        var rows = all.Where(s => s.Shard == segment.Shard && s.PartitionId == segment.PartitionId).Sum(s => (long)s.RowCount);
        var share = rows == 0 ? 0 : (long)((double)atMost * segment.RowCount / rows);
        return force ? Math.Max(share, 1) : share;
    }

    private async Task<Dictionary<long, long>> AskAsync(CollectionInfo collection)
    {
        var found = new Dictionary<long, long>();
        foreach (var status in await ChannelStatusesAsync(collection).ConfigureAwait(false))
            foreach (var replica in status?.Replicas ?? [])
                if (replica.Ready) found[replica.SegmentId] = replica.DeletedRows;
        return found;
    }

    /// <summary>One per shard; null where a channel did not answer.</summary>
    public Task<ChannelStatus?[]> ChannelStatusesAsync(CollectionInfo collection) => Task.WhenAll(Enumerable.Range(0, collection.ShardCount).Select(shard => AskAsync(collection.Id, shard)));

    private async Task<ChannelStatus?> AskAsync(long collectionId, int shard)
    {
        var region = channels();
        if (region.IsNobody()) return null;
        try
        {
            return await region.Ask<IControlMessage>(new GetChannelStatus(collectionId, shard), s_statusPatience).ConfigureAwait(false) as ChannelStatus;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
