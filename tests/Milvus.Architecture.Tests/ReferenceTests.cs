using System.Text.RegularExpressions;

namespace Milvus.Architecture.Tests;

/// <summary>Who may reference whom: the table of projects in docs/architecture.md, from top to bottom.</summary>
public sealed partial class ReferenceTests
{
    private static readonly string[] s_corePackages =
    [
        "Microsoft.Data.Sqlite", "Microsoft.Extensions.Logging.Abstractions", "NetTopologySuite", "System.Numerics.Tensors",
    ];

    private static readonly string[] s_foreignToCore = ["Microsoft.AspNetCore", "Google.Protobuf", "Grpc", "Akka", "Amazon", "Minio", "Npgsql"];

    private static readonly Dictionary<string, int> s_rank = Table();

    [Fact]
    public void Every_project_has_its_row_in_the_architecture() =>
        Assert.Empty(Repository.SourceProjects.Select(p => p.Name).Where(n => !s_rank.ContainsKey(n)));

    [Fact]
    public void References_point_only_upwards_in_the_table()
    {
        var wrong =
            from project in Repository.SourceProjects
            from reference in project.References
            where s_rank.GetValueOrDefault(reference, int.MaxValue) >= s_rank.GetValueOrDefault(project.Name)
            select $"{project.Name} → {reference}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_product_does_not_reference_tests()
    {
        var tests = Repository.TestProjects.Select(p => p.Name).ToHashSet();
        Assert.Empty(Repository.SourceProjects.SelectMany(p => p.References.Where(tests.Contains).Select(r => $"{p.Name} → {r}")));
    }

    [Fact]
    public void Core_uses_only_packages_made_for_its_own_job()
    {
        var wrong = Repository.SourceProjects.Where(p => p.IsCore)
            .SelectMany(p => p.Packages.Except(s_corePackages).Concat(p.Frameworks).Select(x => $"{p.Name} → {x}"));
        Assert.Empty(wrong);
    }

    [Fact]
    public void Core_names_no_foreign_namespace()
    {
        var wrong =
            from file in Repository.Sources.Where(f => f.IsCore)
            from line in file.Code()
            from name in s_foreignToCore
            where line.Code.Contains($"using {name}", StringComparison.Ordinal) || line.Code.Contains($"global::{name}", StringComparison.Ordinal)
            select $"{file.Path}:{line.Number} {name}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Only_actor_projects_use_Akka() =>
        Assert.Empty(Repository.Projects.Where(p => !p.Name.StartsWith("Milvus.Actors", StringComparison.Ordinal) && p.Packages.Any(x => x.StartsWith("Akka", StringComparison.Ordinal))).Select(p => p.Name));

    /// <summary>Row numbers by project. Projects in one row may not reference each other.</summary>
    private static Dictionary<string, int> Table()
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        var row = 0;
        foreach (var line in Repository.Read("docs/architecture.md").Split('\n'))
        {
            if (!line.StartsWith('|')) continue;
            var names = ProjectName().Matches(line.Split('|')[1]);
            if (names.Count == 0) continue;
            row++;
            foreach (Match name in names) ranks.Add(name.Groups[1].Value, row);
        }
        return ranks;
    }

    [GeneratedRegex("`(Milvus\\.[A-Za-z0-9.]+)`")]
    private static partial Regex ProjectName();
}
