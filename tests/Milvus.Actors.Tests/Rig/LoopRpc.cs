using System.Collections.Concurrent;
using Akka.Actor;
using Milvus.Actors.Rpc;
using Milvus.Proxy;

namespace Milvus.Actors.Tests.Rig;

/// <summary>Calls without a network: every address leads to the node registered for it, unless a test says otherwise.</summary>
internal sealed class LoopNetwork
{
    private readonly ConcurrentDictionary<Address, LoopRpc> _nodes = new();

    /// <summary>Runs before each call and may throw what the caller shall see.</summary>
    public Func<Address, RpcMethod, ReadOnlyMemory<byte>, Task> Interfere { get; set; } = (_, _, _) => Task.CompletedTask;

    public ConcurrentQueue<(Address Node, RpcMethod Method)> Calls { get; } = new();

    public LoopRpc Node(string name) => _nodes.GetOrAdd(Address.Parse($"akka.tcp://milvus@{name}:1"), a => new LoopRpc(this, a));

    public async Task<ReadOnlyMemory<byte>> CallAsync(Address node, RpcMethod method, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        Calls.Enqueue((node, method));
        await Interfere(node, method, payload);
        if (!_nodes.TryGetValue(node, out var target)) throw new NodeUnavailableException(node, "there is no such node");
        if (!target.Handlers.TryGetValue(method, out var handler)) throw new ShardMovedException($"{node} does not serve {method}");
        return await handler(payload, cancellation);
    }
}

internal sealed class LoopRpc(LoopNetwork network, Address self) : INodeRpc
{
    public ConcurrentDictionary<RpcMethod, RpcHandler> Handlers { get; } = new();

    public Address Self => self;

    public Task<ReadOnlyMemory<byte>> CallAsync(Address node, RpcMethod method, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        network.CallAsync(node, method, payload, cancellation);

    public void Handle(RpcMethod method, RpcHandler handler) => Handlers[method] = handler;
}
