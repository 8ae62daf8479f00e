using System.Collections.Immutable;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Upserts that append to a stored array or remove values from it.</summary>
internal static class ArrayOperations
{
    /// <exception cref="MilvusException">1100: an operation on a field that is not given or no array.</exception>
    public static void Check(CollectionSchema schema, ImmutableDictionary<string, FieldOperation> operations, IReadOnlyDictionary<long, Column> columns)
    {
        foreach (var (name, operation) in operations)
        {
            // To replace is what happens without an operation.
            if (operation == FieldOperation.Replace) continue;
            if (schema.Find(name) is not { } field) throw MilvusException.InvalidParameter($"fieldName {name} not exist in collection schema");
            if (field.IsPrimaryKey) throw MilvusException.InvalidParameter($"field \"{name}\" is the primary key and cannot carry a partial-update op");
            if (field.Type != DataType.Array)
                throw MilvusException.InvalidParameter($"op {(operation == FieldOperation.ArrayAppend ? "ARRAY_APPEND" : "ARRAY_REMOVE")} requires Array field, but field \"{name}\" is {field.Type.Spelled()}");
            if (!columns.ContainsKey(field.Id)) throw MilvusException.InvalidParameter($"partial-update op targets field \"{name}\" not present in fields_data");
        }
    }

    /// <param name="stored">Rows that <paramref name="at"/> points into; −1 for rows that are new, which begin with an empty array.</param>
    public static ArrayColumn Apply(FieldSchema field, FieldOperation operation, ArrayColumn stored, int[] at, ArrayColumn update)
    {
        var builder = (ArrayColumnBuilder)ColumnBuilder.For(field);
        for (var row = 0; row < at.Length; row++)
        {
            var before = at[row] >= 0 && !stored.IsNull(at[row]) ? stored.Row(at[row]) : null;
            if (update.IsNull(row))
            {
                if (before is null) builder.AppendNull();
                else builder.AppendFrom(stored, at[row]);
                continue;
            }
            var values = update.Row(row);
            if (operation == FieldOperation.ArrayAppend) Append(builder, field, row, before, values);
            else Remove(builder, before, values);
        }
        return builder.Build();
    }

    private static void Append(ArrayColumnBuilder builder, FieldSchema field, int row, Column? before, Column values)
    {
        var length = (before?.Count ?? 0) + values.Count;
        if (length > field.MaxCapacity)
            throw MilvusException.InvalidParameter($"field \"{field.Name}\" of row {row}: array length {length} exceeds max_capacity {field.MaxCapacity}");
        for (var i = 0; i < (before?.Count ?? 0); i++) builder.Elements.AppendFrom(before!, i);
        for (var i = 0; i < values.Count; i++) builder.Elements.AppendFrom(values, i);
        builder.EndRow();
    }

    private static void Remove(ArrayColumnBuilder builder, Column? before, Column values)
    {
        for (var i = 0; i < (before?.Count ?? 0); i++)
        {
            var drop = false;
            for (var j = 0; j < values.Count && !drop; j++) drop = AreEqual(before!, i, values, j);
            if (!drop) builder.Elements.AppendFrom(before!, i);
        }
        builder.EndRow();
    }

    private static bool AreEqual(Column a, int i, Column b, int j) => (a, b) switch
    {
        (FixedColumn<bool> x, FixedColumn<bool> y) => x.Values[i] == y.Values[j],
        (FixedColumn<sbyte> x, FixedColumn<sbyte> y) => x.Values[i] == y.Values[j],
        (FixedColumn<short> x, FixedColumn<short> y) => x.Values[i] == y.Values[j],
        (FixedColumn<int> x, FixedColumn<int> y) => x.Values[i] == y.Values[j],
        (FixedColumn<long> x, FixedColumn<long> y) => x.Values[i] == y.Values[j],
        (FixedColumn<float> x, FixedColumn<float> y) => x.Values[i] == y.Values[j],
        (FixedColumn<double> x, FixedColumn<double> y) => x.Values[i] == y.Values[j],
        (BinaryColumn x, BinaryColumn y) => x[i].SequenceEqual(y[j]),
        _ => false,
    };
}
