using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Milvus.Architecture.Tests;

/// <summary>Solution, filter, packages and the pairing of projects with their tests.</summary>
public sealed partial class ProjectTests
{
    private const string PetabridgeCmd = "Milvus.Actors.Cmd";

    /// <summary>Beginnings of the names of projects whose packages not every source has: these stay out of the filter.</summary>
    private static readonly string[] s_notStandalone = ["Milvus.Actors", "Milvus.Storage.Minio"];

    /// <summary>Projects without a test project of their own, and who tests them.</summary>
    private static readonly Dictionary<string, string> s_testedElsewhere = new(StringComparer.Ordinal)
    {
        ["Milvus.Actors.Cmd"] = "Milvus.Architecture.Tests",
        ["Milvus.Protocol"] = "Milvus.Api.Tests",
        ["Milvus.Actors.Node"] = "Milvus.Actors.Tests",
        ["Milvus.Standalone"] = "Milvus.Compatibility",
    };

    [Fact]
    public void The_solution_holds_every_project() =>
        Assert.Equal(Repository.Projects.Select(p => p.Path).Order(StringComparer.Ordinal), InSolution().Order(StringComparer.Ordinal));

    [Fact]
    public void The_standalone_filter_holds_all_that_builds_everywhere() =>
        Assert.Equal(InSolution().Where(p => !s_notStandalone.Any(n => p.Contains($"/{n}"))).Order(StringComparer.Ordinal), InFilter("Milvus.Standalone.slnf"));

    [Fact]
    public void The_cluster_filter_holds_all_but_Petabridge_Cmd() =>
        Assert.Equal(InSolution().Where(p => !p.Contains($"/{PetabridgeCmd}/")).Order(StringComparer.Ordinal), InFilter("Milvus.Cluster.slnf"));

    [Fact]
    public void Nothing_in_a_filter_references_what_is_left_out()
    {
        foreach (var filter in new[] { "Milvus.Cluster.slnf", "Milvus.Standalone.slnf" })
        {
            var names = InFilter(filter).Select(p => Path.GetFileNameWithoutExtension(p)!).ToHashSet(StringComparer.Ordinal);
            var outside = Repository.Projects.Where(p => names.Contains(p.Name)).SelectMany(p => p.Unconditional.Where(r => !names.Contains(r)).Select(r => $"{filter}: {p.Name} → {r}"));
            Assert.Empty(outside);
        }
    }

    [Fact]
    public void Only_one_small_project_uses_Petabridge_Cmd()
    {
        Assert.Equal([PetabridgeCmd], Repository.Projects.Where(p => p.Packages.Any(x => x.StartsWith("Petabridge", StringComparison.Ordinal))).Select(p => p.Name));
        Assert.Equal([PetabridgeCmd], Repository.Sources.Where(f => f.IsProduct && f.Text.Contains("using Petabridge", StringComparison.Ordinal)).Select(f => f.Path.Split('/')[2]).Distinct());
        // It cannot be compiled everywhere, so there is no room in it for anything that needs a test.
        Assert.InRange(Repository.Sources.Where(f => f.Path.Contains($"/{PetabridgeCmd}/", StringComparison.Ordinal)).Sum(f => f.LineCount), 1, 150);
    }

    [Fact]
    public void Every_project_has_its_tests()
    {
        var tests = Repository.TestProjects.ToDictionary(p => p.Name);
        foreach (var project in Repository.SourceProjects)
        {
            var name = s_testedElsewhere.GetValueOrDefault(project.Name, project.Name + ".Tests");
            Assert.True(tests.ContainsKey(name), $"{project.Name} has no {name}");
        }
        Assert.All(s_testedElsewhere.Keys, name => Assert.False(tests.ContainsKey(name + ".Tests"), $"{name} has tests of its own now"));
    }

    [Fact]
    public void Every_test_project_has_tests()
    {
        var empty = Repository.TestProjects
            .Where(p => p.Name.EndsWith(".Tests", StringComparison.Ordinal))
            .Where(p => !Repository.Sources.Any(f => f.Path.StartsWith(p.Folder + "/", StringComparison.Ordinal) && TestMethod().IsMatch(f.Text)));
        Assert.Empty(empty.Select(p => p.Name));
    }

    [Fact]
    public void Folder_and_project_have_one_name() =>
        Assert.Empty(Repository.Projects.Where(p => !p.Folder.EndsWith("/" + p.Name, StringComparison.Ordinal)).Select(p => p.Path));

    [Fact]
    public void Package_versions_are_central()
    {
        var central = CentralVersions();
        foreach (var project in Repository.Projects)
        {
            Assert.All(project.Xml.Descendants("PackageReference"), e => Assert.True(e.Attribute("Version") is null && e.Attribute("VersionOverride") is null, $"{project.Name}: {e}"));
            Assert.All(project.Packages, p => Assert.Contains(p, central));
        }
    }

    [Fact]
    public void Central_versions_are_used()
    {
        var everywhere = XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("PackageReference").Select(e => e.Attribute("Include")!.Value);
        Assert.Empty(CentralVersions().Except(Repository.Projects.SelectMany(p => p.Packages)).Except(everywhere));
    }

    [Fact]
    public void Projects_do_not_loosen_the_rules()
    {
        string[] rules = ["Nullable", "TreatWarningsAsErrors", "WarningsAsErrors", "AnalysisLevel", "EnableNETAnalyzers", "RunAnalyzers", "EnforceCodeStyleInBuild"];
        Assert.Empty(Repository.Projects.SelectMany(p => p.Xml.Descendants().Where(e => rules.Contains(e.Name.LocalName)).Select(e => $"{p.Name}: {e}")));
    }

    private static HashSet<string> CentralVersions() =>
        [.. XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion").Select(e => e.Attribute("Include")!.Value)];

    private static string[] InSolution() =>
        [.. SolutionProject().Matches(Repository.Read("Milvus.Actors.sln")).Select(m => m.Groups[1].Value.Replace('\\', '/'))];

    private static string[] InFilter(string file)
    {
        using var filter = JsonDocument.Parse(Repository.Read(file));
        return [.. filter.RootElement.GetProperty("solution").GetProperty("projects").EnumerateArray().Select(p => p.GetString()!.Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex SolutionProject();

    [GeneratedRegex(@"\[(Fact|Theory|\w*Fact\w*|\w*Theory\w*)[\](]|: \w+Specification\b")]
    private static partial Regex TestMethod();
}
