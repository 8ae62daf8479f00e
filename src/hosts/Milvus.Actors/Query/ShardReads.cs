using Milvus.Actors.Catalogs;
using Milvus.Actors.Protocol;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;
using Milvus.StreamingNode;

namespace Milvus.Actors.Query;

/// <summary>Answers a read of the growing rows that a session of this node's channels pins.</summary>
/// <exception cref="ShardMovedException">There is no such session (any more).</exception>
public delegate ValueTask<ReadOnlyMemory<byte>> SessionRead(ShardReadRequest request, CancellationToken cancellation);

/// <summary>
/// Answers what proxies ask of the rows on this node: sealed segments from the table, growing ones from the channels' sessions. A few reads run at a time, so
/// that each keeps its pace; the others wait their turn.
/// </summary>
/// <param name="segments">Null on a node that holds no sealed segments.</param>
/// <param name="sessions">Null on a node without channels.</param>
public sealed class ShardReads(CatalogReplica catalog, FilterPlanCache filters, int concurrentReads, SegmentTable? segments, SessionRead? sessions) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(concurrentReads);

    /// <summary>The handler of <c>RpcMethod.ReadShard</c>.</summary>
    /// <exception cref="ShardMovedException">The session or one of the segments is not here.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> HandleAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var request = ShardReadRequest.Parser.ParseFrom(payload.Span);
        await catalog.EnsureAsync(request.CatalogVersion, cancellation).ConfigureAwait(false);
        await _slots.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (request.Session != 0)
                return sessions is not null ? await sessions(request, cancellation).ConfigureAwait(false) : throw new ShardMovedException("this node has no channels");
            return await ReadAsync(request, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();

    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync(ShardReadRequest request, CancellationToken cancellation)
    {
        var found = segments?.Take(request.SegmentIds, request.Incarnations) ?? throw new ShardMovedException("this node holds no segments");
        var collection = catalog.Catalog.FindCollection(request.CollectionId)
            ?? throw new MilvusException(ErrorCode.CollectionNotFound, $"collection not found[collection={request.CollectionId}]");
        using var reader = new ShardReader(collection, new ShardView([], found, Timestamp.Zero), new Timestamp(request.ReadAt));
        return await ShardOperations.ExecuteAsync(reader, collection, filters, request.Operation, request.Body.Memory, cancellation).ConfigureAwait(false);
    }
}
