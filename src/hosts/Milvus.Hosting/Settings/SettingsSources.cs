using System.Collections;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Milvus.Hosting.Settings;

/// <summary>A value and where it was given, for error messages.</summary>
public readonly record struct SettingValue(string Value, string Origin);

/// <summary>Collects settings: the command line wins over the environment, that over the file.</summary>
/// <param name="isKnown">Whether a name is a setting's: of the environment only those are taken.</param>
public sealed class SettingsSources(Func<string, bool> isKnown)
{
    private const string Prefix = "MILVUS_";

    private readonly Dictionary<string, SettingValue> _effective = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, SettingValue> Effective => _effective;

    /// <summary>Reads a flat JSON (.json) or YAML (.yaml, .yml) mapping of setting names to scalars.</summary>
    /// <exception cref="SettingsException">The file cannot be read or is no such mapping.</exception>
    public SettingsSources AddFile(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            var values = Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".json" => FromJson(text),
                ".yaml" or ".yml" => new Deserializer().Deserialize<Dictionary<string, string>>(text) ?? [],
                var other => throw new SettingsException($"configuration file {path}: '{other}' is neither .json nor .yaml"),
            };
            foreach (var (key, value) in values) _effective[key] = new SettingValue(value, path);
            return this;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or YamlException or InvalidOperationException)
        {
            throw new SettingsException($"configuration file {path}: {e.Message}");
        }
    }

    /// <summary>Takes the <c>MILVUS_</c> variables whose name is a setting's; others with that prefix belong to other programs.</summary>
    public SettingsSources AddEnvironment(IDictionary variables)
    {
        foreach (DictionaryEntry v in variables)
        {
            if (v.Key is not string name || !name.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            var key = name[Prefix.Length..].ToLowerInvariant().Replace('_', '-');
            if (isKnown(key)) _effective[key] = new SettingValue(v.Value as string ?? "", $"the environment variable {name}");
        }
        return this;
    }

    public SettingsSources AddFlag(string key, string value)
    {
        _effective[key] = new SettingValue(value, $"the flag --{key}");
        return this;
    }

    private static Dictionary<string, string> FromJson(string text)
    {
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return document.RootElement.EnumerateObject().ToDictionary(
            p => p.Name,
            p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : p.Value.GetRawText(),
            StringComparer.Ordinal);
    }
}
