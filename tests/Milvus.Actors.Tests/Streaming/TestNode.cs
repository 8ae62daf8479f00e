using Akka.Actor;
using Milvus.Actors.Catalogs;
using Milvus.Actors.Messages;
using Milvus.Actors.Rpc;
using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Service;
using Milvus.Model;

namespace Milvus.Actors.Tests.Streaming;

/// <summary>Calls between nodes of one process; nodes that are not among the peers do not exist.</summary>
internal sealed class TestRpc(int port, Dictionary<Address, TestRpc> peers) : INodeRpc
{
    private readonly Dictionary<RpcMethod, RpcHandler> _handlers = [];

    public Address Self { get; } = new("akka.tcp", "milvus", "127.0.0.1", port);

    /// <summary>Methods that find nobody.</summary>
    public HashSet<RpcMethod> Unavailable { get; } = [];

    /// <summary>Calls so far by method.</summary>
    public Dictionary<RpcMethod, int> Calls { get; } = [];

    public async Task<ReadOnlyMemory<byte>> CallAsync(Address node, RpcMethod method, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        lock (Calls) Calls[method] = Calls.GetValueOrDefault(method) + 1;
        if (!peers.TryGetValue(node, out var peer) || Unavailable.Contains(method)) throw new NodeUnavailableException(node, "the test says so");
        return await peer._handlers[method](payload, cancellation);
    }

    public void Handle(RpcMethod method, RpcHandler handler) => _handlers[method] = handler;
}

/// <summary>The coordinator in the same process.</summary>
internal sealed class TestCoordinator(CoordinatorService service, CatalogReplica replica, Action<IControlMessage> publish) : ICoordinatorClient
{
    /// <summary>Commits that happen without their answer getting through.</summary>
    public int LoseAnswers { get; set; }

    /// <summary>Commits that do not happen.</summary>
    public int FailCommits { get; set; }

    public async Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellation)
    {
        var result = await service.ExecuteAsync(command, cancellation);
        await replica.EnsureAsync(result.Catalog.Version, cancellation);
        return result;
    }

    public Task<long> AllocateIdsAsync(int count, CancellationToken cancellation) => Task.FromResult(service.Oracle.NextIds(count));

    public async Task CommitSegmentsAsync(SegmentChange change, CancellationToken cancellation)
    {
        if (FailCommits > 0)
        {
            FailCommits--;
            throw new MilvusException(ErrorCode.ServiceUnavailable, "injected: service unavailable");
        }
        await service.Segments.CommitAsync(change, cancellation);
        if (LoseAnswers > 0)
        {
            LoseAnswers--;
            throw new MilvusException(ErrorCode.Timeout, "injected: context deadline exceeded");
        }
        publish(new SegmentsChanged(change.CollectionId));
    }

    public Task<bool> AttachIndexAsync(long collectionId, long segmentId, SegmentIndexFile file, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<T> AskAsync<T>(IControlMessage message, CancellationToken cancellation)
        where T : IControlMessage => throw new NotSupportedException();
}
