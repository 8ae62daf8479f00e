using System.Diagnostics;

namespace Milvus.Bench;

/// <summary>How long a killed server needs until it answers again; once with a log to replay, once with everything sealed.</summary>
internal static class RestartRun
{
    private const string Collection = "bench";
    private const int BatchRows = 5000;

    public static async Task RunAsync(BenchOptions options)
    {
        Console.WriteLine($"restart: {options.Rows:N0} × {options.Dimension} random rows, HNSW M 16 efConstruction 100, killed with SIGKILL");
        using var server = new ServerHost(options);
        await server.StartAsync();
        var random = new Random(1);
        var batch = new float[BatchRows * options.Dimension];
        using (var client = new GrpcClient(server.Port))
        {
            await client.CreateCollectionAsync(Collection, options.Dimension);
            await client.CreateIndexAsync(Collection, "HNSW", "{\"M\":16,\"efConstruction\":100}");
            await client.LoadAsync(Collection);
            var started = Stopwatch.GetTimestamp();
            for (var from = 0; from < options.Rows; from += BatchRows)
            {
                var count = Math.Min(BatchRows, options.Rows - from);
                for (var i = 0; i < count * options.Dimension; i++) batch[i] = random.NextSingle();
                await client.InsertAsync(Collection, from, batch.AsMemory(0, count * options.Dimension), options.Dimension);
            }
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            Console.WriteLine($"insert into a loaded, indexed collection: {options.Rows / seconds:N0} rows/s; disk {server.DiskBytes() / 1e6:N0} MB");
        }

        await KillAndAskAsync("killed right after the last insert", server, options, batch);
        using (var client = new GrpcClient(server.Port))
        {
            var started = Stopwatch.GetTimestamp();
            await client.FlushAsync(Collection);
            Console.WriteLine($"flush: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
            var told = Stopwatch.GetTimestamp();
            await client.CreateIndexAsync(Collection, "HNSW", "{\"M\":16,\"efConstruction\":100}", (indexed, total) =>
            {
                // Minutes for a million rows: say that it goes on.
                if (Stopwatch.GetElapsedTime(told) < TimeSpan.FromSeconds(15)) return;
                told = Stopwatch.GetTimestamp();
                Console.WriteLine($"  {indexed:N0} of {total:N0} sealed rows indexed after {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
            });
            Console.WriteLine($"flush and index: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        }
        await KillAndAskAsync("killed when all was sealed and indexed", server, options, batch);
    }

    private static async Task KillAndAskAsync(string when, ServerHost server, BenchOptions options, float[] batch)
    {
        server.Kill();
        var started = Stopwatch.GetTimestamp();
        await server.StartAsync();
        using var client = new GrpcClient(server.Port);
        var listening = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var body = GrpcClient.SearchBody(Collection, batch.AsMemory(0, options.Dimension), 10, 64);
        // Refused until the collection is loaded again; the first answer ends the measurement.
        while (true)
        {
            try
            {
                await client.SearchAsync(body);
                break;
            }
            catch (BenchException) when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(10))
            {
                await Task.Delay(20);
            }
        }
        var answered = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var rows = await client.CountAsync(Collection);
        Console.WriteLine($"{when}: port open after {listening:F2} s, first search answered after {answered:F2} s, {rows:N0} rows counted after {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s");
        if (rows != options.Rows) throw new BenchException($"{rows} rows instead of {options.Rows}");
        Console.WriteLine("  " + await server.DescribeMemoryAsync());
    }
}
