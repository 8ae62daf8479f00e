using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Milvus.Actors.Hosting;
using Milvus.Hosting.Settings;

namespace Milvus.Actors.Node.Local;

/// <summary>
/// A cluster of processes on this machine, five unless asked otherwise, for people without Kubernetes: two nodes with coordinator and proxy, the others with
/// streaming, query and data. One PostgreSQL and one directory are shared by all.
/// </summary>
internal static class LocalCluster
{
    private const int ClusterPort = 4053;

    // 127.0.0.x: two nodes that lead and take requests, the others hold the data.
    private static (string Address, string Roles)[] Nodes(NodeSettings settings) =>
    [
        ("127.0.0.1", "coordinator,proxy"),
        ("127.0.0.2", "coordinator,proxy"),
        .. Enumerable.Range(3, settings.LocalNodes).Select(i => ($"127.0.0.{i}", "streaming,query,data")),
    ];

    public static async Task<int> RunAsync(NodeSettings settings)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        var directory = Path.GetFullPath(settings.DataDirectory);
        Directory.CreateDirectory(directory);
        await using var postgres = settings.Database is null ? await PrivatePostgres.StartAsync(Path.Combine(directory, "postgres")) : null;
        var database = settings.Database ?? postgres!.ConnectionString;
        var nodes = new List<Process>();
        try
        {
            foreach (var (address, roles) in Nodes(settings)) nodes.Add(Start(settings, directory, database, address, roles));
            if (!await ReadyAsync(settings, nodes, stop.Task))
            {
                if (stop.Task.IsCompleted) return 0;
                Console.Error.WriteLine($"milvus: a node did not start; its output is in {directory}");
                return 1;
            }
            Print(settings, nodes, directory, postgres);
            await stop.Task;
            Console.WriteLine("Stopping …");
            return 0;
        }
        finally
        {
            // Shards first, so that coordinators are there until all have left.
            foreach (var node in nodes.AsEnumerable().Reverse()) await StopAsync(node);
        }
    }

    private static Process Start(NodeSettings settings, string directory, string database, string address, string roles)
    {
        var own = Path.Combine(directory, address);
        Directory.CreateDirectory(own);
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        var self = Environment.ProcessPath!;
        var program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? $"\"{self}\" \"{typeof(LocalCluster).Assembly.Location}\"" : $"\"{self}\"";
        start.ArgumentList.Add("-c");
        // The shell is replaced by the node, so the process is the node's own.
        start.ArgumentList.Add($"exec {program} \"$@\" >\"$MILVUS_NODE_LOG\" 2>&1");
        start.ArgumentList.Add("node");
        void Flag(string name, string value)
        {
            start.ArgumentList.Add("--" + name);
            start.ArgumentList.Add(value);
        }
        Flag("roles", roles);
        Flag("host", address);
        Flag("address", address);
        Flag("cluster-port", ClusterPort.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Flag("seeds", $"127.0.0.1:{ClusterPort},127.0.0.2:{ClusterPort}");
        Flag("port", settings.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Flag("metrics-port", (settings.MetricsPort ?? 9091).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Flag("data", own);
        Flag("log-level", (settings.LogLevel < Microsoft.Extensions.Logging.LogLevel.Information ? settings.LogLevel : Microsoft.Extensions.Logging.LogLevel.Information).ToString());
        start.Environment["MILVUS_DATABASE"] = database;
        start.Environment["MILVUS_OBJECT_STORAGE"] = settings.ObjectStorage ?? Path.Combine(directory, "objects");
        start.Environment["MILVUS_NODE_LOG"] = Path.Combine(own, "node.log");
        return Process.Start(start) ?? throw new InvalidOperationException("a node could not be started");
    }

    private static async Task<bool> ReadyAsync(NodeSettings settings, List<Process> nodes, Task stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        var waiting = Nodes(settings).Select(n => n.Address).ToHashSet();
        for (var tick = 0; tick < 400 && waiting.Count > 0; tick++)
        {
            if (stop.IsCompleted || nodes.Any(n => n.HasExited)) return false;
            foreach (var address in waiting.ToList())
            {
                try
                {
                    using var answer = await http.GetAsync(new Uri($"http://{address}:{settings.MetricsPort ?? 9091}/readyz"));
                    if (answer.StatusCode == HttpStatusCode.OK) waiting.Remove(address);
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    // Not listening yet.
                }
            }
            await timer.WaitForNextTickAsync();
        }
        return waiting.Count == 0;
    }

    private static void Print(NodeSettings settings, List<Process> nodes, string directory, PrivatePostgres? postgres)
    {
        var members = Nodes(settings);
        Console.WriteLine($"A Milvus.Actors cluster of {members.Length} nodes is ready.");
        for (var i = 0; i < members.Length; i++)
            Console.WriteLine($"  {members[i].Address}  pid {nodes[i].Id,-7} {members[i].Roles,-22} health http://{members[i].Address}:{settings.MetricsPort ?? 9091}/readyz");
        Console.WriteLine($"""
              clients     {members[0].Address}:{settings.Port} or {members[1].Address}:{settings.Port}  (gRPC and REST)
              inspection  http://{members[0].Address}:{settings.MetricsPort ?? 9091}/v1/cluster/nodes
              database    {(postgres is null ? "as given" : $"private PostgreSQL on port {postgres.Port}")}
              files, logs {directory}
            Stop with Ctrl-C.
            """);
    }

    private static async Task StopAsync(Process node)
    {
        if (!node.HasExited)
        {
            Signals.Terminate(node);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            try
            {
                await node.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                node.Kill();
            }
        }
        node.Dispose();
    }
}

/// <summary>Signals that .NET has no call for.</summary>
internal static partial class Signals
{
    private const int Sigterm = 15;

    public static void Terminate(Process process) => _ = Kill(process.Id, Sigterm);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
