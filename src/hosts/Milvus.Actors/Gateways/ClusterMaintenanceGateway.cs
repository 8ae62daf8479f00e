using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Milvus.Actors.Data;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Resources;
using Milvus.DataNode;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Gateways;

/// <summary>
/// Answers what clients ask about stored data from what the channels say of themselves, from the committed segments, and from the coordinator where it is about
/// compaction. Thread-safe.
/// </summary>
public sealed class ClusterMaintenanceGateway(NodeServices node, GatewayOptions options) : IMaintenanceGateway
{
    private const int MaxRememberedSegments = 1 << 16;
    private const int FirstPauseMs = 50;
    private const int LongestPauseMs = 500;

    private readonly ChannelCalls _channels = new(() => node.Channels, node.Time, options);
    private readonly ConcurrentDictionary<long, ShardId> _sealing = new();

    public async ValueTask<FlushOutcome> FlushAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        // Before the segments are closed, and not after any channel's own time: rows written right afterwards are not waited for.
        var timestamp = node.Oracle.Next();
        var flushed = await _channels.AskAllAsync<ChannelFlushed>(collection, shard => new FlushChannel(collection.Id, shard), cancellation).ConfigureAwait(false);
        if (_sealing.Count > MaxRememberedSegments) _sealing.Clear();
        var sealing = ImmutableArray.CreateBuilder<long>();
        for (var shard = 0; shard < flushed.Length; shard++)
        {
            if (flushed[shard].Timestamp < timestamp.Value) timestamp = new Timestamp(flushed[shard].Timestamp);
            sealing.AddRange(flushed[shard].SealingSegmentIds);
            foreach (var id in flushed[shard].SealingSegmentIds) _sealing[id] = new ShardId(collection.Id, shard);
        }
        var stored = await StoredAsync(collection, cancellation).ConfigureAwait(false);
        return new FlushOutcome(sealing.ToImmutable(), [.. stored.Segments.Select(s => s.SegmentId).Where(s => !sealing.Contains(s))], timestamp);
    }

    public async ValueTask<bool> IsFlushedAsync(CollectionInfo collection, Timestamp timestamp, CancellationToken cancellation)
    {
        var statuses = await _channels.StatusAsync(collection, cancellation).ConfigureAwait(false);
        return statuses.All(s => s.Growing.All(g => g.Rows == 0 || g.MinTimestamp > timestamp.Value));
    }

    public async ValueTask<bool> AreFlushedAsync(ImmutableArray<long> segmentIds, CancellationToken cancellation)
    {
        if (segmentIds.IsDefaultOrEmpty) return true;
        // Segments that this proxy had sealed are asked after where they grew, others everywhere: their ids do not say where.
        var channels = segmentIds.All(_sealing.ContainsKey)
            ? segmentIds.Select(id => _sealing[id]).Distinct()
            : node.Catalog.Catalog.Collections.SelectMany(c => Enumerable.Range(0, c.ShardCount).Select(s => new ShardId(c.Id, s)));
        var growing = await Task.WhenAll(channels.Select(c => IsAnyGrowingAsync(c, segmentIds, cancellation))).ConfigureAwait(false);
        return !growing.Contains(true);
    }

    public async ValueTask<long> CompactAsync(CollectionInfo collection, bool byKey, CancellationToken cancellation) =>
        (await node.Coordinator.AskAsync<CompactionStarted>(new StartCompaction(collection.Id, byKey), cancellation).ConfigureAwait(false)).CompactionId;

    public async ValueTask<CompactionProgress?> GetCompactionAsync(long compactionId, CancellationToken cancellation)
    {
        CompactionState state;
        try
        {
            state = await node.Coordinator.AskAsync<CompactionState>(new GetCompactionState(compactionId), cancellation).ConfigureAwait(false);
        }
        catch (MilvusException e) when (!e.IsRetriable && e.Code is not (ErrorCode.Timeout or ErrorCode.Unexpected or ErrorCode.Internal))
        {
            return null;
        }
        var plans = ImmutableArray.CreateBuilder<CompactionPlanResult>(state.Targets.Length);
        for (var i = 0; i < state.Targets.Length; i++) plans.Add(new CompactionPlanResult([.. state.Sources[i]], state.Targets[i]));
        return new CompactionProgress(state.Completed, state.Executing, state.Done, state.Failed, plans.MoveToImmutable());
    }

    public async ValueTask<LoadProgress> GetLoadProgressAsync(CollectionInfo collection, ImmutableArray<long> partitionIds, CancellationToken cancellation)
    {
        if (collection.Load is not { } load) return new LoadProgress(LoadPhase.NotLoaded, 0);
        if (!partitionIds.IsDefaultOrEmpty && !partitionIds.Any(load.Includes)) return new LoadProgress(LoadPhase.NotLoaded, 0);
        return Combine(await _channels.StatusAsync(collection, cancellation).ConfigureAwait(false));
    }

    public async ValueTask WaitLoadedAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        var pauseMs = FirstPauseMs;
        while (node.Catalog.Catalog.FindCollection(collection.Id) is { Load: not null } current)
        {
            var progress = await GetLoadProgressAsync(current, [], cancellation).ConfigureAwait(false);
            if (progress.Failure is { } failure) throw failure;
            if (progress.Phase == LoadPhase.Loaded) return;
            await Task.Delay(TimeSpan.FromMilliseconds(pauseMs), node.Time, cancellation).ConfigureAwait(false);
            pauseMs = Math.Min(pauseMs * 2, LongestPauseMs);
        }
    }

    public async ValueTask<IndexProgress> GetIndexProgressAsync(CollectionInfo collection, IndexInfo index, CancellationToken cancellation)
    {
        var build = new IndexBuildOptions(node.Options.MinIndexRows, node.Options.BuildThreads);
        long total = 0, done = 0;
        foreach (var manifest in (await StoredAsync(collection, cancellation).ConfigureAwait(false)).Segments)
        {
            total += manifest.RowCount;
            var lacks = manifest.RowCount > 0 && collection.Schema.Find(index.FieldId) is { IsFunctionOutput: true } && manifest.LacksOutput(index.FieldId);
            if (!lacks && IndexBuilder.Needs(manifest, index, collection.Schema, build) is null) done += manifest.RowCount;
        }
        if (done == total) return new IndexProgress(BuildPhase.Finished, total, done);
        var failure = await BuildFailureAsync(index, cancellation).ConfigureAwait(false);
        return failure.Length == 0 ? new IndexProgress(BuildPhase.InProgress, total, done) : new IndexProgress(BuildPhase.Failed, total, done, failure);
    }

    public async ValueTask<long> CountRowsAsync(CollectionInfo collection, long? partitionId, CancellationToken cancellation)
    {
        var (channels, stored) = await FactsAsync(collection, cancellation).ConfigureAwait(false);
        var growing = channels.SelectMany(c => c.Growing).ToDictionary(g => g.SegmentId);
        var loaded = Loaded(channels);
        long rows = 0;
        foreach (var g in growing.Values)
            if (partitionId is null || g.PartitionId == partitionId) rows += g.Rows - g.DeletedRows;
        foreach (var m in stored.Segments)
        {
            if (growing.ContainsKey(m.SegmentId) || (partitionId is { } wanted && m.PartitionId != wanted)) continue;
            rows += loaded.TryGetValue(m.SegmentId, out var replica) ? replica.Rows - replica.DeletedRows : m.RowCount;
        }
        return rows;
    }

    public async ValueTask<ImmutableArray<SegmentStatus>> GetSegmentsAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        var (channels, stored) = await FactsAsync(collection, cancellation).ConfigureAwait(false);
        var loaded = Loaded(channels);
        var nodes = channels.SelectMany(c => c.Replicas).Where(r => r.Ready).ToLookup(r => r.SegmentId, r => QueryMembers.IdOf(r.Node));
        var list = ImmutableArray.CreateBuilder<SegmentStatus>();
        var listed = new HashSet<long>();
        foreach (var channel in channels)
        {
            foreach (var g in channel.Growing)
            {
                if (!listed.Add(g.SegmentId)) continue;
                var phase = g.IsSealing ? SegmentPhase.Sealing : SegmentPhase.Growing;
                list.Add(new SegmentStatus(g.SegmentId, collection.Id, g.PartitionId, channel.Shard, g.Rows, phase, true, g.MemoryBytes, [], []));
            }
        }
        foreach (var m in stored.Segments)
        {
            if (!listed.Add(m.SegmentId)) continue;
            var own = collection.Indexes.Where(i => m.Indexes.Any(f => f.IndexId == i.Id)).ToList();
            loaded.TryGetValue(m.SegmentId, out var replica);
            list.Add(new SegmentStatus(
                m.SegmentId, collection.Id, m.PartitionId, m.Shard, m.RowCount, SegmentPhase.Flushed, replica is not null, replica?.MemoryBytes ?? 0,
                [.. own.Select(i => i.Name)], [.. own.Select(i => i.Id)])
            { NodeIds = [.. nodes[m.SegmentId].Distinct().Order()] });
        }
        return list.ToImmutable();
    }

    public ImmutableArray<QueryNodeInfo> QueryNodes => QueryMembers.Of(node.System);

    public async ValueTask<ImmutableArray<ImmutableArray<long>>> GetReplicaNodesAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        if (collection.Load is not { } load) return [];
        var channels = await _channels.StatusAsync(collection, cancellation).ConfigureAwait(false);
        var held = channels.SelectMany(c => c.Replicas).Where(r => r.Ready).ToLookup(r => ReplicaNumbers.Position(r.Replica), r => QueryMembers.IdOf(r.Node));
        var members = QueryNodes;
        var groups = NodeGroups.Assign(node.Catalog.Catalog.ResourceGroups, members.Select(m => m.Name));
        return [.. Enumerable.Range(0, load.Replicas).Select(p => held[p].Any()
            ? [.. held[p].Distinct().Order()]
            : members.Where(m => groups[m.Name] == ResourceGroupInfo.Of(load, p)).Select(m => m.Id).Order().ToImmutableArray())];
    }

    // Why the latest attempt at a build failed; empty when none did, or when the coordinator is not there to say so.
    private async Task<string> BuildFailureAsync(IndexInfo index, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(options.ControlAttempt, node.Time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        try
        {
            var status = await node.Coordinator.AskAsync<ClusterStatus>(new GetClusterStatus(), patience.Token).ConfigureAwait(false);
            return status.Tasks.FirstOrDefault(t => t.Failure.Length > 0 && TaskPlanner.IsBuildOf(t.TaskId, index.Id))?.Failure ?? "";
        }
        catch (Exception e) when (e is MilvusException or AskTimeoutException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return "";
        }
    }

    private async Task<bool> IsAnyGrowingAsync(ShardId channel, ImmutableArray<long> segmentIds, CancellationToken cancellation)
    {
        // What a dropped collection still had is flushed in the sense of the question.
        if (node.Catalog.Catalog.FindCollection(channel.CollectionId) is null) return false;
        var status = await _channels.AskAsync<ChannelStatus>(new GetChannelStatus(channel.CollectionId, channel.Shard), cancellation).ConfigureAwait(false);
        return status.Growing.Any(g => segmentIds.Contains(g.SegmentId));
    }

    // The channels first: what they seal meanwhile is then found among the stored segments, not in neither.
    private async Task<(ChannelStatus[] Channels, StoredSegments Stored)> FactsAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        var channels = await _channels.StatusAsync(collection, cancellation).ConfigureAwait(false);
        return (channels, await StoredAsync(collection, cancellation).ConfigureAwait(false));
    }

    private async Task<StoredSegments> StoredAsync(CollectionInfo collection, CancellationToken cancellation)
    {
        try
        {
            return await SegmentStore.LoadAsync(node.Meta, collection.Id, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"cannot read metadata: {e.Message}: IO failed", e);
        }
    }

    private static Dictionary<long, ReplicaStatus> Loaded(ChannelStatus[] channels)
    {
        var loaded = new Dictionary<long, ReplicaStatus>();
        foreach (var replica in channels.SelectMany(c => c.Replicas))
            if (replica.Ready) loaded.TryAdd(replica.SegmentId, replica);
        return loaded;
    }

    private static LoadProgress Combine(ChannelStatus[] channels)
    {
        var percent = 0;
        var isLoaded = true;
        foreach (var channel in channels)
        {
            var phase = (LoadPhase)channel.LoadPhase;
            if (phase == LoadPhase.Failed)
                return new LoadProgress(LoadPhase.Failed, channel.LoadPercent, new MilvusException((ErrorCode)channel.LoadFailureCode, channel.LoadFailure));
            // The catalogue wants it loaded; a channel that says otherwise has not heard of it yet.
            isLoaded &= phase == LoadPhase.Loaded;
            percent += phase == LoadPhase.Loaded ? 100 : phase == LoadPhase.Loading ? channel.LoadPercent : 0;
        }
        return isLoaded ? new LoadProgress(LoadPhase.Loaded, 100) : new LoadProgress(LoadPhase.Loading, Math.Min(99, percent / Math.Max(1, channels.Length)));
    }
}
