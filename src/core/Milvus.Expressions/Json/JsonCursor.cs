using System.Text.Json;

namespace Milvus.Expressions.Json;

/// <summary>Walks JSON text without building a tree.</summary>
internal static class JsonCursor
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1 << 20 };

    public static Utf8JsonReader Open(ReadOnlySpan<byte> json) => new(json, Options);

    /// <summary>
    /// Moves a fresh reader to the first token of the value at the path (of the first one, where keys repeat). False when there is none.
    /// </summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static bool Find(ref Utf8JsonReader reader, JsonPath? path)
    {
        if (!reader.Read()) return false;
        if (path is null) return true;
        foreach (ref readonly var step in path.Steps.AsSpan())
        {
            var found = reader.TokenType switch
            {
                JsonTokenType.StartObject => FindKey(ref reader, step.Key),
                JsonTokenType.StartArray when step.Index >= 0 => FindPosition(ref reader, step.Index),
                _ => false,
            };
            if (!found) return false;
        }
        return true;
    }

    private static bool FindKey(ref Utf8JsonReader reader, ReadOnlySpan<byte> key)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var match = reader.ValueTextEquals(key);
            reader.Read();
            if (match) return true;
            reader.Skip();
        }
        return false;
    }

    private static bool FindPosition(ref Utf8JsonReader reader, int index)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (index-- == 0) return true;
            reader.Skip();
        }
        return false;
    }

    /// <summary>Null, an empty container, or a container of nothing but such values. The reader stands on the value's first token.</summary>
    public static bool IsEmpty(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return reader.TokenType == JsonTokenType.Null;
        var depth = reader.CurrentDepth;
        while (reader.Read())
        {
            if (reader.CurrentDepth <= depth && reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) return true;
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False) return false;
        }
        return true;
    }
}
