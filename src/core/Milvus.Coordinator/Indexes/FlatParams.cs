using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Coordinator.Indexes;

/// <summary>Index parameters as one flat list: a <c>params</c> entry holds a JSON object whose members count like the others.</summary>
internal sealed class FlatParams
{
    public const string IndexTypeKey = "index_type";
    public const string MetricTypeKey = "metric_type";
    public const string NestedKey = "params";

    private FlatParams(ImmutableSortedDictionary<string, string> values)
    {
        IndexType = values.GetValueOrDefault(IndexTypeKey, "");
        Metric = values.GetValueOrDefault(MetricTypeKey, "");
        Others = values.Remove(IndexTypeKey).Remove(MetricTypeKey);
    }

    /// <summary>Empty when not given.</summary>
    public string IndexType { get; }

    /// <summary>Empty when not given.</summary>
    public string Metric { get; }

    /// <summary>Everything but index and metric type.</summary>
    public ImmutableSortedDictionary<string, string> Others { get; }

    /// <exception cref="MilvusException">1100: too long, or the nested parameters are no JSON object.</exception>
    public static FlatParams Parse(ImmutableArray<Property> properties)
    {
        var bytes = properties.Sum(p => Encoding.UTF8.GetByteCount(p.Key) + Encoding.UTF8.GetByteCount(p.Value));
        if (bytes > Limits.IndexParamBytes) throw RuleErrors.OutOfRange("index params size exceeds limit", bytes, 0, Limits.IndexParamBytes);
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in properties)
        {
            if (key == NestedKey) AddNested(values, value);
            else values[key] = value;
        }
        return new FlatParams(values.ToImmutable());
    }

    private static void AddNested(ImmutableSortedDictionary<string, string>.Builder values, string json)
    {
        if (string.IsNullOrWhiteSpace(json)) return;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Null) return;
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw MilvusException.InvalidParameter($"index params should be a JSON object, but got {json}");
            foreach (var member in document.RootElement.EnumerateObject())
                if (member.Value.ValueKind != JsonValueKind.Null) values[member.Name] = Text(member.Value);
        }
        catch (JsonException e)
        {
            throw MilvusException.InvalidParameter($"invalid JSON in index params: {e.Message}");
        }
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    };
}
