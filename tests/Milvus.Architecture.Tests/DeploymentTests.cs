using System.Text.RegularExpressions;
using System.Xml.Linq;
using Milvus.Architecture.Tests.Deployment;

namespace Milvus.Architecture.Tests;

/// <summary>The Kubernetes manifests are what the server takes, hold together, and agree with the program they run.</summary>
public sealed class DeploymentTests
{
    private const string Base = "deploy/k8s/base";
    private const string Trial = "deploy/k8s/overlays/trial";
    private const string Production = "deploy/k8s/overlays/production";

    private static readonly Dictionary<string, string> s_files = Repository.Files("*.y*ml")
        .Where(f => f.StartsWith("deploy/k8s/", StringComparison.Ordinal)).ToDictionary(f => f, Repository.Read, StringComparer.Ordinal);

    [Fact]
    public void The_manifests_are_right() => Assert.Empty(Problems(s_files));

    [Fact]
    public void A_node_is_given_the_time_that_leaving_takes()
    {
        Assert.InRange(NodeSources.PhasesSeconds, 60, NodeSources.HostShutdownSeconds - 1);
        Assert.True(NodeSources.HostShutdownSeconds >= 100);
    }

    [Fact]
    public void The_settings_of_a_node_are_found_in_its_sources()
    {
        Assert.True(NodeSources.Settings.Count > 20, string.Join(", ", NodeSources.Settings));
        Assert.Superset(new HashSet<string> { "roles", "database", "object-storage", "memory-limit" }, NodeSources.Settings.ToHashSet());
    }

    [Fact]
    public void The_image_has_the_version_that_is_built()
    {
        var version = XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("Version").Single().Value;
        var images = s_files.Where(f => f.Key.StartsWith(Base, StringComparison.Ordinal)).SelectMany(f => Regex.Matches(f.Value, "image: milvus-actors:(.+)")).Select(m => m.Groups[1].Value);
        Assert.Equal([version], images.Distinct());
        var project = Repository.Read("src/hosts/Milvus.Actors.Node/Milvus.Actors.Node.csproj");
        Assert.Contains("<ContainerRepository>milvus-actors</ContainerRepository>", project);
        // Without it the tag is "latest".
        Assert.Contains("<ContainerImageTag>$(Version)</ContainerImageTag>", project);
    }

    [Fact]
    public void Overlays_change_what_they_mean_to()
    {
        var production = Kustomization.Build(s_files, Production).Objects;
        var streaming = production.Single(o => o.Kind() == "StatefulSet" && o.Name() == "streaming");
        Assert.Equal(3, streaming.Number("spec.replicas"));
        Assert.Equal("kubernetes.io/hostname", streaming.List("spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution").Single().Text("topologyKey"));
        Assert.Equal("16Gi", streaming.List("spec.template.spec.containers").Single().Text("resources.limits.memory"));
        // What was not patched is still there.
        Assert.Equal("/livez", streaming.List("spec.template.spec.containers").Single().Text("livenessProbe.httpGet.path"));
        Assert.Contains(Kustomization.Build(s_files, Trial).Objects, o => o.Kind() == "StatefulSet" && o.Name() == "postgres");
    }

    // Each is one slip in one file, and what must be said about it.
    [Theory]
    [InlineData("base/streaming.yaml", "podManagementPolicy", "podManagmentPolicy", "StatefulSet.spec.podManagmentPolicy is no field")]
    [InlineData("base/streaming.yaml", "kind: StatefulSet", "kind: StatefullSet", "'apps/v1/StatefullSet' is no known kind")]
    [InlineData("base/streaming.yaml", "apiVersion: apps/v1", "apiVersion: apps/v1beta1", "'apps/v1beta1/StatefulSet' is no known kind")]
    [InlineData("base/streaming.yaml", "  serviceName: cluster\n", "", "StatefulSet.spec.serviceName is missing")]
    [InlineData("base/streaming.yaml", "replicas: 2", "replicas: \"2\"", "StatefulSet.spec.replicas: 2 is not int")]
    [InlineData("base/streaming.yaml", "value: /data", "value: 7", "env[MILVUS_DATA].value: 7 is not text")]
    [InlineData("base/streaming.yaml", "memory: 4Gi", "memory: 4GiB", "4GiB is not quantity")]
    [InlineData("base/streaming.yaml", "type: RollingUpdate", "type: Rolling", "Rolling is not one of RollingUpdate|OnDelete")]
    [InlineData("base/streaming.yaml", "Parallel", "OrderedReady", "starts its pods one by one")]
    [InlineData("base/streaming.yaml", "terminationGracePeriodSeconds: 150", "terminationGracePeriodSeconds: 100", "a node may take to leave")]
    [InlineData("base/proxy.yaml", "seconds: 10", "seconds: 60", "the grace period of 150 s less 60 s")]
    [InlineData("base/query.yaml", "matchLabels:\n      app.kubernetes.io/name: milvus\n      app.kubernetes.io/component: query", "matchLabels:\n      app.kubernetes.io/name: milvus", "the selector takes the pods of")]
    [InlineData("base/query.yaml", "    metadata:\n      labels:\n        app.kubernetes.io/name: milvus", "    metadata:\n      labels:\n        app.kubernetes.io/name: milvsu", "the selector does not match the template's labels")]
    [InlineData("base/query.yaml", "- name: MILVUS_CACHE_BYTES", "- name: MILVUS_CACHE_SIZE", "MILVUS_CACHE_SIZE is no setting of a node")]
    [InlineData("base/query.yaml", "metadata:\n        name: data", "metadata:\n        name: cache", "mounts data, which is no volume")]
    [InlineData("base/query.yaml", "name: MILVUS_HOST\n              value: \"$(POD_NAME)", "name: MILVUS_HOST\n              value: \"$(NAME_OF_POD)", "MILVUS_HOST uses $(NAME_OF_POD), which is not set above it")]
    [InlineData("base/query.yaml", "enableServiceLinks: false", "enableServiceLinks: true", "takes the variables of Services for settings")]
    [InlineData("base/query.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write to its image")]
    [InlineData("base/query.yaml", "image: milvus-actors:0.1.0", "image: milvus-actors:latest", "has no fixed version")]
    [InlineData("base/query.yaml", "image: milvus-actors:0.1.0", "image: milvus-actors", "has no fixed version")]
    [InlineData("base/data.yaml", "port: management", "port: metrics", "startupProbe asks port metrics, which is not there")]
    [InlineData("base/data.yaml", "maxUnavailable: 0", "maxUnavailable: 1", "takes nodes away before new ones are ready")]
    [InlineData("base/data.yaml", "path: /readyz", "path: /livez", "readinessProbe does not ask /readyz")]
    [InlineData("base/data.yaml", "value: data\n", "value: query\n", "its role is not its component")]
    [InlineData("base/data.yaml", "containerPort: 9091", "containerPort: 9090", "port management is not MILVUS_METRICS_PORT")]
    [InlineData("base/coordinator.yaml", "replicas: 2", "replicas: 3", "the contact points are not the coordinators and the first of the other StatefulSets")]
    [InlineData("base/coordinator.yaml", ",query-0.cluster.$(NAMESPACE).svc.cluster.local:8558", "", "the contact points are not the coordinators and the first of the other StatefulSets")]
    [InlineData("base/proxy.yaml", "MILVUS_CONTACT_POINTS", "MILVUS_SEEDS", "seeds may form a second cluster")]
    [InlineData("base/data.yaml", "containerPort: 8558", "containerPort: 8559", "port bootstrap is not MILVUS_AKKA_MANAGEMENT_PORT")]
    [InlineData("base/services.yaml", "publishNotReadyAddresses: true", "publishNotReadyAddresses: false", "contact points cannot be found before they are ready")]
    [InlineData("base/services.yaml", "targetPort: milvus", "targetPort: grpc", "Service milvus: proxy has no port grpc")]
    [InlineData("base/services.yaml", "app.kubernetes.io/component: proxy\n  ports", "app.kubernetes.io/component: proxies\n  ports", "Service milvus: selects nothing")]
    [InlineData("base/network.yaml", "- port: cluster", "- port: akka", "nobody has the port akka")]
    [InlineData("base/disruption.yaml", "      app.kubernetes.io/component: streaming\n", "      app.kubernetes.io/component: streams\n", "StatefulSet streaming: has no PodDisruptionBudget of one")]
    [InlineData("base/kustomization.yaml", "  - query.yaml", "  - querynode.yaml", "base/querynode.yaml does not exist")]
    [InlineData("base/kustomization.yaml", "  - query.yaml\n", "", "base/query.yaml is part of no kustomization")]
    [InlineData("base/kustomization.yaml", "MILVUS_LOG_LEVEL", "MILVUS_LOGLEVEL", "MILVUS_LOGLEVEL is no setting of a node")]
    [InlineData("overlays/trial/kustomization.yaml", "behavior: merge", "behavior: create", "ConfigMap milvus-settings is there already")]
    [InlineData("overlays/trial/kustomization.yaml", "MILVUS_OBJECT_STORAGE=", "MILVUS_AUTHORIZATION=", "MILVUS_OBJECT_STORAGE is not set")]
    [InlineData("overlays/trial/kustomization.yaml", "- name: data", "- name: datanode", "replicas of datanode, which is not there")]
    [InlineData("overlays/trial/postgres.yaml", "valueFrom:\n                secretKeyRef:\n                  name: milvus-credentials\n                  key: postgres-password", "value: secret", "POSTGRES_PASSWORD is in a file")]
    [InlineData("overlays/trial/minio.yaml", "kind: Service\nmetadata:", "kind: Secret\nstringData: {a: b}\nmetadata:", "has its values in a file")]
    [InlineData("overlays/production/size.yaml", "name: streaming", "name: streams", "the patch of StatefulSet streams has no target")]
    [InlineData("overlays/production/apart.yaml", "podAntiAffinity", "podAntiaffinity", "podAntiaffinity is no field")]
    public void A_slip_is_found(string file, string right, string wrong, string expected)
    {
        var path = "deploy/k8s/" + file;
        var text = s_files[path];
        var at = text.IndexOf(right, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{file} does not contain what this test changes");
        var files = new Dictionary<string, string>(s_files, StringComparer.Ordinal) { [path] = text[..at] + wrong + text[(at + right.Length)..] };
        Assert.Contains(Problems(files), p => p.Contains(expected, StringComparison.Ordinal));
    }

    private static List<string> Problems(Dictionary<string, string> files)
    {
        var leave = Math.Max(NodeSources.HostShutdownSeconds, NodeSources.PhasesSeconds);
        var problems = new List<string>();
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (folder, complete) in new[] { (Base, false), (Trial, true), (Production, true) })
        {
            var built = Kustomization.Build(files, folder);
            used.UnionWith(built.Used);
            problems.AddRange(built.Problems);
            problems.AddRange(new ManifestRules(built.Objects, NodeSources.Settings, leave).Problems(complete).Select(p => $"{folder}: {p}"));
        }
        problems.AddRange(files.Keys.Except(used).Select(f => $"{f} is part of no kustomization"));
        return problems;
    }
}
