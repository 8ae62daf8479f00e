using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Actors.Time;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;

namespace Milvus.Actors.Rpc;

/// <summary>
/// Receives what other nodes' <see cref="NodeRpc"/> send: puts parts together, lets handlers work on the thread pool, sends their replies. Tells
/// the calling side at once when a peer is lost, because nobody else would tell it before a time-out.
/// </summary>
internal sealed class NodeRpcActor : ReceiveActor
{
    public const string Name = "rpc";
    public const string Dispatcher = "milvus.rpc-dispatcher";

    private readonly NodeRpc _rpc;
    private readonly ClusterOracle _oracle;
    private readonly Dictionary<(IActorRef Caller, ulong Call), PartAssembly> _incoming = [];
    private readonly Dictionary<(IActorRef Caller, ulong Call), Serving> _serving = [];
    private readonly IActorRef _self;

    public NodeRpcActor(NodeRpc rpc, ClusterOracle oracle)
    {
        _rpc = rpc;
        _oracle = oracle;
        _self = Self;
        Receive<RpcPart>(OnPart);
        Receive<RpcReplyPart>(OnReply);
        Receive<RpcPartAck>(OnAck);
        Receive<RpcCancel>(OnCancel);
        Receive<Served>(s => Forget(s.Caller, s.Call));
        Receive<DisassociatedEvent>(e => OnLost(e.RemoteAddress, "the connection was closed"));
        Receive<QuarantinedEvent>(e => OnLost(e.Address, "it is quarantined"));
        Receive<AssociationErrorEvent>(e => OnLost(e.RemoteAddress, "the connection failed"));
        Receive<ClusterEvent.MemberRemoved>(e => OnGone(e.Member.Address, "it left the cluster"));
        Receive<ClusterEvent.UnreachableMember>(e => OnGone(e.Member.Address, "it cannot be reached"));
        Receive<ClusterEvent.ReachableMember>(e => _rpc.NodeFound(e.Member.Address));
        Receive<ClusterEvent.MemberJoined>(e => _rpc.NodeFound(e.Member.Address));
        Receive<ClusterEvent.MemberUp>(e => _rpc.NodeFound(e.Member.Address));
        // While a peer is not connected what is sent to it ends here.
        Receive<DeadLetter>(d =>
        {
            if (d.Message is RpcPart part) _rpc.Undeliverable(part.CallId);
        });
        Receive<ClusterEvent.IClusterDomainEvent>(_ => { });
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        Context.System.EventStream.Subscribe(Self, typeof(QuarantinedEvent));
        Context.System.EventStream.Subscribe(Self, typeof(AssociationErrorEvent));
        Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));
        Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
    }

    protected override void PostStop()
    {
        Cluster.Get(Context.System).Unsubscribe(Self);
        foreach (var serving in _serving.Values) serving.Stop.Cancel();
        _rpc.Stopped();
    }

    private void OnPart(RpcPart part)
    {
        _oracle.Observe(new Timestamp(part.Clock));
        var key = (Sender, part.CallId);
        if (part.Count > 1)
        {
            Sender.Tell(new RpcPartAck { CallId = part.CallId, Index = part.Index }, Self);
            if (!_incoming.TryGetValue(key, out var assembly)) _incoming.Add(key, assembly = new PartAssembly());
            if (assembly.Add(part.Index, part.Count, part.Payload) is not { } whole) return;
            _incoming.Remove(key);
            Serve(key, part.Method, whole);
        }
        else
        {
            Serve(key, part.Method, part.Payload.Memory);
        }
    }

    private void Serve((IActorRef Caller, ulong Call) key, uint method, ReadOnlyMemory<byte> payload)
    {
        var serving = new Serving();
        _serving[key] = serving;
        // The state object spares a closure per call; handlers never run on the actor's thread.
        ThreadPool.UnsafeQueueUserWorkItem(static w => _ = w.Actor.ServeAsync(w.Key, w.Method, w.Payload, w.Serving), (Actor: this, Key: key, Method: method, Payload: payload, Serving: serving), preferLocal: false);
    }

    private async Task ServeAsync((IActorRef Caller, ulong Call) key, uint method, ReadOnlyMemory<byte> payload, Serving serving)
    {
        var status = RpcStatus.Ok;
        ReadOnlyMemory<byte> reply;
        try
        {
            reply = await _rpc.Handler(method)(payload, serving.Stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (serving.Stop.IsCancellationRequested)
        {
            _self.Tell(new Served(key.Caller, key.Call));
            return;
        }
        catch (ShardMovedException e)
        {
            status = RpcStatus.Moved;
            reply = System.Text.Encoding.UTF8.GetBytes(e.Message);
        }
        catch (Exception e)
        {
            status = RpcStatus.Error;
            reply = ErrorCodec.Encode(e as MilvusException ?? new MilvusException(ErrorCode.Unexpected, e.Message));
        }
        try
        {
            var count = NodeRpc.Count(reply);
            if (count == 1) key.Caller.Tell(Part(key.Call, reply, 0, 1, status), _self);
            else await _rpc.SendPartsAsync(serving, count, i => key.Caller.Tell(Part(key.Call, NodeRpc.Slice(reply, i), i, count, status), _self)).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The caller is gone or gave up, or this node stops: nobody needs the reply.
        }
        _self.Tell(new Served(key.Caller, key.Call));
    }

    private RpcReplyPart Part(ulong call, ReadOnlyMemory<byte> payload, int index, int count, RpcStatus status) => new()
    {
        CallId = call,
        Index = (uint)index,
        Count = (uint)count,
        Payload = UnsafeByteOperations.UnsafeWrap(payload),
        Status = status,
        Clock = _oracle.Current.Value,
    };

    private void OnReply(RpcReplyPart part)
    {
        _oracle.Observe(new Timestamp(part.Clock));
        _rpc.OnReply(part, Sender);
    }

    private void OnAck(RpcPartAck ack)
    {
        if (!ack.OfReply) _rpc.OnAck(ack);
        else if (_serving.TryGetValue((Sender, ack.CallId), out var serving)) serving.Acknowledge(ack.Index);
    }

    private void OnCancel(RpcCancel cancel)
    {
        _incoming.Remove((Sender, cancel.CallId));
        if (_serving.TryGetValue((Sender, cancel.CallId), out var serving))
        {
            serving.Stop.Cancel();
            serving.Abort(new NodeUnavailableException(Sender.Path.Address, "the caller gave up"));
        }
    }

    private void OnGone(Address node, string reason)
    {
        if (node != _rpc.Self) _rpc.NodeGone(node, reason);
        OnLost(node, reason);
    }

    private void OnLost(Address? node, string reason)
    {
        if (node is null) return;
        if (node == _rpc.Self) return;
        Context.GetLogger().Info("Node {0}: {1}", node, reason);
        _rpc.NodeLost(node, reason);
        foreach (var key in _incoming.Keys.Where(k => k.Caller.Path.Address == node).ToList()) _incoming.Remove(key);
        foreach (var (key, serving) in _serving)
        {
            if (key.Caller.Path.Address != node) continue;
            serving.Stop.Cancel();
            serving.Abort(new NodeUnavailableException(node, reason));
        }
    }

    private void Forget(IActorRef caller, ulong call)
    {
        if (_serving.Remove((caller, call), out var serving)) serving.Stop.Dispose();
    }

    private sealed record Served(IActorRef Caller, ulong Call) : INoSerializationVerificationNeeded;

    private sealed class Serving : PartSender
    {
        public CancellationTokenSource Stop { get; } = new();
    }
}
