using System.Text.RegularExpressions;
using Milvus.Architecture.Tests.Deployment;
using Milvus.Standalone.Settings;

namespace Milvus.Architecture.Tests;

/// <summary>The documents say what is there, and no more.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Every_setting_is_described()
    {
        var described = SettingRow().Matches(Repository.Read("docs/settings.md")).Select(m => m.Groups[1].Value);
        Assert.Equal(SettingKeys.Table.All.Select(k => k.Name).Append("config").Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_setting_of_a_cluster_node_is_described()
    {
        var described = SettingRow().Matches(Repository.Read("docs/cluster.md")).Select(m => m.Groups[1].Value);
        Assert.Equal(NodeSources.Settings.Append("config").Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_commands_of_pbm_are_those_of_the_endpoints_and_described()
    {
        var names = InspectionName().Matches(Repository.Read("src/hosts/Milvus.Actors/Inspection/InspectionCommand.cs")).Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(5, names.Count);
        var endpoints = Repository.Read("src/hosts/Milvus.Actors/Inspection/ClusterEndpoints.cs");
        var document = Repository.Read("docs/cluster.md");
        Assert.All(names, n => Assert.Contains($"case \"{n}\"", endpoints));
        Assert.All(names, n => Assert.Contains($"| `{n}` |", document));
    }

    [Fact]
    public void The_readme_has_the_two_commands()
    {
        var readme = Repository.Read("README.md");
        Assert.Contains("dotnet run -c Release --project src/hosts/Milvus.Standalone", readme);
        Assert.Contains("dotnet test Milvus.Standalone.slnf", readme);
    }

    [Fact]
    public void Decisions_are_numbered_without_gaps_and_titled()
    {
        var decisions = Directory.GetFiles(Path.Combine(Repository.Root, "docs", "decisions"), "*.md").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(Enumerable.Range(1, decisions.Count), decisions.Select(d => int.Parse(d[..4], System.Globalization.CultureInfo.InvariantCulture)));
        foreach (var file in decisions)
        {
            var text = Repository.Read("docs/decisions/" + file);
            Assert.StartsWith($"# {file[..4]} – ", text);
            Assert.All(new[] { "**Context.**", "**Choice.**", "**Cost.**" }, part => Assert.True(text.Contains(part), $"{file} lacks {part}"));
        }
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var broken =
            from document in Repository.Files("*.md")
            from Match link in Link().Matches(Repository.Read(document))
            let target = link.Groups[1].Value
            where !target.Contains("://") && !target.StartsWith('#')
            let path = Path.Combine(Repository.Root, Path.GetDirectoryName(document)!, target.Split('#')[0])
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{document}: {target}";
        Assert.Empty(broken);
    }

    [Fact]
    public void Tests_named_as_evidence_exist()
    {
        var code = string.Join('\n', Repository.Sources.Where(f => f.Path.StartsWith("tests/", StringComparison.Ordinal)).Select(f => f.Text));
        var named = Evidence().Matches(Repository.Read("docs/failure-modes.md")).Select(m => m.Groups[1].Value).Distinct();
        Assert.Empty(named.Where(n => !code.Contains(n, StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"^\| `--([a-z0-9-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex SettingRow();

    [GeneratedRegex("^ +new\\(\"([a-z]+)\", \"", RegexOptions.Multiline)]
    private static partial Regex InspectionName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    // `A_sentence_that_may_be_shortened…` or `SomethingTests` in a table.
    [GeneratedRegex(@"`(?=[^`]*[a-z])([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9_]+|Tests))…?`")]
    private static partial Regex Evidence();
}
