using Milvus.Model;
using Milvus.Proxy.Reading;

namespace Milvus.Proxy.Writing;

/// <summary>
/// Replaces rows by primary key, or adds them. A row and the delete of its predecessor are one shard write; only where an automatic key
/// moves a row to another shard the new row is written first, so that a failure in between leaves both rather than none.
/// </summary>
internal sealed class Upserter(RowPreparer preparer, PartialUpdate partial, ShardWriter writer, ReadRepeater repeater, ProxyOptions options)
{
    public async Task<MutationResult> UpsertAsync(CollectionInfo collection, UpsertRequest request, CancellationToken cancellation)
    {
        var key = collection.Schema.PrimaryKey;
        var target = WriteTarget.Of(collection, request.Partition);
        var columns = RowPreparer.Match(collection, request);
        if (!columns.TryGetValue(key.Id, out var given)) throw DefaultValues.MissingField(key);
        var replaced = new PrimaryKeys(FieldConversion.Convert(collection.Schema, key, given, request.RowCount));
        RefuseDuplicates(replaced);
        var newIds = key.AutoId && !GivenValues.MayBeAutoId(collection);

        PreparedRows rows;
        if (request.PartialUpdate || !request.FieldOperations.IsEmpty)
            rows = await repeater.RunAsync(
                (partial, collection, target, columns, replaced, request.FieldOperations, newIds),
                static (s, ct) => s.partial.MergeAsync(s.collection, s.target, s.columns, s.replaced, s.FieldOperations, s.newIds, ct),
                cancellation).ConfigureAwait(false);
        else
        {
            if (newIds) columns.Remove(key.Id);
            rows = await preparer.PrepareAsync(collection, columns, request.RowCount, cancellation).ConfigureAwait(false);
        }
        var timestamp = newIds && collection.ShardCount > 1
            ? await WriteApartAsync(rows, target, replaced, cancellation).ConfigureAwait(false)
            : await writer.WriteAsync(collection, Plan(rows, target, replaced), cancellation).ConfigureAwait(false);
        return new MutationResult { Ids = rows.Keys, InsertCount = rows.Count, DeleteCount = rows.Count, UpsertCount = rows.Count, Timestamp = timestamp };
    }

    private List<ShardWrite>[] Plan(PreparedRows rows, WriteTarget target, PrimaryKeys? replaced) =>
        WritePlanner.PlanRows(rows, target.Partitions, target.PartitionOf(rows), replaced, target.Scope, options.MaxWriteBytes);

    private async Task<Timestamp> WriteApartAsync(PreparedRows rows, WriteTarget target, PrimaryKeys replaced, CancellationToken cancellation)
    {
        await writer.WriteAsync(rows.Collection, Plan(rows, target, null), cancellation).ConfigureAwait(false);
        var deletes = WritePlanner.PlanDeletes(replaced, rows.Collection.ShardCount, target.Scope, options.MaxWriteBytes);
        return await writer.WriteAsync(rows.Collection, deletes, cancellation).ConfigureAwait(false);
    }

    private static void RefuseDuplicates(PrimaryKeys keys)
    {
        var seen = new HashSet<KeyValue>(keys.Count);
        for (var i = 0; i < keys.Count; i++)
            if (!seen.Add(KeyValue.Of(keys, i))) throw MilvusException.InvalidParameter("duplicate primary keys are not allowed in the same batch");
    }
}
