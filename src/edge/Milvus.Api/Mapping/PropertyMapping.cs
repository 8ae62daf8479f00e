using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Milvus.Model;
using KeyValuePair = Milvus.Protocol.Common.KeyValuePair;

namespace Milvus.Api.Mapping;

/// <summary>Key-value lists of the wire.</summary>
public static class PropertyMapping
{
    public static ImmutableArray<Property> ToProperties(this RepeatedField<KeyValuePair> pairs) =>
        [.. pairs.Select(p => new Property(p.Key, p.Value))];

    /// <summary>As a dictionary; a later pair with the same key wins.</summary>
    public static ImmutableDictionary<string, string> ToParams(this RepeatedField<KeyValuePair> pairs)
    {
        if (pairs.Count == 0) return ImmutableDictionary<string, string>.Empty;
        var builder = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs) builder[pair.Key] = pair.Value;
        return builder.ToImmutable();
    }

    public static void AddProperties(this RepeatedField<KeyValuePair> pairs, ImmutableArray<Property> properties)
    {
        foreach (var property in properties) pairs.Add(new KeyValuePair { Key = property.Key, Value = property.Value });
    }
}
