using System.Collections.Concurrent;
using Akka.Actor;
using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Actors.Query;
using Milvus.Actors.Rpc;
using Milvus.Actors.Streaming.Channels;
using Milvus.Actors.Streaming.Replicas;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Deletes;

/// <summary>
/// Brings a channel's deletes to the nodes that hold its sealed segments: one push per node at a time, so that readers who come meanwhile share the next one. Thread-safe.
/// </summary>
/// <param name="onLost">Told when replicas turned out not to be where they were thought to be.</param>
internal sealed class DeletePusher(INodeRpc rpc, ShardId shard, DeleteLog log, StreamingOptions options, Action onLost)
{
    private readonly ConcurrentDictionary<Address, SemaphoreSlim> _turns = new();

    /// <summary>
    /// Makes sure that replicas on one node have the deletes up to <paramref name="needed"/>. Afterwards they have, or are lost, or the node did not answer in time (false).
    /// </summary>
    /// <param name="always">Also when nothing is missing: to see whether they are still there.</param>
    public async Task<bool> PushAsync(Address node, IReadOnlyCollection<Replica> replicas, long needed, bool always, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(options.PushTimeoutMs);
        var turn = _turns.GetOrAdd(node, static _ => new SemaphoreSlim(1, 1));
        try
        {
            await turn.WaitAsync(patience.Token).ConfigureAwait(false);
            try
            {
                var lagging = replicas.Where(r => !r.IsLost && (always || !r.IsConfirmed || r.Applied < needed)).ToList();
                if (lagging.Count > 0) await SendAsync(node, lagging, patience.Token).ConfigureAwait(false);
                return true;
            }
            finally
            {
                turn.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task SendAsync(Address node, List<Replica> replicas, CancellationToken cancellation)
    {
        var trimmed = log.TrimmedTo;
        var isAnyLost = false;
        foreach (var behind in replicas.Where(r => r.Applied < trimmed))
        {
            behind.Lose();
            isAnyLost = true;
        }
        replicas.RemoveAll(r => r.IsLost);
        if (replicas.Count > 0 && log.Since(replicas.Min(r => r.Applied)) is { } stretch)
        {
            try
            {
                var request = DeletePushes.Request(shard, replicas.Select(r => (r.SegmentId, r.Incarnation)).Distinct(), stretch.Deletes, stretch.After, stretch.UpTo);
                var reply = PushDeletesReply.Parser.ParseFrom((await rpc.CallAsync(node, RpcMethod.PushDeletes, request.ToByteArray(), cancellation).ConfigureAwait(false)).Span);
                foreach (var r in replicas)
                {
                    if (!reply.MissingSegmentIds.Contains(r.SegmentId)) r.Confirm(stretch.UpTo);
                    else r.Lose();
                }
            }
            catch (Exception e) when (e is NodeUnavailableException or MilvusException or Proxy.ShardMovedException)
            {
                replicas.ForEach(r => r.Lose());
            }
            isAnyLost |= replicas.Any(r => r.IsLost);
        }
        if (isAnyLost) onLost();
    }
}
