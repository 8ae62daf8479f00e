using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Api.Rest.Values;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Import;

/// <summary>Turns imported rows into the columns of an insert, field by field of the schema; what no field has goes to the dynamic field or is passed over.</summary>
internal static class ImportRows
{
    /// <exception cref="MilvusException">2100: a row lacks a field, gives one that the server makes, or gives a value of another type.</exception>
    public static ImmutableArray<NamedColumn> Read(IReadOnlyList<JsonElement> rows, CollectionInfo collection)
    {
        var schema = collection.Schema;
        foreach (var row in rows)
            if (row.ValueKind != JsonValueKind.Object) throw Row($"invalid JSON format, each row should be a key-value map, but got type {row.ValueKind}");
        var columns = ImmutableArray.CreateBuilder<NamedColumn>();
        foreach (var field in schema.Fields)
            if (!field.IsDynamic && schema.ParentOf(field) is null && ReadColumn(rows, field, collection) is { } column) columns.Add(new NamedColumn(field.Name, column));
        foreach (var parent in schema.StructFields) ReadStruct(rows, parent, schema, columns);
        if (schema.EnableDynamicField) columns.Add(new NamedColumn(FieldIds.DynamicName, ReadDynamic(rows, schema), IsDynamic: true));
        return columns.ToImmutable();
    }

    private static void ReadStruct(IReadOnlyList<JsonElement> rows, StructFieldSchema parent, CollectionSchema schema, ImmutableArray<NamedColumn>.Builder columns)
    {
        try
        {
            StructReader.Read([.. rows], schema, parent, partial: false, columns);
        }
        catch (Rest.RestFailure e)
        {
            throw Row(e.Message);
        }
    }

    private static Column? ReadColumn(IReadOnlyList<JsonElement> rows, FieldSchema field, CollectionInfo collection)
    {
        var isGiven = rows.Any(r => r.TryGetProperty(field.Name, out _));
        if (field.IsFunctionOutput)
            return isGiven ? throw Row($"not allowed to provide data for {Producer(field, collection)}function output field '{field.Name}'") : null;
        if (field.IsPrimaryKey && field.AutoId)
        {
            if (!isGiven) return null;
            if (collection.Property("allow_insert_auto_id") != "true") throw Row($"the primary key '{field.Name}' is auto-generated, no need to provide");
        }
        var builder = ColumnBuilder.For(field);
        foreach (var row in rows) Append(builder, field, row);
        return builder.Build();
    }

    private static string Producer(FieldSchema field, CollectionInfo collection) =>
        collection.Schema.Functions.Any(f => f.Type == FunctionType.BM25 && f.OutputFields.Contains(field.Name)) ? "BM25 " : "";

    private static void Append(ColumnBuilder builder, FieldSchema field, JsonElement row)
    {
        if (!row.TryGetProperty(field.Name, out var value))
        {
            if (!field.Nullable && field.Default is null) throw Row($"value of field '{field.Name}' is missed");
            builder.AppendNull();
            return;
        }
        if (value.ValueKind == JsonValueKind.Null)
        {
            if (!field.Nullable && field.Default is null) throw Row($"the field '{field.Name}' is not nullable but the file contains null value");
            builder.AppendNull();
            return;
        }
        try
        {
            ValueReader.Append(builder, field, value);
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException or ArgumentException)
        {
            throw Row(DimensionProblem(field, value) ?? $"expected type '{field.Type}' for field '{field.Name}', got type '{value.ValueKind}' with value '{Shorten(value)}': {e.Message}");
        }
    }

    private static string? DimensionProblem(FieldSchema field, JsonElement value)
    {
        if (!field.Type.IsDenseVector() || value.ValueKind != JsonValueKind.Array) return null;
        var given = value.GetArrayLength() * (field.Type == DataType.BinaryVector ? 8 : 1);
        return given == field.Dimension ? null : $"expected dim '{field.Dimension}' for field '{field.Name}' with type '{field.Type}', got dim '{given}'";
    }

    // Members that no field has, merged with those below $meta, which may also be an object's text.
    private static Column ReadDynamic(IReadOnlyList<JsonElement> rows, CollectionSchema schema)
    {
        var builder = new BinaryColumnBuilder(DataType.Json);
        var buffer = new ArrayBufferWriter<byte>();
        foreach (var row in rows)
        {
            buffer.Clear();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                var written = new HashSet<string>(StringComparer.Ordinal);
                writer.WriteStartObject();
                foreach (var member in row.EnumerateObject())
                {
                    if (member.Name == FieldIds.DynamicName) WriteMeta(writer, member.Value, written);
                    else if (schema.Find(member.Name) is null or { IsDynamic: true } && schema.FindStruct(member.Name) is null) WriteMember(writer, member, written);
                }
                writer.WriteEndObject();
            }
            builder.Append(buffer.WrittenSpan);
        }
        return builder.Build();
    }

    private static void WriteMeta(Utf8JsonWriter writer, JsonElement meta, HashSet<string> written)
    {
        if (meta.ValueKind == JsonValueKind.String)
        {
            try
            {
                meta = JsonElement.Parse(meta.GetString()!);
            }
            catch (JsonException)
            {
                throw Row($"failed to unmarshal dynamic field value '{Shorten(meta)}'");
            }
        }
        if (meta.ValueKind == JsonValueKind.Null) return;
        if (meta.ValueKind != JsonValueKind.Object) throw Row("invalid value for dynamic field, JSON format string or JSON object is required");
        foreach (var member in meta.EnumerateObject()) WriteMember(writer, member, written);
    }

    private static void WriteMember(Utf8JsonWriter writer, JsonProperty member, HashSet<string> written)
    {
        if (!written.Add(member.Name)) throw Row($"duplicated key in dynamic field, key={member.Name}");
        writer.WritePropertyName(member.Name);
        member.Value.WriteTo(writer);
    }

    private static MilvusException Row(string problem) => ImportFailures.Of($"failed to parse row, error: {problem}");

    private static string Shorten(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 80 ? text : text[..80] + "…";
    }
}
