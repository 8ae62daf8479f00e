using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Checks JSON and dynamic field values before they are stored: whatever reads them later need not expect broken text.</summary>
internal static class JsonChecks
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 64 };

    /// <summary>Clients write no bytes at all for a value that is not there: a null where the field allows it, else JSON's null.</summary>
    public static BinaryColumn CheckField(FieldSchema field, BinaryColumn column)
    {
        var empty = false;
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsNull(row)) continue;
            var value = column[row];
            if (value.Length == 0)
            {
                empty = true;
                continue;
            }
            if (value.Length > Limits.JsonMaxBytes)
                throw MilvusException.InvalidParameter(
                    $"the length ({value.Length}) of json field ({field.Name}) exceeds max length ({Limits.JsonMaxBytes})",
                    "valid length json string", "length exceeds max length");
            if (!Utf8.IsValid(value)) throw Invalid(field.Name, row, "it is not UTF-8");
            try
            {
                var reader = new Utf8JsonReader(value, Strict);
                while (reader.Read())
                {
                }
            }
            catch (JsonException e)
            {
                throw Invalid(field.Name, row, e.Message);
            }
        }
        return empty ? WithoutEmpty(field, column) : column;
    }

    private static BinaryColumn WithoutEmpty(FieldSchema field, BinaryColumn column)
    {
        var values = new BinaryColumnBuilder(column.Type);
        for (var row = 0; row < column.Count; row++)
        {
            if (!column.IsNull(row) && column[row].Length > 0) values.Append(column[row]);
            else if (field.Nullable || column.IsNull(row)) values.AppendNull();
            else values.Append("null"u8);
        }
        return values.Build();
    }

    /// <summary>Every value must be an object whose keys name no static field.</summary>
    public static void CheckDynamic(CollectionSchema schema, BinaryColumn column)
    {
        ImmutableArray<byte[]> names = [.. schema.Fields.Where(f => !f.IsDynamic).Select(f => Encoding.UTF8.GetBytes(f.Name))];
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsNull(row)) continue;
            var value = column[row];
            if (value.Length > Limits.JsonMaxBytes)
                throw MilvusException.InvalidParameter(
                    $"the length ({value.Length}) of dynamic field exceeds max length ({Limits.JsonMaxBytes})",
                    "valid length dynamic field", "length exceeds max length");
            if (!Utf8.IsValid(value)) throw Invalid(FieldIds.DynamicName, row, "it is not UTF-8");
            try
            {
                CheckObject(value, row, names);
            }
            catch (JsonException e)
            {
                throw Invalid(FieldIds.DynamicName, row, e.Message);
            }
        }
    }

    private static void CheckObject(ReadOnlySpan<byte> value, int row, ImmutableArray<byte[]> names)
    {
        var reader = new Utf8JsonReader(value, Strict);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw Invalid(FieldIds.DynamicName, row, "a dynamic field value must be a JSON object");
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;
            if (reader.ValueTextEquals("$meta"u8)) throw MilvusException.InvalidParameter($"cannot set key to: {FieldIds.DynamicName}");
            foreach (var name in names)
                if (reader.ValueTextEquals(name))
                    throw MilvusException.InvalidParameter($"dynamic field name cannot include the static field name: {Encoding.UTF8.GetString(name)}");
        }
    }

    private static MilvusException Invalid(string field, int row, string problem) =>
        MilvusException.InvalidParameter($"invalid JSON in field {field}, row number: {row}, {problem}");
}
