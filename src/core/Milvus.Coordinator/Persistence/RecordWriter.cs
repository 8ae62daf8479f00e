using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Coordinator.Persistence;

/// <summary>Writes one stored record: a JSON object that begins with its format version. Empty lists and default values are left out.</summary>
internal static class RecordWriter
{
    public const int FormatVersion = 1;

    public static byte[] Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("v", FormatVersion);
            content(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    public static void WriteOptional(this Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0) json.WriteString(name, value);
    }

    public static void WriteOptional(this Utf8JsonWriter json, string name, bool value)
    {
        if (value) json.WriteBoolean(name, true);
    }

    public static void WriteOptional(this Utf8JsonWriter json, string name, long value)
    {
        if (value != 0) json.WriteNumber(name, value);
    }

    public static void WriteOptional(this Utf8JsonWriter json, string name, Timestamp value)
    {
        if (value != Timestamp.Zero) json.WriteNumber(name, value.Value);
    }

    public static void WriteProperties(this Utf8JsonWriter json, string name, ImmutableArray<Property> properties) =>
        json.WriteList(name, properties, static (j, p) =>
        {
            j.WriteStartArray();
            j.WriteStringValue(p.Key);
            j.WriteStringValue(p.Value);
            j.WriteEndArray();
        });

    public static void WriteStrings(this Utf8JsonWriter json, string name, ImmutableArray<string> values) =>
        json.WriteList(name, values, static (j, s) => j.WriteStringValue(s));

    public static void WriteNumbers(this Utf8JsonWriter json, string name, ImmutableArray<long> values) =>
        json.WriteList(name, values, static (j, n) => j.WriteNumberValue(n));

    public static void WriteObjects<T>(this Utf8JsonWriter json, string name, ImmutableArray<T> values, Action<Utf8JsonWriter, T> content) =>
        json.WriteList(name, values, (j, value) =>
        {
            j.WriteStartObject();
            content(j, value);
            j.WriteEndObject();
        });

    public static void WriteLiteral(this Utf8JsonWriter json, string name, Literal? literal)
    {
        if (literal is null) return;
        json.WritePropertyName(name);
        json.WriteLiteral(literal);
    }

    private static void WriteLiteral(this Utf8JsonWriter json, Literal literal)
    {
        json.WriteStartObject();
        switch (literal)
        {
            case Literal.Bool v: json.WriteBoolean("bool", v.Value); break;
            case Literal.Int v: json.WriteNumber("int", v.Value); break;
            case Literal.Float v: json.WriteNumber("float", v.Value); break;
            case Literal.Text v: json.WriteString("text", v.Value); break;
            case Literal.List v:
                json.WriteStartArray("list");
                foreach (var item in v.Items) json.WriteLiteral(item);
                json.WriteEndArray();
                break;
            default: throw new ArgumentOutOfRangeException(nameof(literal), literal, "unknown literal");
        }
        json.WriteEndObject();
    }

    private static void WriteList<T>(this Utf8JsonWriter json, string name, ImmutableArray<T> values, Action<Utf8JsonWriter, T> write)
    {
        if (values.IsDefaultOrEmpty) return;
        json.WriteStartArray(name);
        foreach (var value in values) write(json, value);
        json.WriteEndArray();
    }
}
