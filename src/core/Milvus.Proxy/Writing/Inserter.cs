using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Inserts rows. The same key twice gives two rows, of which reads return the newer.</summary>
internal sealed class Inserter(RowPreparer preparer, ShardWriter writer, ProxyOptions options)
{
    public async Task<MutationResult> InsertAsync(CollectionInfo collection, InsertRequest request, CancellationToken cancellation)
    {
        var target = WriteTarget.Of(collection, request.Partition);
        var rows = await preparer.PrepareAsync(collection, RowPreparer.Match(collection, request), request.RowCount, cancellation).ConfigureAwait(false);
        var plan = WritePlanner.PlanRows(rows, target.Partitions, target.PartitionOf(rows), null, [], options.MaxWriteBytes);
        if (request.CheckOnly) return new MutationResult { Ids = rows.Keys, Timestamp = Timestamp.Zero };
        if (request.Into is { } intake)
        {
            for (var shard = 0; shard < plan.Length; shard++)
                foreach (var insert in plan[shard].SelectMany(w => w.Inserts)) await intake.AppendAsync(shard, insert.PartitionId, insert.Rows, cancellation).ConfigureAwait(false);
            return new MutationResult { Ids = rows.Keys, InsertCount = rows.Count, Timestamp = Timestamp.Zero };
        }
        var timestamp = await writer.WriteAsync(collection, plan, cancellation).ConfigureAwait(false);
        return new MutationResult { Ids = rows.Keys, InsertCount = rows.Count, Timestamp = timestamp };
    }
}

/// <summary>The partitions that the rows of a request go to.</summary>
/// <param name="Partitions">One, or all of a collection with a partition key.</param>
internal readonly record struct WriteTarget(ImmutableArray<PartitionInfo> Partitions, FieldSchema? Key)
{
    /// <summary>Partitions in which an upsert looks for and deletes the rows it replaces; empty for all.</summary>
    public ImmutableArray<long> Scope => Key is null ? [Partitions[0].Id] : [];

    /// <exception cref="MilvusException">200: no such partition. 1100: a name although the partition key decides.</exception>
    public static WriteTarget Of(CollectionInfo collection, string? partition)
    {
        if (collection.Schema.PartitionKey is not { } key) return new WriteTarget([PartitionRouting.ForWrite(collection, partition)], null);
        if (!string.IsNullOrEmpty(partition)) PartitionRouting.RefuseNamesWithPartitionKey(collection);
        return new WriteTarget(PartitionRouting.KeyPartitions(collection), key);
    }

    /// <summary>For every row the index of its partition; null when there is one only.</summary>
    public int[]? PartitionOf(PreparedRows rows) => Key is null ? null : PartitionRouting.ByKey(rows.Rows.Find(Key.Id)!, Partitions.Length);
}
