using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>Real nodes are killed and told to leave while clients write and search.</summary>
[Collection(ProcessCollection.Name)]
public sealed class FailoverTests(ITestOutputHelper output) : ClusterScenario(output)
{
    [ProcessFact]
    public async Task What_was_acknowledged_survives_the_loss_of_the_node_that_took_it()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await using var load = await LoadAsync(client, replicas: 1, searchers: 1, rows: 1000);
        await ClusterProcesses.KillAsync(cluster.Nodes[3]);
        await load.ProgressAsync(1000, Patience);
        Report("kill -9 of a node with streaming, query and data", load);
        await load.StopAsync();
        await load.VerifyAsync();
    }

    [LongProcessFact]
    public async Task Each_role_in_turn_is_killed()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming", "streaming", "query", "query", "data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[1], cluster.Nodes[0]);
        await using var load = await LoadAsync(client, replicas: 2, searchers: 2, rows: 3000);
        await client.CallAsync("collections/flush", new { collectionName = Name });
        await load.ProgressAsync(1000, Patience);
        Report("before anything", load);
        foreach (var (index, what) in new[] { (0, "coordinator and proxy"), (2, "streaming"), (4, "query"), (6, "data"), (3, "streaming, the other one"), (5, "query, the other one") })
        {
            var node = cluster.Nodes[index];
            var failedBefore = load.FailedSearches;
            var watch = Stopwatch.StartNew();
            await ClusterProcesses.KillAsync(node);
            await load.ProgressAsync(500, Patience);
            // Until every part answers again: a command for the coordinator, a strong read for the channels.
            await client.CallAsync("collections/has", new { collectionName = Name });
            await client.CallAsync("aliases/create", new { collectionName = Name, aliasName = $"a{index}" }, Patience);
            var settled = watch.Elapsed;
            Report($"kill -9 of {what}", load, settled, load.FailedSearches - failedBefore);
            cluster.Start(node);
            await cluster.ReadyAsync(node, TimeSpan.FromSeconds(120));
            await load.ProgressAsync(500, Patience);
            Report($"{what} is back", load);
        }
        await load.StopAsync();
        await load.VerifyAsync();
    }

    [LongProcessFact]
    public async Task A_rolling_restart_fails_no_request()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming", "streaming", "query", "query", "data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await using var load = await LoadAsync(client, replicas: 2, searchers: 2, rows: 2000);
        await client.CallAsync("collections/flush", new { collectionName = Name });
        await load.ProgressAsync(1000, Patience);
        Report("before anything", load);
        foreach (var node in cluster.Nodes)
        {
            var leaving = await ClusterProcesses.LeaveAsync(node);
            Report(string.Create(CultureInfo.InvariantCulture, $"{node.Roles} left in {leaving.TotalSeconds:F1} s"), load);
            cluster.Start(node);
            await cluster.ReadyAsync(node, TimeSpan.FromSeconds(120));
            // As a rolling update does it: the next one goes when this one has what it needs.
            await cluster.SettledAsync(cluster.Nodes[1], TimeSpan.FromSeconds(60));
            await load.ProgressAsync(500, Patience);
            Report($"{node.Roles} is back", load);
        }
        await load.StopAsync();
        await load.VerifyAsync();
        Assert.True(load.Problems.Count == 0, string.Join('\n', load.Problems.Take(20)));
    }
}
