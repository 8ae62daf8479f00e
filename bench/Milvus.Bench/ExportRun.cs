using System.Diagnostics;

namespace Milvus.Bench;

/// <summary>
/// Reads a whole collection page by page, as query iterators of the clients do, once with its rows in memory as they were written and once sealed. Keys
/// are inserted in no order, so that pages cut across all segments.
/// </summary>
internal static class ExportRun
{
    private const string Collection = "bench";
    private const int BatchRows = 5000;

    /// <summary>Odd, so that multiplying by it permutes the keys below a power of two.</summary>
    private const long Scatter = 0x9E3779B1;

    public static async Task RunAsync(BenchOptions options)
    {
        Console.WriteLine($"export: {options.Rows:N0} × {options.Dimension} random rows with keys in no order, pages of {options.Page:N0} with their vectors");
        using var server = new ServerHost(options);
        await server.StartAsync();
        using var client = new GrpcClient(server.Port);
        await client.CreateCollectionAsync(Collection, options.Dimension, options.Shards);
        await client.CreateIndexAsync(Collection, "FLAT", "{}");
        await client.LoadAsync(Collection);
        var random = new Random(1);
        var mask = (1L << (64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)options.Rows))) - 1;
        for (var from = 0; from < options.Rows; from += BatchRows)
        {
            var keys = new long[Math.Min(BatchRows, options.Rows - from)];
            var vectors = new float[keys.Length * options.Dimension];
            for (var i = 0; i < keys.Length; i++) keys[i] = ((from + i) * Scatter) & mask;
            foreach (ref var x in vectors.AsSpan()) x = random.NextSingle();
            await client.InsertAsync(Collection, keys, vectors, options.Dimension);
        }
        await ExportAsync("as written", server, client, options);
        await client.FlushAsync(Collection);
        await ExportAsync("sealed", server, client, options);
    }

    private static async Task ExportAsync(string state, ServerHost server, GrpcClient client, BenchOptions options)
    {
        Console.WriteLine($"{state}, before: {await server.DescribeMemoryAsync()}");
        // Like the clients: one row first, for the timestamp of the state that all pages read.
        var (session, _, _) = await client.QueryPageAsync(Collection, null, 1, 0);
        var pages = new List<double>();
        long? last = null;
        long rows = 0;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            var (_, ids, vectors) = await client.QueryPageAsync(Collection, last, options.Page, session);
            if (ids.Count == 0) break;
            pages.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (vectors.Count != ids.Count * options.Dimension) throw new BenchException($"{vectors.Count} numbers for {ids.Count} vectors");
            foreach (var id in ids)
            {
                if (id <= last) throw new BenchException($"key {id} after {last}");
                last = id;
            }
            rows += ids.Count;
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (rows != options.Rows) throw new BenchException($"{rows} rows instead of {options.Rows}");
        var tenth = Math.Max(1, pages.Count / 10);
        Console.WriteLine(
            $"{state}: {rows / seconds:N0} rows/s in {pages.Count:N0} pages; median page {Median(pages[..tenth]):F2} ms in the first tenth, {Median(pages[^tenth..]):F2} ms in the last");
        Console.WriteLine($"{state}, after: {await server.DescribeMemoryAsync()}");
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
