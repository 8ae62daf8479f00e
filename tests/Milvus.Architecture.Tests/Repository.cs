using System.Xml.Linq;

namespace Milvus.Architecture.Tests;

/// <summary>The files of the repository that these tests were built from. Paths are relative to its root, with forward slashes.</summary>
internal static class Repository
{
    private static readonly string[] s_generated = ["bin", "obj", "node_modules", "artifacts", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<Project> Projects { get; } =
        [.. Files("*.csproj").Where(p => !p.Contains("/templates/")).Select(Project.Load).OrderBy(p => p.Name, StringComparer.Ordinal)];

    public static IEnumerable<Project> SourceProjects => Projects.Where(p => p.Path.StartsWith("src/", StringComparison.Ordinal));

    public static IEnumerable<Project> TestProjects => Projects.Where(p => p.Path.StartsWith("tests/", StringComparison.Ordinal));

    public static IReadOnlyList<SourceFile> Sources { get; } =
        [.. Files("*.cs").Select(p => new SourceFile(p, Read(p))).OrderBy(f => f.Path, StringComparer.Ordinal)];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static IEnumerable<string> Files(string pattern) => Walk(new DirectoryInfo(Root), pattern);

    /// <summary>Every folder with sources of ours.</summary>
    public static IEnumerable<string> SourceFolders =>
        Sources.Select(f => Path.GetDirectoryName(f.Path)!.Replace('\\', '/')).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> Walk(DirectoryInfo directory, string pattern)
    {
        foreach (var file in directory.EnumerateFiles(pattern)) yield return Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');
        foreach (var child in directory.EnumerateDirectories())
        {
            if (child.Name[0] == '.' || s_generated.Contains(child.Name)) continue;
            foreach (var file in Walk(child, pattern)) yield return file;
        }
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "Milvus.Actors.sln"))) return directory.FullName;
        throw new InvalidOperationException($"no Milvus.Actors.sln above {AppContext.BaseDirectory}");
    }
}

internal sealed record SourceFile(string Path, string Text)
{
    public bool IsCore => Path.StartsWith("src/core/", StringComparison.Ordinal);

    public bool IsProduct => Path.StartsWith("src/", StringComparison.Ordinal);

    public int LineCount => Text.AsSpan().Count('\n');

    /// <summary>Lines (from 1) without comments, near enough: what follows a double slash is dropped.</summary>
    public IEnumerable<(int Number, string Code)> Code()
    {
        var number = 0;
        foreach (var line in Text.Split('\n'))
        {
            number++;
            var comment = line.IndexOf("//", StringComparison.Ordinal);
            yield return (number, comment < 0 ? line : line[..comment]);
        }
    }
}

internal sealed record Project(string Path, string Name, XDocument Xml)
{
    public string Folder => Path[..Path.LastIndexOf('/')];

    public bool IsCore => Path.StartsWith("src/core/", StringComparison.Ordinal);

    /// <summary>Names of the projects it references.</summary>
    public IEnumerable<string> References => Includes("ProjectReference").Select(p => System.IO.Path.GetFileNameWithoutExtension(p.Replace('\\', '/')));

    /// <summary>Names of the projects it references in every build.</summary>
    public IEnumerable<string> Unconditional => Xml.Descendants("ProjectReference")
        .Where(e => e.AncestorsAndSelf().All(a => a.Attribute("Condition") is null))
        .Select(e => System.IO.Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value.Replace('\\', '/')));

    public IEnumerable<string> Packages => Includes("PackageReference");

    public IEnumerable<string> Frameworks => Includes("FrameworkReference");

    public static Project Load(string path) =>
        new(path, System.IO.Path.GetFileNameWithoutExtension(path), XDocument.Load(System.IO.Path.Combine(Repository.Root, path)));

    private IEnumerable<string> Includes(string item) => Xml.Descendants(item).Select(e => e.Attribute("Include")!.Value);
}
