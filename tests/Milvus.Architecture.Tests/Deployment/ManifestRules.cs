using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Milvus.Architecture.Tests.Deployment;

/// <summary>What must hold between the objects of one deployment, and for every node of ours.</summary>
/// <param name="settings">Names of what can be set for a node.</param>
/// <param name="leaveSeconds">How long a node may take to leave.</param>
internal sealed partial class ManifestRules(IReadOnlyList<YamlMappingNode> objects, IReadOnlySet<string> settings, int leaveSeconds)
{
    private const string Prefix = "MILVUS_";

    private IEnumerable<YamlMappingNode> Workloads => objects.Where(o => o.Kind() is "StatefulSet" or "Deployment");

    /// <param name="complete">Whether it can be installed as it is: settings that only an overlay knows must be there.</param>
    public IEnumerable<string> Problems(bool complete) =>
    [
        .. Workloads.SelectMany(w => CheckWorkload(w).Concat(IsNode(w) ? CheckNode(w, complete) : []).Select(p => $"{w.Kind()} {w.Name()}: {p}")),
        .. objects.Where(o => o.Kind() == "Service").SelectMany(s => CheckService(s).Select(p => $"Service {s.Name()}: {p}")),
        .. objects.Where(o => o.Kind() == "PodDisruptionBudget" && !Workloads.Any(w => Matches(o.Map("spec.selector.matchLabels"), PodLabels(w)))).Select(o => $"PodDisruptionBudget {o.Name()} selects nothing"),
        .. objects.Where(o => o.Kind() == "NetworkPolicy").SelectMany(CheckPolicy),
        .. objects.Where(o => o.Kind() == "Secret" && (o.At("data") is not null || o.At("stringData") is not null)).Select(o => $"Secret {o.Name()} has its values in a file"),
        .. objects.Where(o => o.Kind() == "ConfigMap").SelectMany(o => CheckNames(o.Map("data").Keys).Select(p => $"ConfigMap {o.Name()}: {p}")),
    ];

    private static bool IsNode(YamlMappingNode workload) => PodLabels(workload).GetValueOrDefault("app.kubernetes.io/name") == "milvus";

    private static IReadOnlyDictionary<string, string> PodLabels(YamlMappingNode workload) => workload.Map("spec.template.metadata.labels");

    private static bool Matches(IReadOnlyDictionary<string, string> selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Count > 0 && selector.All(s => labels.GetValueOrDefault(s.Key) == s.Value);

    private IEnumerable<string> CheckWorkload(YamlMappingNode workload)
    {
        if (!Matches(workload.Map("spec.selector.matchLabels"), PodLabels(workload))) yield return "the selector does not match the template's labels";
        foreach (var other in Workloads.Where(o => o != workload && Matches(workload.Map("spec.selector.matchLabels"), PodLabels(o)))) yield return $"the selector takes the pods of {other.Name()} too";
        foreach (var label in new[] { "app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/part-of" })
            if (!PodLabels(workload).ContainsKey(label)) yield return $"no label {label}";
        var pod = workload.At("spec.template.spec");
        if (workload.Kind() == "StatefulSet")
        {
            var service = objects.FirstOrDefault(o => o.Kind() == "Service" && o.Name() == workload.Text("spec.serviceName"));
            if (service is null || !Matches(service.Map("spec.selector"), PodLabels(workload))) yield return $"the Service {workload.Text("spec.serviceName")} does not name its pods";
        }
        foreach (var constraint in pod.List("topologySpreadConstraints"))
            if (!Matches(constraint.Map("labelSelector.matchLabels"), PodLabels(workload))) yield return "a spread constraint counts other pods";
        if (pod.Text("securityContext.runAsNonRoot") != "true") yield return "may run as root";
        if (pod.Text("enableServiceLinks") != "false") yield return "takes the variables of Services for settings";
        if (pod.Text("automountServiceAccountToken") != "false") yield return "gets a token of the API server that it has no use for";
        var volumes = pod.List("volumes").Concat(workload.List("spec.volumeClaimTemplates")).Select(v => v.Name()).ToHashSet();
        foreach (var container in pod.List("containers"))
        {
            foreach (var problem in CheckContainer(container)) yield return $"container {container.Name()}: {problem}";
            foreach (var mount in container.List("volumeMounts").Where(m => !volumes.Contains(m.Name()))) yield return $"mounts {mount.Name()}, which is no volume";
        }
    }

    private static IEnumerable<string> CheckContainer(YamlNode container)
    {
        var image = container.Text("image");
        if (!Tagged().IsMatch(image) || image.EndsWith(":latest", StringComparison.Ordinal)) yield return $"the image {image} has no fixed version";
        if (container.Text("securityContext.readOnlyRootFilesystem") != "true") yield return "may write to its image";
        if (container.Text("securityContext.allowPrivilegeEscalation") != "false") yield return "may gain privileges";
        if (container.At("resources.requests.cpu") is null || container.At("resources.requests.memory") is null) yield return "requests no resources";
        if (container.At("resources.limits.memory") is null) yield return "has no limit of memory";
        var ports = container.List("ports").ToList();
        foreach (var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" })
        {
            if (container.At(probe) is null) continue;
            var port = container.Text(probe + ".httpGet.port");
            if (port.Length > 0 && !ports.Any(p => p.Name() == port || p.Text("containerPort") == port)) yield return $"{probe} asks port {port}, which is not there";
            if (port.Length == 0 && container.At(probe + ".exec") is null) yield return $"{probe} asks nothing";
        }
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var variable in container.List("env"))
        {
            foreach (Match used in Reference().Matches(variable.Text("value")))
                if (!known.Contains(used.Groups[1].Value)) yield return $"{variable.Name()} uses {used.Value}, which is not set above it";
            if (variable.At("value") is null == variable.At("valueFrom") is null) yield return $"{variable.Name()} has no value or two";
            if (!known.Add(variable.Name())) yield return $"{variable.Name()} is set twice";
            if (variable.At("value") is not null && Confidential().IsMatch(variable.Name())) yield return $"{variable.Name()} is in a file";
        }
    }

    private IEnumerable<string> CheckNode(YamlMappingNode workload, bool complete)
    {
        var pod = workload.At("spec.template.spec");
        var grace = pod.Number("terminationGracePeriodSeconds", 30);
        var wait = pod.List("containers").Max(c => c.Number("lifecycle.preStop.sleep.seconds"));
        if (grace - wait <= leaveSeconds) yield return $"the grace period of {grace} s less {wait} s is no more than the {leaveSeconds} s a node may take to leave";
        if (workload.Kind() == "StatefulSet" && workload.Text("spec.podManagementPolicy") != "Parallel") yield return "starts its pods one by one: after a full stop the first waits for the others";
        if (workload.Kind() == "Deployment" && (workload.Text("spec.strategy.rollingUpdate.maxUnavailable") != "0" || workload.Number("spec.strategy.rollingUpdate.maxSurge", 1) < 1))
            yield return "takes nodes away before new ones are ready";
        if (!objects.Any(o => o.Kind() == "PodDisruptionBudget" && o.Text("spec.maxUnavailable") == "1" && Matches(o.Map("spec.selector.matchLabels"), PodLabels(workload)))) yield return "has no PodDisruptionBudget of one";
        if (!pod.List("topologySpreadConstraints").Any()) yield return "is not spread over machines";
        var container = pod.List("containers").First();
        foreach (var (probe, path) in new[] { ("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz") })
            if (container.Text(probe + ".httpGet.path") != path) yield return $"{probe} does not ask {path}";

        var maps = container.List("envFrom").Select(f => f.Text("configMapRef.name")).ToList();
        foreach (var missing in maps.Where(m => !objects.Any(o => o.Kind() == "ConfigMap" && o.Name() == m))) yield return $"the ConfigMap {missing} is not there";
        var environment = objects.Where(o => o.Kind() == "ConfigMap" && maps.Contains(o.Name())).SelectMany(o => o.Map("data"))
            .Concat(container.List("env").Select(e => KeyValuePair.Create(e.Name(), e.Text("value"))))
            .GroupBy(e => e.Key).ToDictionary(g => g.Key, g => g.Last().Value, StringComparer.Ordinal);
        foreach (var problem in CheckNames(environment.Keys)) yield return problem;
        string[] needed = ["MILVUS_ROLES", "MILVUS_HOST", "MILVUS_CONTACT_POINTS", "MILVUS_DATABASE", "MILVUS_DATA"];
        foreach (var name in needed.Concat(complete ? ["MILVUS_OBJECT_STORAGE"] : []).Where(n => !environment.ContainsKey(n))) yield return $"{name} is not set";
        if (environment.GetValueOrDefault("MILVUS_ROLES") != PodLabels(workload).GetValueOrDefault("app.kubernetes.io/component")) yield return "its role is not its component";
        foreach (var (port, setting) in new[] { ("cluster", "MILVUS_CLUSTER_PORT"), ("bootstrap", "MILVUS_AKKA_MANAGEMENT_PORT"), ("management", "MILVUS_METRICS_PORT"), ("milvus", "MILVUS_PORT") })
        {
            var given = container.List("ports").FirstOrDefault(p => p.Name() == port);
            if (given is not null && given.Text("containerPort") != environment.GetValueOrDefault(setting)) yield return $"port {port} is not {setting}";
        }
        foreach (var problem in CheckContactPoints(environment)) yield return problem;
        foreach (var directory in new[] { "/data", "/tmp" })
            if (!container.List("volumeMounts").Any(m => m.Text("mountPath") == directory)) yield return $"cannot write to {directory}";
    }

    /// <summary>
    /// Contact points are pods that exist, under the names they give themselves: every coordinator, and one of each other role that has stable names, so that somebody knows of the cluster
    /// when all coordinators are new. Seeds would let the first of them form a second cluster.
    /// </summary>
    private IEnumerable<string> CheckContactPoints(Dictionary<string, string> environment)
    {
        if (environment.ContainsKey("MILVUS_SEEDS")) yield return "seeds may form a second cluster";
        var stable = Workloads.Where(w => w.Kind() == "StatefulSet" && IsNode(w)).ToList();
        if (stable.FirstOrDefault(w => w.Name() == "coordinator") is not { } coordinator) yield break;
        var expected = new List<string>();
        foreach (var workload in stable)
        {
            var host = workload.List("spec.template.spec.containers").First().List("env").FirstOrDefault(e => e.Name() == "MILVUS_HOST").Text("value");
            for (var i = 0; i < (workload == coordinator ? coordinator.Number("spec.replicas", 1) : 1); i++)
                expected.Add($"{host.Replace("$(POD_NAME)", $"{workload.Name()}-{i}", StringComparison.Ordinal)}:{environment.GetValueOrDefault("MILVUS_AKKA_MANAGEMENT_PORT")}");
        }
        if (!environment.GetValueOrDefault("MILVUS_CONTACT_POINTS", "").Split(',').Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal)))
            yield return "the contact points are not the coordinators and the first of the other StatefulSets";
        var service = objects.FirstOrDefault(o => o.Kind() == "Service" && o.Name() == coordinator.Text("spec.serviceName"));
        if (service.Text("spec.clusterIP") != "None" || service.Text("spec.publishNotReadyAddresses") != "true") yield return "contact points cannot be found before they are ready";
    }

    private IEnumerable<string> CheckService(YamlMappingNode service)
    {
        var selected = Workloads.Where(w => Matches(service.Map("spec.selector"), PodLabels(w))).ToList();
        if (selected.Count == 0) yield return "selects nothing";
        foreach (var target in service.List("spec.ports").Select(p => p.Text("targetPort")))
            foreach (var workload in selected.Where(w => !HasPort(w, target))) yield return $"{workload.Name()} has no port {target}";
    }

    private IEnumerable<string> CheckPolicy(YamlMappingNode policy)
    {
        var selected = Workloads.Where(w => Matches(policy.Map("spec.podSelector.matchLabels"), PodLabels(w))).ToList();
        if (selected.Count == 0) yield return $"NetworkPolicy {policy.Name()} selects nothing";
        foreach (var port in policy.List("spec.ingress").SelectMany(r => r.List("ports")).Select(p => p.Text("port")))
            if (!selected.Any(w => HasPort(w, port))) yield return $"NetworkPolicy {policy.Name()}: nobody has the port {port}";
    }

    private static bool HasPort(YamlMappingNode workload, string port) =>
        workload.List("spec.template.spec.containers").SelectMany(c => c.List("ports")).Any(p => p.Name() == port || p.Text("containerPort") == port);

    private IEnumerable<string> CheckNames(IEnumerable<string> names) =>
        names.Where(n => n.StartsWith(Prefix, StringComparison.Ordinal) && !settings.Contains(n[Prefix.Length..].ToLowerInvariant().Replace('_', '-'))).Select(n => $"{n} is no setting of a node");

    [GeneratedRegex(@"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")]
    private static partial Regex Reference();

    [GeneratedRegex("PASSWORD|SECRET|ACCESS_KEY|_DATABASE$")]
    private static partial Regex Confidential();

    [GeneratedRegex(@"^[^:@]+(:[0-9]+/[^:@]+)?(:[A-Za-z0-9][\w.-]*|@sha256:[0-9a-f]{64})$")]
    private static partial Regex Tagged();
}
