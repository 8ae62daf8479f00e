using System.Collections.Immutable;
using Akka.Actor;
using Google.Protobuf;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Protocol;
using Milvus.Actors.Rpc;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;
using Milvus.StreamingNode;

namespace Milvus.Actors.Gateways;

/// <summary>
/// Reaches the shard channels of the cluster. A write goes to the node that runs the channel and is repeated under one request id until its outcome is known, which
/// makes it happen once at most. Thread-safe.
/// </summary>
public sealed class ClusterShardGateway(INodeRpc rpc, ChannelLocations locations, CatalogReplica catalog, TimeProvider time, GatewayOptions options) : IShardGateway
{
    private const int FirstPauseMs = 20;
    private const int LongestPauseMs = 1000;

    /// <exception cref="MilvusException">2: the channel could not be reached, the write did not happen. 10001: it may have happened.</exception>
    public async ValueTask<Timestamp> WriteAsync(CollectionInfo collection, int shard, ShardWrite write, CancellationToken cancellation)
    {
        var id = new ShardId(collection.Id, shard);
        var payload = new WriteRequest
        {
            CollectionId = collection.Id,
            Shard = shard,
            RequestId = UnsafeByteOperations.UnsafeWrap(Guid.NewGuid().ToByteArray()),
            Write = UnsafeByteOperations.UnsafeWrap(ShardWriteCodec.Encode(write)),
            CatalogVersion = catalog.Catalog.Version,
        }.ToByteArray();

        var started = time.GetTimestamp();
        var isSent = false;
        var pauseMs = FirstPauseMs;
        while (true)
        {
            Exception failure;
            Address? node = null;
            var left = options.WritePatience - time.GetElapsedTime(started);
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            try
            {
                node = await locations.LocateAsync(id, Shorter(options.LocateAttempt, left), cancellation).ConfigureAwait(false);
                isSent = true;
                using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), attempt, Shorter(options.WriteAttempt, left), Timeout.InfiniteTimeSpan);
                var reply = await rpc.CallAsync(node, RpcMethod.Write, payload, attempt.Token).ConfigureAwait(false);
                return new Timestamp(WriteReply.Parser.ParseFrom(reply.Span).Timestamp);
            }
            catch (Exception e) when (IsWorthAnotherTry(e, cancellation))
            {
                failure = e;
            }
            if (node is not null) locations.Forget(id, node);
            if (time.GetElapsedTime(started).TotalMilliseconds + pauseMs >= options.WritePatience.TotalMilliseconds)
            {
                throw isSent
                    ? new MilvusException(ErrorCode.Timeout, $"channel {id} did not confirm the write, which may have happened ({failure.Message}): context deadline exceeded", failure)
                    : new MilvusException(ErrorCode.ServiceUnavailable, $"channel {id} cannot be reached ({failure.Message}): service unavailable", failure);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(pauseMs), time, cancellation).ConfigureAwait(false);
            pauseMs = Math.Min(pauseMs * 2, LongestPauseMs);
        }
    }

    /// <exception cref="ShardMovedException">The channel could not be reached where it was last, or not in time: worth beginning anew.</exception>
    public async ValueTask<IShardReader> OpenAsync(CollectionInfo collection, int shard, Timestamp guarantee, Timestamp? readAt, CancellationToken cancellation)
    {
        var id = new ShardId(collection.Id, shard);
        var version = catalog.Catalog.Version;
        var request = new OpenShardRequest { CollectionId = collection.Id, Shard = shard, Guarantee = guarantee.Value, ReadAt = readAt?.Value ?? 0, CatalogVersion = version };
        Address? node = null;
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), attempt, options.OpenAttempt, Timeout.InfiniteTimeSpan);
        try
        {
            node = await locations.LocateAsync(id, options.LocateAttempt, attempt.Token).ConfigureAwait(false);
            var reply = OpenShardReply.Parser.ParseFrom((await rpc.CallAsync(node, RpcMethod.OpenShard, request.ToByteArray(), attempt.Token).ConfigureAwait(false)).Span);
            return Reader(collection, id, node, version, reply);
        }
        catch (Exception e) when (IsWorthAnotherTry(e, cancellation))
        {
            if (node is not null) locations.Forget(id, node);
            throw e as ShardMovedException ?? new ShardMovedException($"shard {id}: {(node is null ? "its channel cannot be located" : e.Message)}", e);
        }
    }

    private IShardReader Reader(CollectionInfo collection, ShardId id, Address node, long version, OpenShardReply reply)
    {
        var parts = ImmutableArray.CreateBuilder<IShardReader>(reply.Placements.Count + 1);
        if (reply.Session != 0) parts.Add(new RemoteShardReader(rpc, node, id, Place(id, version, reply, reply.Session, null)));
        foreach (var placement in reply.Placements)
            if (placement.SegmentIds.Count > 0) parts.Add(new RemoteShardReader(rpc, Address.Parse(placement.Node), id, Place(id, version, reply, 0, placement)));
        // A shard without any rows needs nobody's answer.
        return parts.Count == 0 ? new ShardReader(collection, ShardView.Empty, new Timestamp(reply.ReadAt)) : new CompositeShardReader(parts.ToImmutable());
    }

    private static ShardReadRequest Place(ShardId id, long version, OpenShardReply reply, ulong session, SegmentPlacement? placement)
    {
        var request = new ShardReadRequest { Session = session, ReadAt = reply.ReadAt, CollectionId = id.CollectionId, CatalogVersion = version };
        if (placement is not null)
        {
            request.SegmentIds.AddRange(placement.SegmentIds);
            request.Incarnations.AddRange(placement.Incarnations);
        }
        return request;
    }

    // Whatever says that the channel was not where it was looked for, or that nobody answered; not what the channel itself refused.
    private static bool IsWorthAnotherTry(Exception e, CancellationToken cancellation) => e switch
    {
        ShardMovedException or NodeUnavailableException or AskTimeoutException => true,
        OperationCanceledException => !cancellation.IsCancellationRequested,
        _ => false,
    };

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b > TimeSpan.FromMilliseconds(1) ? b : TimeSpan.FromMilliseconds(1);
}
