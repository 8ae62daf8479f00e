using Milvus.Standalone.Settings;
using Spectre.Console;

namespace Milvus.Standalone.Demo;

/// <summary>
/// Shows the database at work in a minute: a server on a temporary directory, vectors through its own gRPC port, an index, searches, figures.
/// Everything it made is removed at the end.
/// </summary>
internal static class DemoRun
{
    private const string Collection = "demo";
    private const int K = 10;
    private const int QueryCount = 1000;
    private const int BatchRows = 2000;

    public static async Task<int> RunAsync(ServerSettings settings, int rows, int dimension, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("milvus-demo-").FullName;
        try
        {
            await using var process = await ServerProcess.StartAsync(settings with { DataDirectory = directory, Port = 0, MetricsPort = null, Tls = new() }, cancellation);
            using var client = new DemoClient(process.Port);
            var data = ClusteredVectors.Generate(rows, QueryCount, dimension, seed: 7);
            AnsiConsole.MarkupLine($"Server on port [green]{process.Port}[/], {rows:N0} vectors of {dimension} dimensions.");
            await client.CreateCollectionAsync(Collection, dimension, cancellation);
            var loading = await LoadAsync(client, data, dimension, cancellation);
            var building = await BuildAsync(client, cancellation);
            await SearchAsync(client, data, dimension, rows, loading, building, cancellation);
            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<TimeSpan> LoadAsync(DemoClient client, ClusteredVectors data, int dimension, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        await AnsiConsole.Progress().StartAsync(async progress =>
        {
            var task = progress.AddTask("Inserting", maxValue: data.RowCount);
            for (var from = 0; from < data.RowCount; from += BatchRows)
            {
                var count = Math.Min(BatchRows, data.RowCount - from);
                await client.InsertAsync(Collection, from, data.Rows.AsMemory(from * dimension, count * dimension), dimension, cancellation);
                task.Increment(count);
            }
        });
        return TimeProvider.System.GetElapsedTime(started);
    }

    private static async Task<TimeSpan> BuildAsync(DemoClient client, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        await AnsiConsole.Status().StartAsync("Sealing, building the HNSW index, loading", async _ =>
        {
            await client.FlushAsync(Collection, cancellation);
            await client.CreateIndexAsync(Collection, cancellation);
            await client.LoadAsync(Collection, cancellation);
        });
        return TimeProvider.System.GetElapsedTime(started);
    }

    private static async Task SearchAsync(DemoClient client, ClusteredVectors data, int dimension, int rows, TimeSpan loading, TimeSpan building, CancellationToken cancellation)
    {
        var exact = data.ExactNeighbours(K);
        var table = new Table().AddColumns("ef", $"recall@{K}", "QPS (1 client)", "p50 ms", "p99 ms");
        foreach (var ef in new[] { 16, 32, 64, 128 })
        {
            var latencies = new double[data.QueryCount];
            var found = 0;
            var started = TimeProvider.System.GetTimestamp();
            for (var q = 0; q < data.QueryCount; q++)
            {
                var before = TimeProvider.System.GetTimestamp();
                var ids = await client.SearchAsync(Collection, data.Queries.AsMemory(q * dimension, dimension), K, ef, cancellation);
                latencies[q] = TimeProvider.System.GetElapsedTime(before).TotalMilliseconds;
                found += ids.Count(id => exact[q].Contains((int)id));
            }
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            Array.Sort(latencies);
            table.AddRow(
                $"{ef}", $"{(double)found / (K * data.QueryCount):F4}", $"{data.QueryCount / seconds:N0}",
                $"{latencies[data.QueryCount / 2]:F2}", $"{latencies[data.QueryCount * 99 / 100]:F2}");
        }
        AnsiConsole.MarkupLine($"Inserted at [green]{rows / loading.TotalSeconds:N0}[/] rows/s, every batch durable before it was acknowledged.");
        AnsiConsole.MarkupLine($"Sealed, indexed (HNSW, M 16, efConstruction 200) and loaded in [green]{building.TotalSeconds:F1}[/] s.");
        AnsiConsole.Write(table);
    }
}
