using System.Buffers.Binary;
using System.Collections.Immutable;
using Akka.Actor;
using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Actors.Rpc;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;
using Milvus.Segments;
using Milvus.Text.Bm25;

namespace Milvus.Actors.Gateways;

/// <summary>Reads a part of a shard on another node: the growing rows of a session there, or sealed segments by id.</summary>
internal sealed class RemoteShardReader : IShardReader
{
    private readonly INodeRpc _rpc;
    private readonly Address _node;
    private readonly ShardReadRequest _place;
    private readonly string _shard;
    private int _isClosed;

    /// <param name="place">Session or segments, collection, catalogue version and moment; operation and body are filled in.</param>
    public RemoteShardReader(INodeRpc rpc, Address node, ShardId shard, ShardReadRequest place)
    {
        _rpc = rpc;
        _node = node;
        _place = place;
        _shard = shard.ToString();
        ReadAt = new Timestamp(place.ReadAt);
    }

    public Timestamp ReadAt { get; }

    public void Dispose()
    {
        if (_place.Session == 0 || Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        _ = CloseAsync();
    }

    public async ValueTask<ShardHits> SearchAsync(ShardSearch request, CancellationToken cancellation) =>
        ShardHitsCodec.Decode(await CallAsync(ReadOperation.Search, ShardSearchCodec.Encode(request), cancellation).ConfigureAwait(false));

    public async ValueTask<ShardRows> QueryAsync(ShardQuery request, CancellationToken cancellation) =>
        ShardRowsCodec.Decode(await CallAsync(ReadOperation.Query, ShardQueryCodec.Encode(request), cancellation).ConfigureAwait(false));

    public async ValueTask<long> CountAsync(ShardQuery request, CancellationToken cancellation) =>
        BinaryPrimitives.ReadInt64LittleEndian((await CallAsync(ReadOperation.Count, ShardQueryCodec.Encode(request), cancellation).ConfigureAwait(false)).Span);

    public async ValueTask<GroupStates> AggregateAsync(ShardAggregation request, CancellationToken cancellation) =>
        GroupStatesCodec.Decode(await CallAsync(ReadOperation.Aggregate, ShardAggregationCodec.Encode(request), cancellation).ConfigureAwait(false));

    public async ValueTask<ImmutableArray<SegmentExplain>> ExplainSearchAsync(ShardSearch request, CancellationToken cancellation) =>
        SegmentExplainCodec.Decode(await CallAsync(ReadOperation.ExplainSearch, ShardSearchCodec.Encode(request), cancellation).ConfigureAwait(false));

    public async ValueTask<ImmutableArray<SegmentExplain>> ExplainQueryAsync(ShardQuery request, CancellationToken cancellation) =>
        SegmentExplainCodec.Decode(await CallAsync(ReadOperation.ExplainQuery, ShardQueryCodec.Encode(request), cancellation).ConfigureAwait(false));

    public async ValueTask<Column> FetchAsync(long fieldId, ReadOnlyMemory<RowReference> rows, CancellationToken cancellation) =>
        ColumnReplyCodec.Decode(await CallAsync(ReadOperation.Fetch, RowFetchCodec.Encode(fieldId, rows.Span), cancellation).ConfigureAwait(false));

    public async ValueTask<Bm25QueryStatistics> GetTermStatisticsAsync(long fieldId, ReadOnlyMemory<uint> terms, CancellationToken cancellation) =>
        Bm25QueryStatisticsCodec.Decode(await CallAsync(ReadOperation.Terms, TermQuestionCodec.Encode(fieldId, terms.Span), cancellation).ConfigureAwait(false));

    private async ValueTask<ReadOnlyMemory<byte>> CallAsync(ReadOperation operation, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var request = new ShardReadRequest(_place) { Operation = operation, Body = UnsafeByteOperations.UnsafeWrap(body) };
        try
        {
            return await _rpc.CallAsync(_node, RpcMethod.ReadShard, request.ToByteArray(), cancellation).ConfigureAwait(false);
        }
        catch (NodeUnavailableException e)
        {
            throw new ShardMovedException($"shard {_shard}: {e.Message}", e);
        }
    }

    private async Task CloseAsync()
    {
        try
        {
            await _rpc.CallAsync(_node, RpcMethod.CloseShard, new CloseShardRequest { Session = _place.Session }.ToByteArray(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The session ends by itself when nobody uses it.
        }
    }
}
