using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Milvus.TestKit.Postgres;

namespace Milvus.Actors.Tests.Processes;

/// <summary>Nodes of one cluster as processes of their own, each on a loopback address of its own, sharing a PostgreSQL and a directory of objects.</summary>
public sealed partial class ClusterProcesses : IAsyncDisposable
{
    public const int ClusterPort = 4053;
    public const int Port = 19530;
    public const int MetricsPort = 9091;

    private const int Sigterm = 15;
    private const int Sigstop = 19;
    private const int Sigcont = 18;

    private static int s_networks = Environment.ProcessId % 200;

    private readonly List<NodeUnderTest> _nodes = [];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("milvus-cluster-");
    private readonly int _network = (Interlocked.Increment(ref s_networks) % 250) + 2;
    private readonly PostgresServer _postgres;

    private ClusterProcesses(PostgresServer postgres) => _postgres = postgres;

    public IReadOnlyList<NodeUnderTest> Nodes => _nodes;

    public PostgresServer Postgres => _postgres;

    public DirectoryInfo ObjectDirectory => new(Path.Combine(_directory.FullName, "objects"));

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>The network between the nodes where it can be parted, see <see cref="StartPartableAsync"/>.</summary>
    public NodeNetwork? Network { get; private set; }

    /// <summary>URL of a bucket with its keys; null for <see cref="ObjectDirectory"/>.</summary>
    private Bucket? ObjectBucket { get; init; }

    /// <summary>Starts one node per entry of <paramref name="roles"/> and waits until all are ready. The first two are the seeds.</summary>
    public static async Task<ClusterProcesses> StartAsync(params string[] roles) =>
        await StartAsync(new ClusterProcesses(await PostgresServer.StartNewAsync()), roles);

    /// <summary>As <see cref="StartAsync(string[])"/>, with sealed segments in a bucket.</summary>
    public static async Task<ClusterProcesses> StartOnAsync(Bucket bucket, params string[] roles) =>
        await StartAsync(new ClusterProcesses(await PostgresServer.StartNewAsync()) { ObjectBucket = bucket }, roles);

    /// <summary>As <see cref="StartAsync(string[])"/>, with every connection between nodes passing through <see cref="Network"/>.</summary>
    public static async Task<ClusterProcesses> StartPartableAsync(params string[] roles) =>
        await StartAsync(new ClusterProcesses(await PostgresServer.StartNewAsync()) { Network = new NodeNetwork() }, roles);

    private static async Task<ClusterProcesses> StartAsync(ClusterProcesses cluster, string[] roles)
    {
        try
        {
            for (var i = 0; i < roles.Length; i++)
            {
                var node = new NodeUnderTest($"127.0.{cluster._network}.{i + 1}", roles[i]) { Bind = cluster.Network is null ? null : $"127.1.{cluster._network}.{i + 1}:{ClusterPort}" };
                cluster._nodes.Add(node);
                if (node.Bind is not null) cluster.Network!.Add(new IPEndPoint(IPAddress.Parse(node.Address), ClusterPort), IPEndPoint.Parse(node.Bind));
            }
            foreach (var node in cluster._nodes) cluster.Start(node);
            foreach (var node in cluster._nodes) await cluster.ReadyAsync(node, TimeSpan.FromSeconds(120));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public void Start(NodeUnderTest node)
    {
        var own = Path.Combine(_directory.FullName, node.Address);
        Directory.CreateDirectory(own);
        var assembly = typeof(ClusterProcesses).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "NodeAssembly").Value!;
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var seeds = string.Join(',', _nodes.Take(2).Select(n => $"{n.Address}:{ClusterPort}"));
        node.LogFile = Path.Combine(own, "node.log");
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "exec \"$@\" >>\"$MILVUS_NODE_LOG\" 2>&1", "node", host, assembly,
            "--roles", node.Roles, "--host", node.Address, "--address", node.Address, "--cluster-port", $"{ClusterPort}", "--seeds", seeds,
            "--port", $"{Port}", "--metrics-port", $"{MetricsPort}", "--data", own, "--log-level", "Information", "--memory-limit", "2g",
        ]);
        start.Environment["MILVUS_DATABASE"] = _postgres.ConnectionString;
        start.Environment["MILVUS_OBJECT_STORAGE"] = ObjectBucket?.Url ?? ObjectDirectory.FullName;
        if (ObjectBucket is { } bucket)
        {
            start.Environment["MILVUS_OBJECT_STORAGE_ACCESS_KEY"] = bucket.AccessKey;
            start.Environment["MILVUS_OBJECT_STORAGE_SECRET_KEY"] = bucket.SecretKey;
        }
        if (node.Bind is not null) start.Environment["MILVUS_CLUSTER_BIND"] = node.Bind;
        start.Environment["MILVUS_NODE_LOG"] = node.LogFile;
        node.Process = Process.Start(start) ?? throw new InvalidOperationException("a node did not start");
    }

    /// <summary>Waits until the node's readiness endpoint says so.</summary>
    public async Task ReadyAsync(NodeUnderTest node, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (node.Process!.HasExited) throw new InvalidOperationException($"node {node.Address} ended with {node.Process.ExitCode}:\n{node.Log}");
            if (await IsReadyAsync(node)) return;
            if (watch.Elapsed > limit) throw new TimeoutException($"node {node.Address} is not ready after {limit}:\n{node.Log}");
            await Task.Delay(100);
        }
    }

    public async Task<bool> IsReadyAsync(NodeUnderTest node)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri($"http://{node.Address}:{MetricsPort}/readyz"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Addresses of the members, as a node sees them.</summary>
    public async Task<IReadOnlyList<string>> MembersAsync(NodeUnderTest asked) =>
        [.. (await FactsAsync(asked, "nodes")).Select(n => n!["node"]!.ToString())];

    /// <summary>The nodes that have shard channels, as a node sees them.</summary>
    public async Task<IReadOnlyList<NodeUnderTest>> OwnersAsync(NodeUnderTest asked)
    {
        var places = (await FactsAsync(asked, "channels")).Select(c => c!["node"]!.ToString()).ToList();
        return [.. _nodes.Where(n => places.Any(p => p.Contains($"{n.Address}:", StringComparison.Ordinal)))];
    }

    /// <summary>Waits until every replica of every segment is loaded, and replicas of one segment are apart.</summary>
    public async Task SettledAsync(NodeUnderTest asked, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var replicas = (await FactsAsync(asked, "segments")).Where(s => s!["state"]!.ToString() == "sealed").ToList();
            var isSettled = replicas.All(r => r!["ready"]!.GetValue<bool>())
                && replicas.GroupBy(r => r!["segment"]!.ToString()).All(g => g.Select(r => r!["node"]!.ToString()).Distinct().Count() == g.Count());
            if (isSettled) return;
            if (watch.Elapsed > limit) throw new TimeoutException($"replicas are not where they should be after {limit}: {string.Join("; ", replicas.Select(r => r!.ToJsonString()))}");
            await Task.Delay(200);
        }
    }

    /// <summary>The node of each replica of each sealed segment, as a node sees them; null for one that is not ready.</summary>
    public async Task<IReadOnlyList<NodeUnderTest?>> HoldersAsync(NodeUnderTest asked) =>
    [
        .. (await FactsAsync(asked, "segments")).Where(s => s!["state"]!.ToString() == "sealed")
            .Select(s => s!["ready"]!.GetValue<bool>() ? _nodes.FirstOrDefault(n => s["node"]!.ToString().Contains($"{n.Address}:", StringComparison.Ordinal)) : null),
    ];

    private async Task<JsonArray> FactsAsync(NodeUnderTest asked, string what)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return (await Http.GetFromJsonAsync<JsonArray>(new Uri($"http://{asked.Address}:{MetricsPort}/v1/cluster/{what}")))!;
            }
            catch (HttpRequestException) when (attempt < 100)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>kill -9.</summary>
    public static async Task KillAsync(NodeUnderTest node)
    {
        node.Process!.Kill();
        await node.Process.WaitForExitAsync();
        node.Process.Dispose();
        node.Process = null;
    }

    /// <summary>SIGTERM, as an orchestrator does; returns how long leaving took.</summary>
    public static async Task<TimeSpan> LeaveAsync(NodeUnderTest node)
    {
        var watch = Stopwatch.StartNew();
        _ = Kill(node.Process!.Id, Sigterm);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await node.Process.WaitForExitAsync(patience.Token);
        node.Process.Dispose();
        node.Process = null;
        return watch.Elapsed;
    }

    /// <summary>Waits until the node has ended by itself.</summary>
    public async Task EndedAsync(NodeUnderTest node, TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        try
        {
            await node.Process!.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"node {node.Address} has not ended after {limit}:\n{node.Log}");
        }
        node.Process.Dispose();
        node.Process = null;
    }

    /// <summary>Stops the process without ending it: to the others it has fallen silent, to itself no time has passed.</summary>
    public static void Freeze(NodeUnderTest node) => _ = Kill(node.Process!.Id, Sigstop);

    public static void Thaw(NodeUnderTest node) => _ = Kill(node.Process!.Id, Sigcont);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            if (node.Process is not { HasExited: false }) continue;
            node.Process.Kill();
            await node.Process.WaitForExitAsync();
        }
        await _postgres.DisposeAsync();
        if (Network is not null) await Network.DisposeAsync();
        Http.Dispose();
        if (Environment.GetEnvironmentVariable("MILVUS_KEEP_LOGS") is null) _directory.Delete(recursive: true);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}

/// <summary>Where sealed segments go.</summary>
public sealed record Bucket(string Url, string AccessKey, string SecretKey);

public sealed class NodeUnderTest(string address, string roles)
{
    public string Address { get; } = address;

    public string Roles { get; } = roles;

    /// <summary>address:port that the node listens on behind a relay; null without one.</summary>
    public string? Bind { get; init; }

    public Process? Process { get; set; }

    public string LogFile { get; set; } = "";

    /// <summary>The end of what the node printed.</summary>
    public string Log
    {
        get
        {
            if (!File.Exists(LogFile)) return "";
            using var stream = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Seek(Math.Max(0, stream.Length - 8000), SeekOrigin.Begin);
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }
}
