using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading;
using Milvus.Proxy.Reading.Queries;

namespace Milvus.Proxy.Writing;

/// <summary>
/// Completes rows that carry some fields only with what is stored under their keys. Rows without a predecessor must be complete but
/// for defaults and nulls. Reading and writing are two steps: of two updates of one row at the same time the later one wins whole.
/// </summary>
internal sealed class PartialUpdate(IShardGateway gateway, ReadScopes scopes, Filters filters, RowPreparer preparer, FunctionOutputs functions)
{
    /// <param name="columns">The given columns by field id, the primary key among them.</param>
    /// <param name="keys">The primary keys, converted.</param>
    public async Task<PreparedRows> MergeAsync(
        CollectionInfo collection,
        WriteTarget target,
        Dictionary<long, Column> columns,
        PrimaryKeys keys,
        ImmutableDictionary<string, FieldOperation> operations,
        bool newIds,
        CancellationToken cancellation)
    {
        var schema = collection.Schema;
        ArrayOperations.Check(schema, operations, columns);
        using var readers = await ShardReaders.OpenAsync(gateway, scopes.Newest(collection, target.Scope), cancellation).ConfigureAwait(false);
        var query = QueryExecutor.Shard(readers.Scope, filters.ForKeys(collection, keys));
        var found = await KeyedRows.FindAsync(readers, query, 0, null, cancellation).ConfigureAwait(false);
        var stored = new RowFetch(readers, found.Rows);
        var at = Positions(found, keys);

        var merged = new Dictionary<long, Column>();
        foreach (var field in schema.Fields)
        {
            var given = columns.GetValueOrDefault(field.Id);
            if (field.IsFunctionOutput && given is null)
            {
                // An embedding of a text that stays the same need not be asked for again.
                if (!at.Contains(-1) && schema.FunctionOf(field) is { Type: not FunctionType.BM25 } function && !function.InputFields.Any(i => columns.ContainsKey(schema.Find(i)!.Id)))
                    merged[field.Id] = Keep(field, await stored.FetchAsync(field, cancellation).ConfigureAwait(false), at);
                continue;
            }
            if (field.IsPrimaryKey) merged[field.Id] = newIds ? preparer.NewIds(field, keys.Count) : keys.Column;
            else if (given is null) merged[field.Id] = Keep(field, await stored.FetchAsync(field, cancellation).ConfigureAwait(false), at);
            else
            {
                var operation = operations.GetValueOrDefault(field.Name);
                var update = FieldConversion.Convert(schema, field, given, keys.Count);
                if (field.IsDynamic)
                    merged[field.Id] = DynamicMerge.Merge((BinaryColumn)await stored.FetchAsync(field, cancellation).ConfigureAwait(false), at, (BinaryColumn)update);
                else if (operation == FieldOperation.Replace) merged[field.Id] = update;
                else
                    merged[field.Id] = ArrayOperations.Apply(
                        field, operation, (ArrayColumn)await stored.FetchAsync(field, cancellation).ConfigureAwait(false), at, (ArrayColumn)update);
            }
        }
        StructChecks.Check(schema, merged);
        await functions.ComputeAsync(schema, merged, cancellation).ConfigureAwait(false);
        return RowPreparer.Complete(collection, merged);
    }

    /// <summary>For every key its position among the stored rows, −1 when there is none.</summary>
    private static int[] Positions(KeyedRows found, PrimaryKeys keys)
    {
        var positions = found.Positions();
        var at = new int[keys.Count];
        for (var i = 0; i < at.Length; i++) at[i] = positions.TryGetValue(KeyValue.Of(keys, i), out var p) ? p : -1;
        return at;
    }

    private static Column Keep(FieldSchema field, Column stored, int[] at)
    {
        var builder = ColumnBuilder.For(field);
        var missing = at.Contains(-1) && !DefaultValues.CanBeAbsent(field);
        if (missing) throw DefaultValues.MissingField(field);
        var value = DefaultValues.Single(field);
        foreach (var row in at)
        {
            if (row >= 0) builder.AppendFrom(stored, row);
            else if (value is not null) builder.AppendFrom(value, 0);
            else builder.AppendNull();
        }
        return builder.Build();
    }
}
