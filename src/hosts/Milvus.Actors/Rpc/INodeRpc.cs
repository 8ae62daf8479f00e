using Akka.Actor;

namespace Milvus.Actors.Rpc;

/// <summary>Answers one method. Runs on the thread pool; the token is cancelled when the caller gave up or its deadline passed.</summary>
public delegate ValueTask<ReadOnlyMemory<byte>> RpcHandler(ReadOnlyMemory<byte> payload, CancellationToken cancellation);

/// <summary>
/// Calls from node to node for what is large or frequent. Payloads of any size: large ones travel in parts, a few at a time, so that they
/// neither exceed a frame nor hold up heartbeats. A call to the own node runs the handler directly. Thread-safe.
/// </summary>
public interface INodeRpc
{
    /// <summary>The address under which other nodes reach this one.</summary>
    Address Self { get; }

    /// <exception cref="Model.MilvusException">What the handler threw, with its code and message.</exception>
    /// <exception cref="ShardMovedException">What was asked for is not on that node, by its own word.</exception>
    /// <exception cref="NodeUnavailableException">The node is gone or does not answer: whether the call was carried out is unknown.</exception>
    Task<ReadOnlyMemory<byte>> CallAsync(Address node, RpcMethod method, ReadOnlyMemory<byte> payload, CancellationToken cancellation);

    /// <summary>Sets the handler of a method, before the first call arrives.</summary>
    void Handle(RpcMethod method, RpcHandler handler);
}

/// <summary>A node did not answer: whether the call was carried out is unknown.</summary>
public sealed class NodeUnavailableException(Address node, string reason)
    : Exception($"node {node} is not available: {reason}")
{
    public Address Node { get; } = node;
}
