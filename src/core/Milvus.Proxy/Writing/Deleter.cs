using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Proxy.Reading;
using Milvus.Proxy.Reading.Queries;

namespace Milvus.Proxy.Writing;

/// <summary>Deletes by key, without reading, or by any other filter, by finding the keys first.</summary>
internal sealed class Deleter(IShardGateway gateway, ReadScopes scopes, Filters filters, ShardWriter writer, ReadRepeater repeater, ITimestampOracle oracle, ProxyOptions options)
{
    public async Task<MutationResult> DeleteAsync(CollectionInfo collection, DeleteRequest request, CancellationToken cancellation)
    {
        ImmutableArray<long> partitions = string.IsNullOrEmpty(request.Partition) ? [] : [PartitionRouting.ForWrite(collection, request.Partition).Id];
        if (request.Keys is { } keys)
        {
            KeyChecks.RequireType(collection.Schema, keys);
            return await DeleteAsync(collection, keys, keys.Count, partitions, cancellation).ConfigureAwait(false);
        }
        var filter = filters.Compile(collection, request.Expression, request.Templates, use: FilterUse.Delete);
        if (filter.IsAlwaysTrue) throw MilvusException.InvalidParameter($"delete plan can't be empty or always true : {request.Expression}");
        if (filter.PrimaryKeys is { ExactlyKeys: true } exact)
            return await DeleteAsync(collection, exact.Keys, exact.GivenCount, partitions, cancellation).ConfigureAwait(false);
        var found = await repeater.RunAsync(
            (Deleter: this, collection, filter, partitions),
            static (s, ct) => s.Deleter.FindAsync(s.collection, s.filter, s.partitions, ct),
            cancellation).ConfigureAwait(false);
        return await DeleteAsync(collection, found, found.Count, partitions, cancellation).ConfigureAwait(false);
    }

    private async Task<PrimaryKeys> FindAsync(CollectionInfo collection, FilterPlan filter, ImmutableArray<long> partitions, CancellationToken cancellation)
    {
        using var readers = await ShardReaders.OpenAsync(gateway, scopes.Newest(collection, partitions), cancellation).ConfigureAwait(false);
        return (await KeyedRows.FindAsync(readers, QueryExecutor.Shard(readers.Scope, filter), 0, null, cancellation).ConfigureAwait(false)).Ids;
    }

    private async Task<MutationResult> DeleteAsync(
        CollectionInfo collection, PrimaryKeys keys, long count, ImmutableArray<long> partitions, CancellationToken cancellation)
    {
        var plan = WritePlanner.PlanDeletes(keys, collection.ShardCount, partitions, options.MaxWriteBytes);
        var timestamp = await writer.WriteAsync(collection, plan, cancellation).ConfigureAwait(false);
        // Nothing to delete still has a time, which clients keep for Session reads.
        if (timestamp == Timestamp.Zero) timestamp = oracle.Next();
        return new MutationResult { Ids = keys, DeleteCount = count, Timestamp = timestamp };
    }
}
