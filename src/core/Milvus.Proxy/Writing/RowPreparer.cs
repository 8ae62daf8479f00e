using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Checks the columns of a request against the schema and completes them: ids, defaults, nulls, function outputs.</summary>
internal sealed class RowPreparer(ITimestampOracle oracle, FunctionOutputs functions)
{
    /// <summary>
    /// Finds the columns by field, refusing unknown, repeated and surplus ones. Values are not looked at yet.
    /// </summary>
    /// <returns>Column by field id.</returns>
    public static Dictionary<long, Column> Match(CollectionInfo collection, InsertRequest request)
    {
        var schema = collection.Schema;
        if (request.RowCount <= 0)
            throw MilvusException.InvalidParameter("num_rows should be greater than 0", "invalid num_rows", request.RowCount);
        if (request.SchemaTimestamp != 0 && request.SchemaTimestamp != collection.SchemaUpdatedAt.Value)
            throw new MilvusException(ErrorCode.CollectionSchemaMismatch, $"collection schema mismatch[collection={request.Collection}]") { IsInputError = true };
        var found = new Dictionary<long, Column>();
        foreach (var column in request.Columns)
        {
            var field = column.IsDynamic || column.Name == FieldIds.DynamicName ? Dynamic(schema) : schema.Find(column.Name);
            if (field is null) throw MilvusException.InvalidParameter($"fieldName {column.Name} not exist in collection schema");
            if (!found.TryAdd(field.Id, column.Column)) throw MilvusException.InvalidParameter($"duplicated field {column.Name} found");
            if (field.IsFunctionOutput && !GivenValues.MayBeOutput(collection, field))
                throw MilvusException.InvalidParameter(
                    $"values of function output field {field.Name} can not be given, more fieldData has pass in", schema.Fields.Length, schema.Fields.Length + 1);
        }
        return found;
    }

    /// <summary>Prepares an insert, or the new rows of an upsert.</summary>
    /// <param name="columns">As <see cref="Match"/> found them; the automatic primary key of an upsert taken out.</param>
    public async ValueTask<PreparedRows> PrepareAsync(CollectionInfo collection, IReadOnlyDictionary<long, Column> columns, int rows, CancellationToken cancellation)
    {
        var schema = collection.Schema;
        var key = schema.PrimaryKey;
        if (key.AutoId && columns.ContainsKey(key.Id) && !GivenValues.MayBeAutoId(collection))
            throw MilvusException.InvalidParameter("more fieldData has pass in", schema.Fields.Length, schema.Fields.Length + 1);
        var result = new Dictionary<long, Column>(schema.Fields.Length);
        foreach (var field in schema.Fields)
        {
            if (columns.TryGetValue(field.Id, out var given)) result[field.Id] = FieldConversion.Convert(schema, field, given, rows);
            else if (field.IsFunctionOutput) continue;
            else if (field.IsPrimaryKey && field.AutoId) result[field.Id] = NewIds(field, rows);
            else result[field.Id] = DefaultValues.ForAbsent(field, rows);
        }
        StructChecks.Check(schema, result);
        await functions.ComputeAsync(schema, result, cancellation).ConfigureAwait(false);
        return Complete(collection, result);
    }

    /// <summary>Rows whose columns are converted already, function outputs included.</summary>
    public static PreparedRows Complete(CollectionInfo collection, IReadOnlyDictionary<long, Column> columns)
    {
        var schema = collection.Schema;
        var ordered = ImmutableArray.CreateBuilder<FieldColumn>(schema.Fields.Length);
        foreach (var field in schema.Fields) ordered.Add(new FieldColumn(field.Id, columns[field.Id]));
        return new PreparedRows(collection, ordered.MoveToImmutable(), new PrimaryKeys(columns[schema.PrimaryKey.Id]));
    }

    /// <summary>Fresh ids: int64, or their decimal text for VarChar keys.</summary>
    public Column NewIds(FieldSchema key, int rows)
    {
        var first = oracle.NextIds(rows);
        if (key.Type == DataType.Int64)
        {
            var ids = new long[rows];
            for (var i = 0; i < rows; i++) ids[i] = first + i;
            return new FixedColumn<long>(DataType.Int64, ids);
        }
        var builder = new BinaryColumnBuilder(key.Type);
        Span<byte> text = stackalloc byte[20];
        for (var i = 0; i < rows; i++)
        {
            (first + i).TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
            builder.Append(text[..length]);
        }
        return builder.Build();
    }

    private static FieldSchema Dynamic(CollectionSchema schema) =>
        schema.DynamicField
        ?? throw MilvusException.InvalidParameter($"without dynamic schema enabled, the field name cannot be set to {FieldIds.DynamicName}");
}
