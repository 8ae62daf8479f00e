using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>The sub-fields of a struct are one list: in every row they are all null or all equally long.</summary>
internal static class StructChecks
{
    /// <param name="columns">Converted columns by field id, all sub-fields of a struct among them or none.</param>
    /// <exception cref="MilvusException">1100.</exception>
    public static void Check(CollectionSchema schema, IReadOnlyDictionary<long, Column> columns)
    {
        foreach (var parent in schema.StructFields)
        {
            ArrayColumn? first = null;
            foreach (var field in schema.FieldsOf(parent))
            {
                if (!columns.TryGetValue(field.Id, out var column)) continue;
                if (first is null) first = (ArrayColumn)column;
                else CheckEqual(parent, field, first, (ArrayColumn)column);
            }
        }
    }

    private static void CheckEqual(StructFieldSchema parent, FieldSchema field, ArrayColumn first, ArrayColumn other)
    {
        for (var row = 0; row < first.Count; row++)
        {
            if (first.IsNull(row) != other.IsNull(row))
                throw MilvusException.InvalidParameter($"inconsistent validity in struct field {parent.Name}, sub-field {parent.ShortName(field)}, row number: {row}");
            if (!first.IsNull(row) && first.Length(row) != other.Length(row))
                throw MilvusException.InvalidParameter(
                    $"inconsistent array length in struct field {parent.Name}, sub-field {parent.ShortName(field)}, row number: {row}", first.Length(row), other.Length(row));
        }
    }
}
