using YamlDotNet.RepresentationModel;

namespace Milvus.Architecture.Tests.Deployment;

/// <summary>
/// What kustomize makes of a folder, as far as these manifests use it: resources, strategic merge patches, generated ConfigMaps (without the hash in
/// their names), replicas, images.
/// </summary>
internal sealed class Kustomization
{
    private const string FileName = "kustomization.yaml";

    private static readonly string[] s_listKeys = ["name", "mountPath", "containerPort", "topologyKey"];

    private readonly IReadOnlyDictionary<string, string> _files;
    private readonly List<string> _problems = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private Kustomization(IReadOnlyDictionary<string, string> files) => _files = files;

    /// <summary>The objects as they would be sent to the server.</summary>
    public List<YamlMappingNode> Objects { get; private set; } = [];

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Files that went into it.</summary>
    public IReadOnlySet<string> Used => _used;

    /// <param name="files">Texts by path.</param>
    /// <param name="folder">Where the kustomization is.</param>
    public static Kustomization Build(IReadOnlyDictionary<string, string> files, string folder)
    {
        var result = new Kustomization(files);
        result.Objects = result.Load(folder);
        return result;
    }

    private List<YamlMappingNode> Load(string folder)
    {
        var objects = new List<YamlMappingNode>();
        if (Read($"{folder}/{FileName}", whole: true) is not [var file]) return objects;
        foreach (var resource in file.List("resources").Select(r => Resolve(folder, ((YamlScalarNode)r).Value!)))
            objects.AddRange(_files.ContainsKey($"{resource}/{FileName}") ? Load(resource) : Read(resource, whole: true));
        foreach (var patch in file.List("patches").SelectMany(p => Read(Resolve(folder, p.Text("path")), whole: false)))
        {
            if (objects.Find(o => o.Kind() == patch.Kind() && o.Name() == patch.Name()) is { } target) Merge(target, patch);
            else _problems.Add($"{folder}: the patch of {patch.Kind()} {patch.Name()} has no target");
        }
        foreach (var generator in file.List("configMapGenerator")) Generate(objects, folder, generator);
        foreach (var replicas in file.List("replicas"))
        {
            if (objects.Find(o => o.At("spec.replicas") is not null && o.Name() == replicas.Name()) is { } target)
                ((YamlMappingNode)target.At("spec")!).Children[new YamlScalarNode("replicas")] = replicas.At("count")!;
            else _problems.Add($"{folder}: replicas of {replicas.Name()}, which is not there");
        }
        foreach (var image in file.List("images"))
        {
            var containers = objects.SelectMany(o => o.List("spec.template.spec.containers")).Where(c => c.Text("image").Split(':')[0] == image.Name()).ToList();
            if (containers.Count == 0) _problems.Add($"{folder}: image {image.Name()} is nobody's");
            foreach (var container in containers)
            {
                var parts = container.Text("image").Split(':');
                var name = image.Text("newName") is { Length: > 0 } given ? given : parts[0];
                var tag = image.Text("newTag") is { Length: > 0 } t ? t : parts.ElementAtOrDefault(1);
                ((YamlMappingNode)container).Children[new YamlScalarNode("image")] = new YamlScalarNode($"{name}:{tag}");
            }
        }
        foreach (var twice in objects.GroupBy(o => (o.Kind(), o.Name())).Where(g => g.Count() > 1)) _problems.Add($"{folder}: {twice.Key} is there twice");
        return objects;
    }

    private IReadOnlyList<YamlMappingNode> Read(string path, bool whole)
    {
        if (!_files.TryGetValue(path, out var text))
        {
            _problems.Add($"{path} does not exist");
            return [];
        }
        _used.Add(path);
        var documents = Yaml.Documents(text);
        foreach (var document in documents) _problems.AddRange(KubernetesSchema.Instance.Check(document, whole).Select(p => $"{path}: {p}"));
        return documents;
    }

    private void Generate(List<YamlMappingNode> objects, string folder, YamlNode generator)
    {
        var map = objects.Find(o => o.Kind() == "ConfigMap" && o.Name() == generator.Name());
        if (map is null != generator.Text("behavior") is "" or "create")
            _problems.Add($"{folder}: ConfigMap {generator.Name()} {(map is null ? "is not there to be changed" : "is there already")}");
        if (map is null)
        {
            map = Yaml.Documents($"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {generator.Name()}}}, data: {{}}}}")[0];
            objects.Add(map);
        }
        foreach (var literal in generator.List("literals").Select(l => ((YamlScalarNode)l).Value!.Split('=', 2)))
            ((YamlMappingNode)map.At("data")!).Children[new YamlScalarNode(literal[0])] = new YamlScalarNode(literal.ElementAtOrDefault(1) ?? "");
    }

    // Maps are merged, lists too where their items have a key, everything else is replaced.
    private static void Merge(YamlMappingNode target, YamlMappingNode patch)
    {
        foreach (var (key, value) in patch.Children)
        {
            switch (target.Children.TryGetValue(key, out var old) ? old : null, value)
            {
                case (YamlMappingNode inner, YamlMappingNode changes): Merge(inner, changes); break;
                case (YamlSequenceNode list, YamlSequenceNode changes) when s_listKeys.FirstOrDefault(k => changes.All(c => c.Text(k).Length > 0)) is { } by:
                    foreach (var item in changes.Cast<YamlMappingNode>())
                    {
                        if (list.FirstOrDefault(i => i.Text(by) == item.Text(by)) is YamlMappingNode same) Merge(same, item);
                        else list.Add(item);
                    }
                    break;
                default: target.Children[key] = value; break;
            }
        }
    }

    private static string Resolve(string folder, string relative)
    {
        var parts = new List<string>(folder.Split('/'));
        foreach (var part in relative.Split('/'))
        {
            if (part == ".." && parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            else parts.Add(part);
        }
        return string.Join('/', parts);
    }
}
