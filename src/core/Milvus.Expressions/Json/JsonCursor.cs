using System.Text.Json;

namespace Milvus.Expressions.Json;

/// <summary>Reads JSON values without building a tree.</summary>
internal static class JsonCursor
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1 << 20 };

    /// <summary>Puts a reader on the first token of the value at the path. False when there is none.</summary>
    /// <exception cref="JsonException">The value is not JSON.</exception>
    public static bool TryOpen(ReadOnlySpan<byte> json, JsonPath? path, out Utf8JsonReader reader)
    {
        if (!JsonScanner.TryFind(json, path, out var value))
        {
            reader = default;
            return false;
        }
        reader = new Utf8JsonReader(value, Options);
        return reader.Read();
    }

    /// <summary>Null, an empty container, or a container of nothing but such values. The reader stands on the value's first token.</summary>
    public static bool IsEmpty(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return reader.TokenType == JsonTokenType.Null;
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False) return false;
        return true;
    }
}
