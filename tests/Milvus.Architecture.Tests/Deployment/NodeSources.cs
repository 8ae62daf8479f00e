using System.Globalization;
using System.Text.RegularExpressions;

namespace Milvus.Architecture.Tests.Deployment;

/// <summary>What manifests and documents must agree with, read from the text of the node's sources: those cannot be built everywhere.</summary>
internal static partial class NodeSources
{
    /// <summary>The phases in which a node leaves, in the order of Akka.NET's reference configuration.</summary>
    private static readonly string[] s_phases =
    [
        "before-service-unbind", "service-unbind", "service-requests-done", "service-stop", "before-cluster-shutdown", "cluster-sharding-shutdown-region",
        "cluster-leave", "cluster-exiting", "cluster-exiting-done", "cluster-shutdown", "before-actor-system-terminate", "actor-system-terminate",
    ];

    /// <summary>Names of the settings of a node.</summary>
    public static IReadOnlySet<string> Settings { get; } = Key().Matches(Repository.Read("src/hosts/Milvus.Actors/Hosting/NodeSettings.cs"))
        .Concat(new[] { "EngineSettings", "TlsSettings" }.SelectMany(f => SharedKey().Matches(Repository.Read($"src/hosts/Milvus.Hosting/Settings/{f}.cs"))))
        .Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

    public static int HostShutdownSeconds { get; } = Number(HostShutdown().Match(Repository.Read("src/hosts/Milvus.Actors/Hosting/ClusterNode.cs")));

    /// <summary>What all phases may take together on the slowest role.</summary>
    public static int PhasesSeconds { get; } = SumOfPhases();

    private static int SumOfPhases()
    {
        var files = Repository.Files("*.conf").Where(f => f.StartsWith("hocon/", StringComparison.Ordinal)).Select(Repository.Read).ToList();
        var usual = files.SelectMany(f => UsualTimeout().Matches(f)).Max(Number);
        return s_phases.Sum(p => files.SelectMany(f => Regex.Matches(f, $@"\b{p}\.timeout = (\d+)s")).Select(Number).DefaultIfEmpty(usual).Max());
    }

    private static int Number(Match match) => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("^ +new\\(\"([a-z0-9-]+)\", \"", RegexOptions.Multiline)]
    private static partial Regex Key();

    [GeneratedRegex("\\bKey\\(\"([a-z0-9-]+)\", \"")]
    private static partial Regex SharedKey();

    [GeneratedRegex(@"ShutdownTimeout = TimeSpan\.FromSeconds\((\d+)\)")]
    private static partial Regex HostShutdown();

    [GeneratedRegex(@"default-phase-timeout = (\d+)s")]
    private static partial Regex UsualTimeout();
}
