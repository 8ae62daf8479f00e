using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Milvus.Architecture.Tests.Deployment;

/// <summary>Ways through YAML trees; what is not there is null or empty.</summary>
internal static class Yaml
{
    public static IReadOnlyList<YamlMappingNode> Documents(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(d => d.RootNode).Cast<YamlMappingNode>()];
    }

    public static YamlNode? Find(this YamlMappingNode node, string key) => node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    /// <summary>What is at a path such as <c>spec.template.spec</c>.</summary>
    public static YamlNode? At(this YamlNode? node, string path)
    {
        foreach (var key in path.Split('.'))
        {
            node = (node as YamlMappingNode)?.Find(key);
            if (node is null) return null;
        }
        return node;
    }

    public static string Text(this YamlNode? node, string path) => (node.At(path) as YamlScalarNode)?.Value ?? "";

    /// <summary>The number at a path, or <paramref name="otherwise"/> where there is none.</summary>
    public static int Number(this YamlNode? node, string path, int otherwise = 0) =>
        int.TryParse(node.Text(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    public static IEnumerable<YamlNode> List(this YamlNode? node, string path) => (node.At(path) as YamlSequenceNode)?.Children ?? [];

    public static IReadOnlyDictionary<string, string> Map(this YamlNode? node, string path) =>
        (node.At(path) as YamlMappingNode)?.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => (c.Value as YamlScalarNode)?.Value ?? "", StringComparer.Ordinal) ?? [];

    public static string Kind(this YamlMappingNode node) => node.Text("kind");

    public static string Name(this YamlNode node) => node.Text(node.At("metadata") is null ? "name" : "metadata.name");
}
