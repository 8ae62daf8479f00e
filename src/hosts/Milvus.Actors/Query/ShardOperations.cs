using Milvus.Actors.Protocol;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;

namespace Milvus.Actors.Query;

/// <summary>Carries out on a reader what another node asks of it in bytes; the other side is <c>RemoteShardReader</c>.</summary>
public static class ShardOperations
{
    /// <exception cref="MilvusException">What the operation met, or 1100: not an operation this version knows.</exception>
    /// <exception cref="IntegrityException">The body cannot be read.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> ExecuteAsync(
        IShardReader reader, CollectionInfo collection, FilterPlanCache filters, ReadOperation operation, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var schema = collection.Schema;
        switch (operation)
        {
            case ReadOperation.Search:
                return ShardHitsCodec.Encode(await reader.SearchAsync(ShardSearchCodec.Decode(body, schema, filters.For(schema)), cancellation).ConfigureAwait(false));
            case ReadOperation.Query:
                return ShardRowsCodec.Encode(await reader.QueryAsync(ShardQueryCodec.Decode(body, schema, filters.For(schema)), cancellation).ConfigureAwait(false));
            case ReadOperation.Count:
                var count = new byte[sizeof(long)];
                var rows = await reader.CountAsync(ShardQueryCodec.Decode(body, schema, filters.For(schema)), cancellation).ConfigureAwait(false);
                System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(count, rows);
                return count;
            case ReadOperation.Aggregate:
                return GroupStatesCodec.Encode(await reader.AggregateAsync(ShardAggregationCodec.Decode(body, schema, filters.For(schema)), cancellation).ConfigureAwait(false));
            case ReadOperation.ExplainSearch:
                return SegmentExplainCodec.Encode(await reader.ExplainSearchAsync(ShardSearchCodec.Decode(body, schema, filters.For(schema)), cancellation).ConfigureAwait(false));
            case ReadOperation.ExplainQuery:
                return SegmentExplainCodec.Encode(await reader.ExplainQueryAsync(ShardQueryCodec.Decode(body, schema, filters.For(schema)), cancellation).ConfigureAwait(false));
            case ReadOperation.Fetch:
                var (fieldId, wanted) = RowFetchCodec.Decode(body);
                return ColumnReplyCodec.Encode(await reader.FetchAsync(fieldId, wanted, cancellation).ConfigureAwait(false));
            case ReadOperation.Terms:
                var (termField, terms) = TermQuestionCodec.Decode(body);
                return Bm25QueryStatisticsCodec.Encode(await reader.GetTermStatisticsAsync(termField, terms, cancellation).ConfigureAwait(false));
            default:
                throw MilvusException.InvalidParameter($"read operation {(int)operation} is not known to this node");
        }
    }
}
