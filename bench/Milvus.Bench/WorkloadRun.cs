using System.Diagnostics;

namespace Milvus.Bench;

/// <summary>Loads a workload through gRPC, builds HNSW, measures recall, throughput, latency and memory.</summary>
internal static class WorkloadRun
{
    private const string Collection = "bench";
    private const int K = 10;
    private const int M = 16;
    private const int EfConstruction = 200;
    private const int BatchRows = 2000;

    public static async Task RunAsync(BenchOptions options)
    {
        var workload = Workload.Read(options.Data);
        if (options.Rows > 0 && options.Rows != workload.RowCount) throw new BenchException("the exact answers hold for all rows; --rows is for restart");
        Console.WriteLine($"{workload.Name}: {workload.RowCount:N0} × {workload.Dimension}, {workload.Exact.Length:N0} queries with exact answers, L2, HNSW M {M} efConstruction {EfConstruction}");

        using var server = new ServerHost(options);
        await server.StartAsync();
        using var client = new GrpcClient(server.Port);
        await LoadAsync(client, server, workload, options.Shards);
        var library = options.SkipLibrary ? null : LibraryRecall.Build(workload, M, EfConstruction);
        if (library is not null) Console.WriteLine($"index library alone: built in {library.BuildSeconds:F1} s");
        await SearchAsync(options, client, server, workload, library);
        Console.WriteLine($"{await server.DescribeMemoryAsync()}; the vectors are {workload.Rows.Length * 4L / 1e6:N0} MB; disk {server.DiskBytes() / 1e6:N0} MB");
    }

    private static async Task LoadAsync(GrpcClient client, ServerHost server, Workload workload, int shards)
    {
        await client.CreateCollectionAsync(Collection, workload.Dimension, shards);
        var started = Stopwatch.GetTimestamp();
        for (var from = 0; from < workload.RowCount; from += BatchRows)
        {
            var count = Math.Min(BatchRows, workload.RowCount - from);
            await client.InsertAsync(Collection, from, workload.Rows.AsMemory(from * workload.Dimension, count * workload.Dimension), workload.Dimension);
        }
        var inserting = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"insert: {workload.RowCount / inserting:N0} rows/s ({workload.Rows.Length * 4L / 1e6 / inserting:N0} MB/s), one client, batches of {BatchRows}, acknowledged after fsync");
        Console.WriteLine("  " + await server.DescribeMemoryAsync());

        started = Stopwatch.GetTimestamp();
        await client.FlushAsync(Collection);
        Console.WriteLine($"flush: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        Console.WriteLine("  " + await server.DescribeMemoryAsync());
        started = Stopwatch.GetTimestamp();
        await client.CreateIndexAsync(Collection, "HNSW", $"{{\"M\":{M},\"efConstruction\":{EfConstruction}}}");
        Console.WriteLine($"index: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        Console.WriteLine("  " + await server.DescribeMemoryAsync());
        started = Stopwatch.GetTimestamp();
        await client.LoadAsync(Collection);
        Console.WriteLine($"load: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        Console.WriteLine("  " + await server.DescribeMemoryAsync());
    }

    private static async Task SearchAsync(BenchOptions options, GrpcClient client, ServerHost server, Workload workload, LibraryRecall? library)
    {
        using var rest = new RestClient(server.Port);
        Console.WriteLine();
        Console.WriteLine("| ef | recall@10 gRPC | REST | library | library QPS, 1 thread | clients | QPS | p50 ms | p99 ms |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var ef in options.Efs)
        {
            var bodies = Enumerable.Range(0, workload.Exact.Length).Select(q => GrpcClient.SearchBody(Collection, workload.Query(q), K, ef)).ToList();
            var grpcRecall = await RecallAsync(workload, q => client.SearchAsync(bodies[q]));
            var restRecall = await RecallAsync(workload, q => rest.SearchAsync(Collection, workload.Query(q), K, ef));
            var alone = library?.Measure(K, ef);
            foreach (var clients in options.Clients)
            {
                await Load.MeasureAsync(clients, Math.Min(1, options.Seconds), n => client.SearchAsync(bodies[n % bodies.Count]));
                var load = await Load.MeasureAsync(clients, options.Seconds, n => client.SearchAsync(bodies[n % bodies.Count]));
                Console.WriteLine($"| {ef} | {grpcRecall:F4} | {restRecall:F4} | {alone?.Recall:F4} | {alone?.PerSecond:N0} | {clients} | {load.PerSecond:N0} | {load.P50Ms:F2} | {load.P99Ms:F2} |");
            }
        }
        Console.WriteLine();
    }

    private static async Task<double> RecallAsync(Workload workload, Func<int, Task<IReadOnlyList<long>>> search)
    {
        long hits = 0;
        for (var q = 0; q < workload.Exact.Length; q++)
        {
            var best = workload.Exact[q].AsMemory(0, K);
            hits += (await search(q)).Count(id => best.Span.Contains((int)id));
        }
        return (double)hits / (K * workload.Exact.Length);
    }
}
