using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Api.Rest.Values;

/// <summary>Turns the JSON arrays of objects of one struct field into the columns of its sub-fields.</summary>
internal static class StructReader
{
    public static void Read(List<JsonElement> rows, CollectionSchema schema, StructFieldSchema parent, bool partial, ImmutableArray<NamedColumn>.Builder columns)
    {
        var fields = schema.FieldsOf(parent);
        var names = fields.Select(parent.ShortName).ToArray();
        var builders = fields.Select(f => (ArrayColumnBuilder)ColumnBuilder.For(f)).ToArray();
        for (var i = 0; i < rows.Count; i++)
        {
            if (!rows[i].TryGetProperty(parent.Name, out var value) && partial)
                throw RestFailure.BadRows($"row[{i}] lacks the field {parent.Name} that other rows of the request update");
            if (value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            {
                if (!parent.Nullable) throw RestFailure.BadRows($"row[{i}] has no value for field {parent.Name}, which is not nullable");
                foreach (var b in builders) b.AppendNull();
                continue;
            }
            if (value.ValueKind != JsonValueKind.Array) throw RestFailure.BadRows($"an array of objects is expected for row[{i}] field {parent.Name}, but got {RowReader.Shorten(value)}");
            foreach (var element in value.EnumerateArray()) Append(element, i, parent, fields, names, builders);
            foreach (var b in builders) b.EndRow();
        }
        for (var f = 0; f < builders.Length; f++) columns.Add(new NamedColumn(fields[f].Name, builders[f].Build()));
    }

    private static void Append(JsonElement element, int row, StructFieldSchema parent, ImmutableArray<FieldSchema> fields, string[] names, ArrayColumnBuilder[] builders)
    {
        if (element.ValueKind != JsonValueKind.Object) throw RestFailure.BadRows($"an array of objects is expected for row[{row}] field {parent.Name}");
        foreach (var member in element.EnumerateObject())
            if (!names.Contains(member.Name)) throw RestFailure.BadRows($"struct field {parent.Name} has no sub-field {member.Name}, row[{row}]");
        for (var f = 0; f < fields.Length; f++)
        {
            if (!element.TryGetProperty(names[f], out var value) || value.ValueKind == JsonValueKind.Null)
                throw RestFailure.BadRows($"row[{row}] has no value for sub-field {names[f]} of field {parent.Name}, which null is not allowed for");
            var single = fields[f] with { Type = fields[f].ElementType };
            try
            {
                ValueReader.Append(builders[f].Elements, single, value);
            }
            catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException or ArgumentException or MilvusException)
            {
                throw RestFailure.BadRows($"cannot convert {RowReader.Shorten(value)} of row[{row}] field {fields[f].Name} to {fields[f].ElementType}: {e.Message}");
            }
        }
    }
}
