using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Milvus.Architecture.Tests.Deployment;

/// <summary>Checks documents against <see cref="KubernetesFields"/>: unknown and missing fields, and values of another type.</summary>
internal sealed partial class KubernetesSchema
{
    private static readonly string[] s_frame = ["apiVersion", "kind"];

    private readonly Dictionary<string, Dictionary<string, (bool Required, string Type)>> _types = new(StringComparer.Ordinal);

    private KubernetesSchema(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            _types.Add(words[0], words[1..].Select(w => w.Split(':', 2)).ToDictionary(f => f[0].TrimEnd('!'), f => (f[0].EndsWith('!'), f[1]), StringComparer.Ordinal));
        }
    }

    public static KubernetesSchema Instance { get; } = new(KubernetesFields.Text);

    /// <param name="whole">Whether what is required must be there; a patch has only what it changes.</param>
    /// <returns>What is wrong, each with its place in the document.</returns>
    public IEnumerable<string> Check(YamlMappingNode document, bool whole)
    {
        var kind = $"{document.Text("apiVersion")}/{document.Text("kind")}";
        return _types.ContainsKey(kind) && kind.Contains('/', StringComparison.Ordinal)
            ? CheckFields(document, kind, document.Text("kind"), whole, s_frame)
            : [$"'{kind}' is no known kind"];
    }

    private IEnumerable<string> CheckFields(YamlMappingNode node, string type, string place, bool whole, string[] also)
    {
        var fields = _types[type];
        foreach (var (keyNode, value) in node.Children)
        {
            var key = ((YamlScalarNode)keyNode).Value!;
            if (also.Contains(key)) continue;
            if (!fields.TryGetValue(key, out var field)) yield return $"{place}.{key} is no field";
            else
                foreach (var problem in CheckValue(value, field.Type, $"{place}.{key}", whole)) yield return problem;
        }
        if (!whole) yield break;
        foreach (var (name, field) in fields)
            if (field.Required && node.Find(name) is null) yield return $"{place}.{name} is missing";
    }

    private IEnumerable<string> CheckValue(YamlNode node, string type, string place, bool whole)
    {
        if (type == "any") return [];
        if (type[0] == '[')
        {
            return node is YamlSequenceNode list
                ? list.Children.SelectMany((item, i) => CheckValue(item, type[1..^1], $"{place}[{((item as YamlMappingNode)?.Find("name") as YamlScalarNode)?.Value ?? i.ToString(CultureInfo.InvariantCulture)}]", whole))
                : [$"{place} is no list"];
        }
        if (type[0] == '{')
        {
            return node is YamlMappingNode map
                ? map.Children.SelectMany(c => CheckValue(c.Value, type[1..^1], $"{place}.{c.Key}", whole))
                : [$"{place} is no map"];
        }
        if (_types.ContainsKey(type)) return node is YamlMappingNode fields ? CheckFields(fields, type, place, whole, []) : [$"{place} is no map of fields"];
        if (node is not YamlScalarNode scalar) return [$"{place} is no single value"];
        return Fits(scalar, type) ? [] : [$"{place}: {scalar.Value} is not {(type.Contains('|') ? "one of " : "")}{type}"];
    }

    private static bool Fits(YamlScalarNode scalar, string type)
    {
        var value = scalar.Value ?? "";
        var plain = scalar.Style is ScalarStyle.Plain or ScalarStyle.Any;
        return type switch
        {
            // Unquoted, YAML takes these for something else than text, and the server refuses them.
            "text" => !plain || !NotText().IsMatch(value),
            "int" => plain && Integer().IsMatch(value),
            "bool" => plain && value is "true" or "false",
            "quantity" => Quantity().IsMatch(value),
            "port" => plain && Integer().IsMatch(value) ? int.Parse(value, CultureInfo.InvariantCulture) is > 0 and <= ushort.MaxValue : PortName().IsMatch(value),
            "count" => (plain && Integer().IsMatch(value)) || Percentage().IsMatch(value),
            _ => type.Contains('|') || type.Contains('.') || char.IsUpper(type[0]) ? type.Split('|').Contains(value) : throw new InvalidOperationException($"unknown type {type}"),
        };
    }

    [GeneratedRegex(@"^([-+]?[0-9][0-9_]*(\.[0-9]*)?([eE][-+]?[0-9]+)?|0x[0-9a-fA-F]+|0o[0-7]+|true|false|yes|no|on|off|null|~|)$", RegexOptions.IgnoreCase)]
    private static partial Regex NotText();

    [GeneratedRegex("^-?[0-9]+$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
    private static partial Regex Quantity();

    [GeneratedRegex("^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex PortName();

    [GeneratedRegex("^[0-9]+%$")]
    private static partial Regex Percentage();
}
