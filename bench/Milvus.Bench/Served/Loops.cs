using System.Diagnostics;

namespace Milvus.Bench.Served;

/// <summary>What closed loops saw, and the processor time that it took on both sides.</summary>
internal sealed record LoopResult(int Calls, double Seconds, double P50Ms, double P99Ms, double ServerMicrosPerCall, double ClientMicrosPerCall)
{
    public double PerSecond => Calls / Seconds;
}

/// <summary>Clients that each send the next call when the last was answered, on a thread and a connection of their own.</summary>
internal static class Loops
{
    /// <param name="seconds">How long; 0 to run until no call is left.</param>
    /// <param name="call">Makes the call of the given running number; false when there is none.</param>
    public static LoopResult Run(ServerHost server, int clients, double seconds, Func<LeanConnection, int, bool> call)
    {
        var next = -1;
        var latencies = new List<double>[clients];
        var failures = new Exception?[clients];
        var connections = Enumerable.Range(0, clients).Select(_ => new LeanConnection(server.Port)).ToArray();
        var (serverBefore, clientBefore) = (server.ProcessorTime, Environment.CpuUsage.TotalTime);
        var started = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, clients).Select(c => new Thread(() => Loop(c)) { IsBackground = true }).ToArray();
        foreach (var t in threads) t.Start();
        foreach (var t in threads) t.Join();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var (serverUsed, clientUsed) = (server.ProcessorTime - serverBefore, Environment.CpuUsage.TotalTime - clientBefore);
        foreach (var c in connections) c.Dispose();
        if (Array.Find(failures, f => f is not null) is { } failure) throw new BenchException(failure.Message);
        var all = latencies.SelectMany(l => l).Order().ToList();
        if (all.Count == 0) throw new BenchException("no call was made");
        return new LoopResult(
            all.Count, elapsed, all[all.Count / 2], all[(int)(all.Count * 0.99)],
            serverUsed.TotalMicroseconds / all.Count, clientUsed.TotalMicroseconds / all.Count);

        void Loop(int client)
        {
            var own = latencies[client] = new List<double>(1 << 16);
            try
            {
                while (seconds == 0 || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
                {
                    var before = Stopwatch.GetTimestamp();
                    if (!call(connections[client], Interlocked.Increment(ref next))) return;
                    own.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
                }
            }
            catch (Exception e) when (e is BenchException or System.Net.Sockets.SocketException or Google.Protobuf.InvalidProtocolBufferException)
            {
                failures[client] = e;
            }
        }
    }
}
