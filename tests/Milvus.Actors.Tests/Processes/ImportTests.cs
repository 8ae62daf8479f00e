using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>Imports and snapshots of a cluster whose nodes die meanwhile.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ImportTests(ITestOutputHelper output) : ClusterScenario(output)
{
    private const int Files = 4;
    private const int RowsPerFile = 25_000;

    [LongProcessFact]
    public async Task An_import_and_a_snapshot_happen_once_although_their_nodes_are_killed()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming,query", "data", "data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[1], cluster.Nodes[0]);
        await CreateAsync(client, replicas: 1);
        var files = Enumerable.Range(0, Files).Select(i => new[] { Write(cluster.ObjectDirectory, i) }).ToArray();
        var job = (await client.CallAsync("jobs/import/create", new { collectionName = Name, files }))!["jobId"]!.ToString();
        await StateAsync(client, job, "Importing");
        await ClusterProcesses.KillAsync(cluster.Nodes[3]);
        await StateAsync(client, job, "Completed");
        Assert.Equal(Files * RowsPerFile, await CountAsync(client, Name));

        await client.CallAsync("snapshots/create", new { collectionName = Name, snapshotName = "then" });
        await client.CallAsync("entities/delete", new { collectionName = Name, filter = "id < 1000" });
        await ClusterProcesses.KillAsync(cluster.Nodes[0]);
        await client.CallAsync("snapshots/restore", new { collectionName = Name, snapshotName = "then", targetCollectionName = "restored" }, Patience);
        await client.CallAsync("collections/load", new { collectionName = "restored" }, Patience);
        Assert.Equal(Files * RowsPerFile, await CountAsync(client, "restored"));
        Assert.Equal((Files * RowsPerFile) - 1000, await CountAsync(client, Name));
        var found = await client.CallAsync("entities/search", new { collectionName = "restored", data = new[] { Vector(77) }, limit = 1, consistencyLevel = "Strong" }, Patience);
        Assert.Equal("77", found!.AsArray()[0]!["id"]!.ToString());
    }

    private static string Write(DirectoryInfo objects, int file)
    {
        var rows = new StringBuilder("[");
        for (var i = 0; i < RowsPerFile; i++)
        {
            var id = (file * RowsPerFile) + i;
            if (i > 0) rows.Append(',');
            rows.Append(CultureInfo.InvariantCulture, $"{{\"id\":{id},\"vector\":[").AppendJoin(',', Vector(id).Select(x => x.ToString("R", CultureInfo.InvariantCulture))).Append("]}");
        }
        var key = $"incoming/{file}.json";
        var path = Path.Combine(objects.FullName, "incoming", $"{file}.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, rows.Append(']').ToString());
        return key;
    }

    private static float[] Vector(int id)
    {
        var random = new Random(id);
        return [.. Enumerable.Range(0, Workload.Dimension).Select(_ => random.NextSingle())];
    }

    private static async Task<int> CountAsync(ClusterClient client, string collection)
    {
        var rows = await client.CallAsync("entities/query", new { collectionName = collection, filter = "", outputFields = new[] { "count(*)" }, consistencyLevel = "Strong" }, Patience);
        return int.Parse(rows!.AsArray()[0]!["count(*)"]!.ToString(), CultureInfo.InvariantCulture);
    }

    // Waits until the job is in the state, or beyond it.
    private static async Task StateAsync(ClusterClient client, string job, string wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var state = (await client.CallAsync("jobs/import/describe", new { jobId = job }))!;
            if (state["state"]!.ToString() is var now && (now == wanted || now == "Completed")) return;
            Assert.True(now != "Failed", state.ToJsonString());
            await Task.Delay(20, patience.Token);
        }
    }
}
