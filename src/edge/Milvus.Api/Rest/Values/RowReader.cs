using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Writing;

namespace Milvus.Api.Rest.Values;

/// <summary>Turns JSON rows into columns, field by field of the schema; keys that no field has go to the dynamic field.</summary>
internal static class RowReader
{
    /// <param name="zone">Of timestamps without an offset.</param>
    /// <param name="partial">A partial upsert: fields that no row gives are left out instead of being missing.</param>
    public static ImmutableArray<NamedColumn> Read(JsonElement rows, CollectionInfo collection, TimeZoneInfo zone, bool partial, bool allowAutoId)
    {
        var schema = collection.Schema;
        var list = rows.EnumerateArray().ToList();
        foreach (var row in list)
            if (row.ValueKind != JsonValueKind.Object) throw RestFailure.BadRows($"a row should be a JSON object, but got {row.ValueKind}");
        var columns = ImmutableArray.CreateBuilder<NamedColumn>();
        foreach (var field in schema.Fields)
        {
            if (field.IsDynamic || schema.ParentOf(field) is not null) continue;
            var isGiven = list.Any(r => r.TryGetProperty(field.Name, out _));
            if (!isGiven && (partial || field.IsFunctionOutput || (field.IsPrimaryKey && field.AutoId))) continue;
            if (!isGiven && !field.Nullable && field.Default is null) throw RestFailure.BadRows($"row[0] has no field {field.Name}");
            if (isGiven && field.IsFunctionOutput && !GivenValues.MayBeOutput(collection, field)) throw RestFailure.BadRows($"not allowed to provide input data for function output field: {field.Name}");
            if (isGiven && field.IsPrimaryKey && field.AutoId && !partial && !allowAutoId)
                throw RestFailure.BadRows($"no need to pass primary field {field.Name}, autoID is enabled");
            columns.Add(new NamedColumn(field.Name, ReadColumn(list, field, zone, partial)));
        }
        foreach (var parent in schema.StructFields)
            if (!partial || list.Any(r => r.TryGetProperty(parent.Name, out _))) StructReader.Read(list, schema, parent, partial, columns);
        if (ReadDynamic(list, schema, partial) is { } dynamic) columns.Add(new NamedColumn(FieldIds.DynamicName, dynamic, IsDynamic: true));
        return columns.ToImmutable();
    }

    private static Column ReadColumn(List<JsonElement> rows, FieldSchema field, TimeZoneInfo zone, bool partial)
    {
        var builder = ColumnBuilder.For(field);
        for (var i = 0; i < rows.Count; i++)
        {
            if (!rows[i].TryGetProperty(field.Name, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                if (partial && !rows[i].TryGetProperty(field.Name, out _)) throw RestFailure.BadRows($"row[{i}] lacks the field {field.Name} that other rows of the request update");
                if (!field.Nullable && field.Default is null) throw RestFailure.BadRows($"row[{i}] has no value for field {field.Name}, which is not nullable");
                builder.AppendNull();
                continue;
            }
            try
            {
                ValueReader.Append(builder, field, value, zone);
            }
            catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException or ArgumentException or MilvusException)
            {
                throw RestFailure.BadRows($"cannot convert {Shorten(value)} of row[{i}] field {field.Name} to {field.Type}: {e.Message}");
            }
        }
        return builder.Build();
    }

    private static Column? ReadDynamic(List<JsonElement> rows, CollectionSchema schema, bool partial)
    {
        var anyExtra = false;
        foreach (var row in rows)
        {
            foreach (var member in row.EnumerateObject())
            {
                if (member.Name == FieldIds.DynamicName) throw RestFailure.BadRows($"use the invalid field({FieldIds.DynamicName}) when enable dynamicField");
                if (IsField(schema, member.Name)) continue;
                if (!schema.EnableDynamicField) throw RestFailure.BadRows($"has pass more field without dynamic schema, please check it: {member.Name}");
                anyExtra = true;
            }
        }
        if (!schema.EnableDynamicField || (partial && !anyExtra)) return null;
        var builder = new BinaryColumnBuilder(DataType.Json);
        var buffer = new ArrayBufferWriter<byte>();
        foreach (var row in rows)
        {
            buffer.Clear();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                foreach (var member in row.EnumerateObject())
                {
                    if (IsField(schema, member.Name) || member.Value.ValueKind == JsonValueKind.Null) continue;
                    writer.WritePropertyName(member.Name);
                    member.Value.WriteTo(writer);
                }
                writer.WriteEndObject();
            }
            builder.Append(buffer.WrittenSpan);
        }
        return builder.Build();
    }

    private static bool IsField(CollectionSchema schema, string name) => schema.Find(name) is { IsDynamic: false } || schema.FindStruct(name) is not null;

    public static string Shorten(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 80 ? text : text[..80] + "…";
    }
}
