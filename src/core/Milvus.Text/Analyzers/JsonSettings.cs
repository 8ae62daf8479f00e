using System.Text.Json;
using Milvus.Model;

namespace Milvus.Text.Analyzers;

/// <summary>One object of the analyzer parameters, read with Milvus' complaints. <paramref name="label"/> names it in errors.</summary>
internal readonly struct JsonSettings(JsonElement element, string label)
{
    /// <exception cref="MilvusException">1100: another key is present.</exception>
    public void Allow(params ReadOnlySpan<string> keys)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!keys.Contains(property.Name))
                throw MilvusException.InvalidParameter($"unknown {label} key: {property.Name}");
        }
    }

    public bool Has(string key) => element.TryGetProperty(key, out _);

    public string Text(JsonElement value, string complaint) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw MilvusException.InvalidParameter(complaint);

    /// <exception cref="MilvusException">1100: missing or not a string.</exception>
    public string Text(string key, string complaint) =>
        element.TryGetProperty(key, out JsonElement value) ? Text(value, complaint) : throw MilvusException.InvalidParameter(complaint);

    /// <summary>The strings under a key; empty when it is absent.</summary>
    /// <exception cref="MilvusException">1100: not an array of strings.</exception>
    public List<string> TextList(string key)
    {
        List<string> list = [];
        if (!element.TryGetProperty(key, out JsonElement value))
            return list;
        if (value.ValueKind != JsonValueKind.Array)
            throw MilvusException.InvalidParameter($"{key} should be array");
        foreach (JsonElement item in value.EnumerateArray())
            list.Add(Text(item, $"{key} list item should be string"));
        return list;
    }

    /// <summary>The members of the object under a key; none when it is absent.</summary>
    /// <exception cref="MilvusException">1100: not an object.</exception>
    public IEnumerable<JsonProperty> Entries(string key)
    {
        if (!element.TryGetProperty(key, out JsonElement value))
            return [];
        return value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw MilvusException.InvalidParameter($"{label} {key} should be a json map");
    }

    public bool Flag(string key, bool otherwise)
    {
        if (!element.TryGetProperty(key, out JsonElement value))
            return otherwise;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw MilvusException.InvalidParameter($"{label} {key} must be a boolean"),
        };
    }

    /// <exception cref="MilvusException">1100: missing or not an unsigned integer.</exception>
    public ulong Unsigned(string key, string complaint) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number)
            ? number
            : throw MilvusException.InvalidParameter(complaint);
}
