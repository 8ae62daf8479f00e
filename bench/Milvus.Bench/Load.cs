using System.Diagnostics;

namespace Milvus.Bench;

/// <summary>Throughput and latency of one kind of call under a fixed number of callers.</summary>
internal sealed record Load(double PerSecond, double P50Ms, double P99Ms)
{
    /// <summary>Runs callers that each send the next call when the last was answered.</summary>
    /// <param name="call">Makes the call of the given running number.</param>
    public static async Task<Load> MeasureAsync(int callers, double seconds, Func<int, Task> call)
    {
        var next = -1;
        var latencies = new List<double>[callers];
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(async caller =>
        {
            await Task.Yield();
            var own = latencies[caller] = new List<double>(1 << 16);
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
            {
                var before = Stopwatch.GetTimestamp();
                await call(Interlocked.Increment(ref next));
                own.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
            }
        }));
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var all = latencies.SelectMany(l => l).Order().ToList();
        return new Load(all.Count / elapsed, all[all.Count / 2], all[(int)(all.Count * 0.99)]);
    }
}
