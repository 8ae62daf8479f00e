using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Api.Mapping;

/// <summary>JSON text as filter template values; lists whose elements differ in type travel so.</summary>
public static class JsonLiterals
{
    /// <exception cref="MilvusException">1100: not JSON, or JSON that no filter literal can hold.</exception>
    public static Literal Parse(string name, ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            return Convert(name, document.RootElement);
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"expression template value of {name} is not JSON: {e.Message}");
        }
    }

    /// <exception cref="MilvusException">1100: null and objects are no filter literals.</exception>
    public static Literal Convert(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => new Literal.Bool(true),
        JsonValueKind.False => new Literal.Bool(false),
        JsonValueKind.String => new Literal.Text(value.GetString()!),
        JsonValueKind.Number => value.TryGetInt64(out var integer) ? new Literal.Int(integer) : new Literal.Float(value.GetDouble()),
        JsonValueKind.Array => new Literal.List([.. value.EnumerateArray().Select(v => Convert(name, v))]),
        _ => throw MilvusException.InvalidParameter($"expression template value of {name} is of an unsupported type"),
    };
}
