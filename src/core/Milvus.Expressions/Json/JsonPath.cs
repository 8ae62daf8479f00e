using System.Globalization;
using System.Text;

namespace Milvus.Expressions.Json;

/// <summary>Steps into a JSON document, as in JSON pointer (RFC 6901): a step of digits is a key in objects and a position in arrays.</summary>
internal sealed class JsonPath : IEquatable<JsonPath>
{
    private readonly string[] _keys;

    public JsonPath(IEnumerable<string> keys)
    {
        _keys = [.. keys];
        Steps = [.. _keys.Select(k => new Step(Encoding.UTF8.GetBytes(k), Position(k)))];
    }

    /// <param name="Key">UTF-8.</param>
    /// <param name="Index">The position that the key spells, −1 when it spells none.</param>
    public readonly record struct Step(byte[] Key, int Index);

    public Step[] Steps { get; }

    public IReadOnlyList<string> Keys => _keys;

    public bool Equals(JsonPath? other) => other is not null && _keys.AsSpan().SequenceEqual(other._keys);

    public override bool Equals(object? obj) => Equals(obj as JsonPath);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var k in _keys) hash.Add(k, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    public override string ToString() => string.Concat(_keys.Select(k => $"[\"{k}\"]"));

    private static int Position(string key) =>
        key.Length is > 0 and <= 9 && (key == "0" || key[0] != '0')
        && int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;
}
