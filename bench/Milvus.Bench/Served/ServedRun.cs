using System.Diagnostics;
using System.Net.Sockets;
using Milvus.Protocol;

namespace Milvus.Bench.Served;

/// <summary>
/// What a server gives its clients: durable inserts by 1, 2 and 4 clients beside what the disk gives, searches at a required recall by 1, 4 and 16 clients,
/// and the time from starting on a loaded directory to the first answer. Prints Markdown.
/// </summary>
internal sealed class ServedRun : IDisposable
{
    private const string Collection = "served";
    private static readonly byte[] Insert = LeanConnection.Headers("Insert");
    private static readonly byte[] Search = LeanConnection.Headers("Search");
    private static readonly int[] Efs = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512];

    private readonly BenchOptions _options;
    private readonly ClusteredSet _set;
    private readonly ServerHost _server;

    private ServedRun(BenchOptions options)
    {
        _options = options;
        _set = new ClusteredSet(options.Rows, options.Dimension, queries: 1000);
        _server = new ServerHost(options);
    }

    public static async Task RunAsync(BenchOptions options)
    {
        using var run = new ServedRun(options);
        Console.WriteLine($"## Served: {options.Rows:N0} × {options.Dimension} float32, inner product, top {ClusteredSet.K}, through gRPC on loopback, clients on the same {Environment.ProcessorCount} cores");
        await run._server.StartAsync();
        if (options.Parts.Contains("insert")) await run.InsertAsync();
        if (!options.Parts.Contains("search") && !options.Parts.Contains("restart")) return;
        foreach (var index in options.Indexes) await run.ServeAsync(index);
    }

    public void Dispose() => _server.Dispose();

    private async Task InsertAsync()
    {
        var bodies = new InsertBodies(_set, _options.BatchRows);
        var batches = _options.InsertRows == 0 ? bodies.BatchCount : Math.Max(1, _options.InsertRows / _options.BatchRows);
        var batchBytes = _options.BatchRows * _options.Dimension * sizeof(float);
        var disk = DiskSpeed.Measure(_options.Work, batchBytes);
        Console.WriteLine();
        Console.WriteLine($"Durable inserts, acknowledged after fsync, {batches * _options.BatchRows:N0} rows in batches of {_options.BatchRows:N0} ({batchBytes / 1e6:F1} MB). The disk alone, one writer that syncs after as many bytes: {disk:N0} MB/s.");
        Console.WriteLine();
        Console.WriteLine("| clients | rows/s | MB/s | of the disk's | p50 ms | p99 ms | server CPU µs per row |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|");
        // A server that has just started compiles what it runs: the first rows are not counted.
        await WarmUpAsync(bodies);
        foreach (var clients in _options.InsertClients)
        {
            using var client = new GrpcClient(_server.Port);
            await client.CreateCollectionAsync(Collection, _options.Dimension, _options.Shards);
            var result = Loops.Run(_server, clients, 0, (connection, batch) => batch < batches && InsertBatch(connection, bodies, batch));
            var rows = result.Calls * (double)_options.BatchRows;
            var rate = rows / result.Seconds;
            var megabytes = rate * _options.Dimension * sizeof(float) / 1e6;
            Console.WriteLine($"| {clients} | {rate:N0} | {megabytes:N0} | {megabytes / disk:F2} | {result.P50Ms:F1} | {result.P99Ms:F1} | {result.ServerMicrosPerCall / _options.BatchRows:F2} |");
            await client.DropCollectionAsync(Collection);
        }
    }

    private async Task WarmUpAsync(InsertBodies bodies)
    {
        const int Batches = 40;
        using var client = new GrpcClient(_server.Port);
        await client.CreateCollectionAsync(Collection, _options.Dimension, _options.Shards);
        Loops.Run(_server, 2, 0, (connection, batch) => batch < Batches && InsertBatch(connection, bodies, batch));
        await client.DropCollectionAsync(Collection);
    }

    private static bool InsertBatch(LeanConnection connection, InsertBodies bodies, int batch)
    {
        var answer = MutationResult.Parser.ParseFrom(connection.Call(Insert, bodies.Head(Collection, batch), bodies.Vectors(batch)).Span);
        return answer.Status.Code == 0 ? true : throw new BenchException($"insert: {answer.Status.Reason}");
    }

    private async Task ServeAsync(string index)
    {
        using (var client = new GrpcClient(_server.Port))
        {
            await client.CreateCollectionAsync(Collection, _options.Dimension, _options.Shards);
            var bodies = new InsertBodies(_set, _options.BatchRows);
            Loops.Run(_server, 1, 0, (connection, batch) => batch < bodies.BatchCount && InsertBatch(connection, bodies, batch));
            await client.FlushAsync(Collection);
            var started = Stopwatch.GetTimestamp();
            var used = _server.ProcessorTime;
            await client.CreateIndexAsync(Collection, index, index == "HNSW" ? "{\"M\":16,\"efConstruction\":200}" : "{}", metric: "IP");
            await client.LoadAsync(Collection);
            Console.WriteLine();
            Console.WriteLine($"### {index}");
            Console.WriteLine();
            Console.WriteLine($"Built and loaded in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s ({(_server.ProcessorTime - used).TotalSeconds:F1} s of processor time).");
        }
        var request = Array.Empty<byte>();
        foreach (var (ef, recall, requests) in ChooseEfs())
        {
            if (_options.Parts.Contains("search")) await MeasureAsync(ef, recall, requests);
            request = requests[0];
        }
        if (_options.Parts.Contains("restart")) await RestartAsync(request);
        using (var client = new GrpcClient(_server.Port)) await client.DropCollectionAsync(Collection);
    }

    // Those that were asked for, or the narrowest that finds enough.
    private IEnumerable<(int Ef, double Recall, byte[][] Requests)> ChooseEfs()
    {
        foreach (var ef in _options.HasEfs ? _options.Efs : Efs)
        {
            byte[][] requests = [.. Enumerable.Range(0, _set.QueryCount).Select(q => GrpcClient.SearchBody(Collection, _set.Query(q), ClusteredSet.K, ef, "IP"))];
            long hits = 0;
            using (var connection = new LeanConnection(_server.Port))
                for (var q = 0; q < requests.Length; q++) hits += _set.Hits(q, Answer(connection, requests[q]).Results.Ids.IntId.Data);
            var recall = hits / (double)(ClusteredSet.K * requests.Length);
            if (recall < _options.Recall && !_options.HasEfs) continue;
            yield return (ef, recall, requests);
            if (!_options.HasEfs) yield break;
        }
        if (!_options.HasEfs) throw new BenchException($"no ef reaches recall {_options.Recall}");
    }

    private async Task MeasureAsync(int ef, double recall, byte[][] requests)
    {
        Console.WriteLine();
        Console.WriteLine($"Searches with ef {ef}, recall@{ClusteredSet.K} {recall:F4}:");
        Console.WriteLine();
        Console.WriteLine("| clients | QPS | p50 ms | p99 ms | server CPU µs per search | client CPU µs per search |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|");
        Loops.Run(_server, 4, _options.Seconds, Send);
        foreach (var clients in _options.HasClients ? _options.Clients : [1, 4, 16])
        {
            var r = Loops.Run(_server, clients, _options.Seconds, Send);
            Console.WriteLine($"| {clients} | {r.PerSecond:N0} | {r.P50Ms:F3} | {r.P99Ms:F2} | {r.ServerMicrosPerCall:F1} | {r.ClientMicrosPerCall:F1} |");
        }
        Console.WriteLine();
        Console.WriteLine($"{await _server.DescribeMemoryAsync()}.");

        // An answer that is this short has no hits; what it says instead is worth reading.
        bool Send(LeanConnection connection, int n)
        {
            var answer = connection.Call(Search, requests[n % requests.Length], []);
            if (answer.Length < 8 * ClusteredSet.K) Check(SearchResults.Parser.ParseFrom(answer.Span));
            return true;
        }
    }

    private async Task RestartAsync(byte[] request)
    {
        Console.WriteLine();
        Console.WriteLine("| stopped by | port open after s | first answer after s | the next after ms | all rows counted |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var isKilled in new[] { true, false })
        {
            if (isKilled) _server.Kill();
            else await _server.StopAsync();
            var started = Stopwatch.GetTimestamp();
            await _server.StartAsync();
            var open = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var connection = new LeanConnection(_server.Port);
            while (true)
            {
                try
                {
                    Answer(connection, request);
                    break;
                }
                catch (BenchException) when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(5))
                {
                    // Refused until the collection is loaded again.
                    await Task.Delay(2);
                }
            }
            var first = Stopwatch.GetElapsedTime(started).TotalSeconds;
            Answer(connection, request);
            var second = Stopwatch.GetElapsedTime(started).TotalSeconds;
            connection.Dispose();
            using var client = new GrpcClient(_server.Port);
            var rows = await client.CountAsync(Collection);
            Console.WriteLine($"| {(isKilled ? "SIGKILL" : "SIGTERM")} | {open:F2} | {first:F2} | {(second - first) * 1e3:F1} | {(rows == _set.RowCount ? "yes" : $"no, {rows:N0}")} |");
        }
    }

    private static SearchResults Answer(LeanConnection connection, byte[] request)
    {
        var answer = SearchResults.Parser.ParseFrom(connection.Call(Search, request, []).Span);
        Check(answer);
        return answer;
    }

    private static void Check(SearchResults answer)
    {
        if (answer.Status.Code != 0) throw new BenchException($"search: {answer.Status.Reason}");
        if (answer.Results.Ids?.IntId is not { Data.Count: ClusteredSet.K }) throw new BenchException("a search found too few rows");
    }
}
