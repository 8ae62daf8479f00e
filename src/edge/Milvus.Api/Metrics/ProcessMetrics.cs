using System.Diagnostics;

namespace Milvus.Api.Metrics;

/// <summary>What the process costs: memory, processor time, garbage collection, threads.</summary>
public static class ProcessMetrics
{
    public static void Register(MetricsRegistry registry)
    {
        registry.Observe("process_resident_memory_bytes", "Resident memory.", () => Environment.WorkingSet);
        registry.ObserveTotal("process_cpu_seconds_total", "Processor time, user and system.", () => Environment.CpuUsage.TotalTime.TotalSeconds);
        registry.Observe("process_start_time_seconds", "Start of the process since the Unix epoch.", StartTime);
        registry.Observe("dotnet_gc_heap_bytes", "Managed heap after the last collection.", () => GC.GetGCMemoryInfo().HeapSizeBytes);
        registry.Observe("dotnet_gc_committed_bytes", "Memory committed for the managed heap.", () => GC.GetGCMemoryInfo().TotalCommittedBytes);
        registry.ObserveTotal("dotnet_gc_allocated_bytes_total", "Bytes allocated on the managed heap.", () => GC.GetTotalAllocatedBytes());
        registry.ObserveTotal("dotnet_gc_pause_seconds_total", "Time spent in collection pauses.", () => GC.GetTotalPauseDuration().TotalSeconds);
        registry.Observe("dotnet_gc_collections", "Collections by generation.", "generation", Collections);
        registry.Observe("dotnet_threadpool_threads", "Threads of the pool.", () => ThreadPool.ThreadCount);
        registry.Observe("dotnet_threadpool_queue_length", "Work items waiting for a thread.", () => ThreadPool.PendingWorkItemCount);
    }

    private static double StartTime()
    {
        using var process = Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000.0;
    }

    private static IEnumerable<(string, double)> Collections()
    {
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            yield return (generation.ToString(), GC.CollectionCount(generation));
    }
}
