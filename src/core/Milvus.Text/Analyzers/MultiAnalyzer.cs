using System.Text.Json;
using Milvus.Model;

namespace Milvus.Text.Analyzers;

/// <summary>
/// <c>multi_analyzer_params</c>: several analyzers of one field, chosen per row by the value of another VarChar field and per query by
/// name. An unknown name falls back to <c>default</c>.
/// </summary>
public sealed class MultiAnalyzer
{
    private const string DefaultName = "default";
    private readonly Dictionary<string, Analyzer> _analyzers;

    private MultiAnalyzer(string byField, Dictionary<string, Analyzer> analyzers)
    {
        ByField = byField;
        _analyzers = analyzers;
    }

    /// <summary>True when one of them asks a service.</summary>
    public bool AsksService => _analyzers.Values.Any(analyzer => analyzer.AsksService);

    /// <summary>The field whose value names a row's analyzer.</summary>
    public string ByField { get; }

    /// <exception cref="MilvusException">1100: malformed, no default, or an alias of nothing.</exception>
    public static MultiAnalyzer Parse(string multiAnalyzerParams)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(multiAnalyzerParams);
            return Parse(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new MilvusException(
                ErrorCode.InvalidParameter, $"multi analyzer params is not valid JSON: {e.Message}: invalid parameter", e)
            { IsInputError = true };
        }
    }

    /// <summary>The analyzer of that name or alias, else the default one.</summary>
    public Analyzer Select(string? name) => name is not null && _analyzers.TryGetValue(name, out Analyzer? analyzer) ? analyzer : _analyzers[DefaultName];

    private static MultiAnalyzer Parse(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw MilvusException.InvalidParameter("multi analyzer params should be a json map");
        var settings = new JsonSettings(root, "multi analyzer option");
        settings.Allow("analyzers", "by_field", "alias");
        string byField = settings.Text("by_field", "multi analyzer params now must set by_field to specify with field decide analyzer");
        var analyzers = new Dictionary<string, Analyzer>(StringComparer.Ordinal);
        foreach (JsonProperty entry in Entries(root, "analyzers"))
            analyzers[entry.Name] = AnalyzerParser.Parse(entry.Value, AnalyzerSources.OfProcess);
        if (!analyzers.ContainsKey(DefaultName))
            throw MilvusException.InvalidParameter("multi analyzer must set default analyzer for all unknown value");
        foreach (JsonProperty alias in Entries(root, "alias"))
        {
            string target = settings.Text(alias.Value, "multi analyzer alias should be string");
            if (!analyzers.TryGetValue(target, out Analyzer? analyzer))
                throw MilvusException.InvalidParameter($"multi analyzer alias {alias.Name} names the unknown analyzer {target}");
            analyzers.TryAdd(alias.Name, analyzer);
        }
        return new MultiAnalyzer(byField, analyzers);
    }

    private static IEnumerable<JsonProperty> Entries(JsonElement root, string key)
    {
        if (!root.TryGetProperty(key, out JsonElement value))
            return [];
        return value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject()
            : throw MilvusException.InvalidParameter($"multi analyzer {key} should be a json map");
    }
}
