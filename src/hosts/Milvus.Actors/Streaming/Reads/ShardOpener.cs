using System.Collections.Immutable;
using Akka.Actor;
using Google.Protobuf;
using Milvus.Actors.Node;
using Milvus.Actors.Protocol;
using Milvus.Actors.Streaming.Channels;
using Milvus.Actors.Streaming.Replicas;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Reads;

/// <summary>
/// Opens a shard for reading, beside the channel's mailbox: waits until the guarantee timestamp is applied, chooses a replica of every sealed segment and sees to it that it has all deletes, and pins the
/// growing segments. Thread-safe.
/// </summary>
internal sealed class ShardOpener(StreamingRole role)
{
    private const int MaxChoices = 4;

    private int _turn;

    public async ValueTask<ReadOnlyMemory<byte>> OpenAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var request = OpenShardRequest.Parser.ParseFrom(payload.Span);
        var services = role.Services;
        services.Oracle.Observe(new Timestamp(request.Guarantee));
        services.Oracle.Observe(new Timestamp(request.ReadAt));
        await services.Catalog.EnsureAsync(request.CatalogVersion, cancellation).ConfigureAwait(false);
        var handle = role.Channels.Get(new ShardId(request.CollectionId, request.Shard));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(role.Options.RecoveryPatienceMs);
        try
        {
            var restart = handle.GetRunningAsync(patience.Token);
            if (handle.Resting is { } resting && !await IsBackAsync(restart, resting).ConfigureAwait(false))
            {
                StayAwake(handle, resting.Live);
                return (await OpenAsync(resting, request, patience.Token).ConfigureAwait(false)).ToByteArray();
            }
            var live = await restart.ConfigureAwait(false);
            StayAwake(handle, live);
            using var running = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, live.Stopped);
            var reply = await OpenAsync(live, request, running.Token).ConfigureAwait(false);
            return reply.ToByteArray();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ShardMovedException($"channel {handle.Id} stopped here or does not get ready");
        }
    }

    // What is here may be long out of date when the process slept.
    private void StayAwake(ChannelHandle handle, LiveChannel live)
    {
        if (role.Wakefulness.Look() == live.Sleeps) return;
        handle.EndRest();
        handle.Nudge();
        throw new ShardMovedException($"channel {handle.Id} slept here and reads its journal again");
    }

    private async Task<OpenShardReply> OpenAsync(LiveChannel live, OpenShardRequest request, CancellationToken cancellation)
    {
        var info = await FollowAsync(live, cancellation).ConfigureAwait(false);
        await WaitLoadedAsync(live, info, cancellation).ConfigureAwait(false);
        var guarantee = new Timestamp(request.Guarantee);
        while (true)
        {
            var complete = await live.Gate.WaitAsync(guarantee, cancellation).ConfigureAwait(false);
            var view = live.View;
            if (view.CompleteFrom > complete)
            {
                // Files without the rows deleted up to that moment came into view in between: read from there on.
                guarantee = view.CompleteFrom;
                continue;
            }
            return await AnswerAsync(live, info, view, request, complete, cancellation).ConfigureAwait(false);
        }
    }

    // Most failures are over in a moment, and what was in doubt is decided then.
    private async Task<bool> IsBackAsync(Task restart, RestingChannel resting)
    {
        var time = role.Services.Time;
        var left = TimeSpan.FromMilliseconds(role.Options.RestAfterMs) - time.GetElapsedTime(resting.Since);
        if (left > TimeSpan.Zero) await Task.WhenAny(restart, Task.Delay(left, time)).ConfigureAwait(false);
        return restart.IsCompleted;
    }

    // Nothing is written any more, so there is nothing to wait for: any guarantee holds for all that was acknowledged.
    private async Task<OpenShardReply> OpenAsync(RestingChannel resting, OpenShardRequest request, CancellationToken cancellation)
    {
        var live = resting.Live;
        if (!ReferenceEquals(role.Services.Catalog.Catalog.FindCollection(live.Id.CollectionId), live.Info))
            throw new ShardMovedException($"channel {live.Id} cannot follow the catalogue while its journal is away");
        await WaitLoadedAsync(live, live.Info, cancellation).ConfigureAwait(false);
        var view = live.View;
        if (view.CompleteFrom > resting.At) throw new ShardMovedException($"channel {live.Id} is not complete while its journal is away");
        return await AnswerAsync(live, live.Info, view, request, resting.At, cancellation).ConfigureAwait(false);
    }

    private async Task<OpenShardReply> AnswerAsync(LiveChannel live, CollectionInfo info, ChannelView view, OpenShardRequest request, Timestamp complete, CancellationToken cancellation)
    {
        var readAt = request.ReadAt != 0 && request.ReadAt < complete.Value ? new Timestamp(request.ReadAt) : complete;
        var reply = new OpenShardReply { ReadAt = readAt.Value };
        reply.Placements.AddRange(await PlaceAsync(live, info, view, cancellation).ConfigureAwait(false));
        if (view.Growing.Any(g => g.RowCount > 0)) reply.Session = role.Sessions.Open(info, new ShardView(view.Growing, [], view.CompleteFrom), readAt);
        return reply;
    }

    // The channel must know what the catalogue says by now: fields, partitions, truncation.
    private async Task<CollectionInfo> FollowAsync(LiveChannel live, CancellationToken cancellation)
    {
        while (true)
        {
            var info = role.Services.Catalog.Catalog.GetCollection(live.Id.CollectionId);
            if (ReferenceEquals(live.Info, info)) return info;
            // Whatever is posted runs after the entity has looked at the catalogue.
            await live.PostAsync(_ => true).WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static async Task WaitLoadedAsync(LiveChannel live, CollectionInfo info, CancellationToken cancellation)
    {
        if (info.Load is null) throw new MilvusException(ErrorCode.CollectionNotLoaded, $"collection not loaded[collection={info.Name}]");
        while (true)
        {
            var changed = live.WaitForLoadAsync();
            var (of, progress) = live.Load;
            // What is said of an earlier description says nothing: the partitions may be others.
            if (ReferenceEquals(of, info))
            {
                if (progress.Phase == LoadPhase.Loaded) return;
                if (progress.Failure is { } failure) throw new MilvusException(failure.Code, $"collection {info.Name} could not be loaded: {failure.Message}", failure);
            }
            try
            {
                await changed.WaitAsync(cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException e) when (!live.Stopped.IsCancellationRequested)
            {
                throw new MilvusException(ErrorCode.CollectionNotFullyLoaded, $"collection not fully loaded[collection={info.Name}]", e);
            }
        }
    }

    private async Task<IEnumerable<SegmentPlacement>> PlaceAsync(LiveChannel live, CollectionInfo info, ChannelView view, CancellationToken cancellation)
    {
        // After the gate: everything that the reader must not see any more is in the log up to here.
        var needed = live.Deletes.LastDelete;
        var wanted = view.Served.Where(s => info.Load!.Includes(s.PartitionId) && info.FindPartition(s.PartitionId) is not null).ToList();
        var slow = new HashSet<Address>();
        for (var attempt = 0; attempt < MaxChoices; attempt++)
        {
            var chosen = Choose(live, wanted, needed, slow);
            var pushes = chosen.Where(r => r.Applied < needed).GroupBy(r => r.Node)
                .Select(async g => (Node: g.Key, InTime: live.Pusher is { } pusher && await pusher.PushAsync(g.Key, [.. g], needed, always: false, cancellation).ConfigureAwait(false)));
            foreach (var (node, inTime) in await Task.WhenAll(pushes).ConfigureAwait(false))
                if (!inTime) slow.Add(node);
            if (chosen.Any(r => !r.IsReadable || r.Applied < needed)) continue;
            return chosen.GroupBy(r => r.Node).Select(g =>
            {
                var placement = new SegmentPlacement { Node = g.Key.ToString() };
                placement.SegmentIds.AddRange(g.Select(r => r.SegmentId));
                placement.Incarnations.AddRange(g.Select(r => r.Incarnation));
                return placement;
            });
        }
        throw new ShardMovedException($"channel {live.Id}: segments cannot be read anywhere at the moment");
    }

    private List<Replica> Choose(LiveChannel live, List<ServedSegment> segments, long needed, HashSet<Address> slow)
    {
        var placements = live.Placements;
        var turn = Interlocked.Increment(ref _turn) & int.MaxValue;
        var chosen = new List<Replica>(segments.Count);
        foreach (var s in segments)
        {
            var usable = placements.GetValueOrDefault(s.SegmentId, []).Where(r => r.IsReadable && !slow.Contains(r.Node)).OrderBy(r => ReplicaNumbers.Position(r.Number)).ToList();
            if (usable.Count == 0) throw new ShardMovedException($"segment {s.SegmentId} of channel {live.Id} cannot be read anywhere at the moment");
            // Positions in the load rather than in the list, so that one reader's segments meet on few nodes.
            var first = usable.FindIndex(r => ReplicaNumbers.Position(r.Number) >= turn % (ReplicaNumbers.Position(usable[^1].Number) + 1));
            var rotated = Enumerable.Range(0, usable.Count).Select(i => usable[(Math.Max(0, first) + i) % usable.Count]).ToList();
            chosen.Add(rotated.FirstOrDefault(r => r.Applied >= needed) ?? rotated[0]);
        }
        return chosen;
    }
}
