using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Actors.Time;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;

namespace Milvus.Actors.Rpc;

/// <summary>The calling side of <see cref="INodeRpc"/>, and the table of handlers. <see cref="NodeRpcActor"/> is its ear.</summary>
public sealed class NodeRpc : INodeRpc
{
    /// <summary>Bytes of one part. Well below the frame size, so that heartbeats on the same association do not wait long.</summary>
    public const int PartBytes = 256 << 10;

    private const int Window = 4;

    private readonly ExtendedActorSystem _system;
    private readonly ClusterOracle _oracle;
    private readonly IMaterializer _materializer;
    private readonly ConcurrentDictionary<ulong, PendingCall> _pending = new();
    private readonly ConcurrentDictionary<Address, IActorRef> _peers = new();
    private readonly ConcurrentDictionary<Address, string> _lost = new();
    private readonly RpcHandler?[] _handlers = new RpcHandler?[32];
    private readonly IActorRef _actor;
    private long _lastCall;

    public NodeRpc(ActorSystem system, ClusterOracle oracle)
    {
        _system = (ExtendedActorSystem)system;
        _oracle = oracle;
        _materializer = system.Materializer();
        Self = _system.Provider.DefaultAddress;
        // Call ids of an earlier process at this address must not be mistaken for ours.
        _lastCall = (long)(oracle.Next().Value << 8);
        _actor = system.ActorOf(Props.Create(() => new NodeRpcActor(this, oracle)).WithDispatcher(NodeRpcActor.Dispatcher), NodeRpcActor.Name);
    }

    public Address Self { get; }

    /// <summary>Calls waiting for an answer.</summary>
    public int PendingCalls => _pending.Count;

    public void Handle(RpcMethod method, RpcHandler handler) => Volatile.Write(ref _handlers[(int)method], handler);

    public async Task<ReadOnlyMemory<byte>> CallAsync(Address node, RpcMethod method, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (node == Self)
        {
            // Handlers run on the thread pool, whoever calls; and calls to other nodes that the caller makes next need not wait for this one.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return await Handler((uint)method)(payload, cancellation).ConfigureAwait(false);
        }
        if (_lost.TryGetValue(node, out var why)) throw new NodeUnavailableException(node, why);
        var id = (ulong)Interlocked.Increment(ref _lastCall);
        var call = new PendingCall(node);
        _pending[id] = call;
        var peer = Peer(node);
        await using var registration = cancellation.UnsafeRegister(static (state, token) => ((PendingCall)state!).Cancel(token), call);
        try
        {
            var count = Count(payload);
            if (count == 1) peer.Tell(Part(id, method, payload, 0, 1), _actor);
            else await SendAllAsync(call, count, i => peer.Tell(Part(id, method, Slice(payload, i), i, count), _actor)).ConfigureAwait(false);
            return await call.Completion.Task.ConfigureAwait(false);
        }
        finally
        {
            _pending.TryRemove(id, out _);
            if (cancellation.IsCancellationRequested) peer.Tell(new RpcCancel { CallId = id }, _actor);
        }
    }

    /// <summary>Calls to the node fail at once until it is <see cref="NodeFound">found</see>.</summary>
    internal void NodeGone(Address node, string reason)
    {
        _lost[node] = reason;
        NodeLost(node, reason);
    }

    internal void NodeFound(Address node) => _lost.TryRemove(node, out _);

    /// <summary>A part of a call was dropped on its way out.</summary>
    internal void Undeliverable(ulong id)
    {
        if (_pending.TryGetValue(id, out var call)) call.Fail(new NodeUnavailableException(call.Node, "there is no connection"));
    }

    /// <summary>This node ends; nobody will be heard any more.</summary>
    internal void Stopped()
    {
        foreach (var (_, call) in _pending) call.Fail(new NodeUnavailableException(call.Node, "this node is stopping"));
    }

    /// <summary>Fails every call that waits for the node.</summary>
    internal void NodeLost(Address node, string reason)
    {
        foreach (var (_, call) in _pending)
            if (call.Node == node) call.Fail(new NodeUnavailableException(node, reason));
    }

    internal void OnReply(RpcReplyPart part, IActorRef sender)
    {
        if (!_pending.TryGetValue(part.CallId, out var call)) return;
        if (part.Count > 1) sender.Tell(new RpcPartAck { CallId = part.CallId, Index = part.Index, OfReply = true }, _actor);
        if (call.Reply.Add(part.Index, part.Count, part.Payload) is not { } whole) return;
        switch (part.Status)
        {
            case RpcStatus.Ok:
                call.Completion.TrySetResult(whole);
                break;
            case RpcStatus.Moved:
                call.Fail(new ShardMovedException($"{call.Node}: {System.Text.Encoding.UTF8.GetString(whole.Span)}"));
                break;
            default:
                call.Fail(Failure(whole));
                break;
        }
    }

    internal void OnAck(RpcPartAck ack)
    {
        if (_pending.TryGetValue(ack.CallId, out var call)) call.Acknowledge(ack.Index);
    }

    internal RpcHandler Handler(uint method) =>
        (method < _handlers.Length ? Volatile.Read(ref _handlers[method]) : null)
            ?? throw new MilvusException(ErrorCode.ServiceUnavailable, $"this node does not serve {(RpcMethod)method}: service unavailable");

    /// <summary>Sends numbered parts, at most <see cref="Window"/> of them unacknowledged.</summary>
    internal Task SendPartsAsync(PartSender sender, int count, Action<int> send) =>
        Source.From(Enumerable.Range(0, count))
            .SelectAsync(Window, i =>
            {
                var acknowledged = sender.Expect((uint)i);
                send(i);
                return acknowledged;
            })
            .RunWith(Sink.Ignore<uint>(), _materializer);

    // What keeps parts from being sent is the outcome of the call.
    private async Task SendAllAsync(PendingCall call, int count, Action<int> send)
    {
        var sending = SendPartsAsync(call, count, send);
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!sending.IsCompletedSuccessfully) call.Fail(new NodeUnavailableException(call.Node, "sending was broken off"));
    }

    internal static int Count(ReadOnlyMemory<byte> payload) => Math.Max(1, (payload.Length + PartBytes - 1) / PartBytes);

    internal static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> payload, int index) =>
        payload.Slice(index * PartBytes, Math.Min(PartBytes, payload.Length - (index * PartBytes)));

    private static Exception Failure(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return ErrorCodec.Decode(payload);
        }
        catch (IntegrityException e)
        {
            return e;
        }
    }

    private RpcPart Part(ulong id, RpcMethod method, ReadOnlyMemory<byte> payload, int index, int count) => new()
    {
        CallId = id,
        Method = (uint)method,
        Index = (uint)index,
        Count = (uint)count,
        Payload = UnsafeByteOperations.UnsafeWrap(payload),
        Clock = _oracle.Current.Value,
    };

    private IActorRef Peer(Address node) => _peers.GetOrAdd(
        node, static (address, system) => system.Provider.ResolveActorRef(new RootActorPath(address) / "user" / NodeRpcActor.Name), _system);

    private sealed class PendingCall(Address node) : PartSender
    {
        public Address Node { get; } = node;

        public TaskCompletionSource<ReadOnlyMemory<byte>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public PartAssembly Reply { get; } = new();

        public void Cancel(CancellationToken token)
        {
            Completion.TrySetCanceled(token);
            Abort(new OperationCanceledException(token));
        }

        public void Fail(Exception reason)
        {
            Completion.TrySetException(reason);
            Abort(reason);
        }
    }
}
