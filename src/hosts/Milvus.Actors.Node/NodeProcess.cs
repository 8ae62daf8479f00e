using System.Runtime.InteropServices;
using Milvus.Actors.Hosting;

namespace Milvus.Actors.Node;

/// <summary>Runs one node until it is told to stop.</summary>
internal static class NodeProcess
{
    /// <summary>Runs until Ctrl-C, SIGTERM or until the node left the cluster by itself; returns the exit code.</summary>
    public static async Task<int> RunAsync(NodeSettings settings)
    {
        AddOns.Check(settings);
        var stop = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult("Stopping …");
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        await using var node = await ClusterNode.StartAsync(settings, stop.Task);
        if (stop.Task.IsCompleted) return 0;
        AddOns.Start(node, settings);
        Print(settings, node);
        var first = await Task.WhenAny(stop.Task, node.Terminated);
        if (first == stop.Task)
        {
            Console.WriteLine(await stop.Task);
            return 0;
        }
        // Downed by the others, say. Whoever runs this process starts it again, and it joins anew.
        Console.Error.WriteLine("milvus: this node is no longer part of the cluster");
        return 2;
    }

    private static void Print(NodeSettings settings, ClusterNode node)
    {
        Console.WriteLine($"Milvus.Actors node {node.Address} is up: {string.Join(", ", settings.Roles)}.");
        var host = settings.Address?.ToString() ?? "localhost";
        if (node.Port is { } port) Console.WriteLine($"  gRPC and REST  {host}:{port}");
        if (node.MetricsPort is { } metrics) Console.WriteLine($"  health, metrics, /v1/cluster  http://{host}:{metrics}");
    }
}
