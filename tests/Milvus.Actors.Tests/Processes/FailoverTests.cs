using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>Real nodes are killed, told to leave and cut off while clients write and search.</summary>
[Collection(ProcessCollection.Name)]
public sealed class FailoverTests(ITestOutputHelper output)
{
    private const string Name = "docs";

    private int _reported;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    [ProcessFact]
    public async Task What_was_acknowledged_survives_the_loss_of_the_node_that_took_it()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await CreateAsync(client, replicas: 1);
        await using var load = new Workload(client, Name, inserters: 2, searchers: 1);
        await load.ProgressAsync(1000, s_patience);
        await ClusterProcesses.KillAsync(cluster.Nodes[3]);
        await load.ProgressAsync(1000, s_patience);
        Report("kill -9 of a node with streaming, query and data", load);
        await load.StopAsync();
        await load.VerifyAsync();
    }

    [LongProcessFact]
    public async Task Each_role_in_turn_is_killed()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming", "streaming", "query", "query", "data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[1], cluster.Nodes[0]);
        await CreateAsync(client, replicas: 2);
        await using var load = new Workload(client, Name, inserters: 2, searchers: 2);
        await load.ProgressAsync(3000, s_patience);
        await client.CallAsync("collections/flush", new { collectionName = Name });
        await load.ProgressAsync(1000, s_patience);
        Report("before anything", load);
        foreach (var (index, what) in new[] { (0, "coordinator and proxy"), (2, "streaming"), (4, "query"), (6, "data"), (3, "streaming, the other one"), (5, "query, the other one") })
        {
            var node = cluster.Nodes[index];
            var failedBefore = load.FailedSearches;
            var watch = Stopwatch.StartNew();
            await ClusterProcesses.KillAsync(node);
            await load.ProgressAsync(500, s_patience);
            // Until every part answers again: a command for the coordinator, a strong read for the channels.
            await client.CallAsync("collections/has", new { collectionName = Name });
            await client.CallAsync("aliases/create", new { collectionName = Name, aliasName = $"a{index}" }, s_patience);
            var settled = watch.Elapsed;
            Report($"kill -9 of {what}", load, settled, load.FailedSearches - failedBefore);
            cluster.Start(node);
            await cluster.ReadyAsync(node, TimeSpan.FromSeconds(120));
            await load.ProgressAsync(500, s_patience);
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
        await CreateAsync(client, replicas: 2);
        await using var load = new Workload(client, Name, inserters: 2, searchers: 2);
        await load.ProgressAsync(2000, s_patience);
        await client.CallAsync("collections/flush", new { collectionName = Name });
        await load.ProgressAsync(1000, s_patience);
        Report("before anything", load);
        foreach (var node in cluster.Nodes)
        {
            var leaving = await ClusterProcesses.LeaveAsync(node);
            Report(string.Create(CultureInfo.InvariantCulture, $"{node.Roles} left in {leaving.TotalSeconds:F1} s"), load);
            cluster.Start(node);
            await cluster.ReadyAsync(node, TimeSpan.FromSeconds(120));
            // As a rolling update does it: the next one goes when this one has what it needs.
            await cluster.SettledAsync(cluster.Nodes[1], TimeSpan.FromSeconds(60));
            await load.ProgressAsync(500, s_patience);
            Report($"{node.Roles} is back", load);
        }
        await load.StopAsync();
        await load.VerifyAsync();
        Assert.True(load.Problems.Count == 0, string.Join('\n', load.Problems.Take(20)));
    }

    [LongProcessFact]
    public async Task A_node_that_was_cut_off_writes_nothing_more()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data", "streaming,query,data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await CreateAsync(client, replicas: 1);
        await using var load = new Workload(client, Name, inserters: 2, searchers: 1);
        await load.ProgressAsync(1000, s_patience);
        ClusterProcesses.Freeze(cluster.Nodes[4]);
        while ((await cluster.MembersAsync(cluster.Nodes[0])).Any(m => m.Contains(cluster.Nodes[4].Address, StringComparison.Ordinal))) await Task.Delay(100);
        await load.ProgressAsync(2000, s_patience);
        Report("a node fell silent", load);
        // It believes that no time has passed and that its channels are still its own.
        ClusterProcesses.Thaw(cluster.Nodes[4]);
        await load.ProgressAsync(2000, s_patience);
        Report("it came back", load);
        await cluster.Nodes[4].Process!.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        await load.StopAsync();
        await load.VerifyAsync();
    }

    [LongProcessFact]
    public async Task A_database_that_is_away_for_a_while_needs_no_restart()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await CreateAsync(client, replicas: 1);
        await using var load = new Workload(client, Name, inserters: 2, searchers: 1);
        await load.ProgressAsync(1000, s_patience);
        await cluster.Postgres.StopAsync();
        var searches = load.Searches;
        await Task.Delay(TimeSpan.FromSeconds(60));
        Assert.True(load.Searches > searches, "loaded data was not searched while the database was away");
        await cluster.Postgres.StartAsync();
        await load.ProgressAsync(1000, s_patience);
        Report("the database was away for a minute", load);
        await load.StopAsync();
        await load.VerifyAsync();
    }

    private static async Task CreateAsync(ClusterClient client, int replicas)
    {
        await client.CallAsync("collections/create", new
        {
            collectionName = Name,
            schema = new
            {
                fields = new object[]
                {
                    new { fieldName = "id", dataType = "Int64", isPrimary = true },
                    new { fieldName = "vector", dataType = "FloatVector", elementTypeParams = new { dim = Workload.Dimension } },
                },
            },
            indexParams = new[] { new { fieldName = "vector", indexName = "vector", metricType = "L2", @params = new { index_type = "HNSW", M = 16, efConstruction = 100 } } },
            @params = new { shardsNum = 2 },
        });
        await client.CallAsync("collections/alter_properties", new { collectionName = Name, properties = new Dictionary<string, string> { ["collection.replica.number"] = $"{replicas}" } });
        if (replicas > 1)
        {
            await client.CallAsync("collections/release", new { collectionName = Name });
            await client.CallAsync("collections/load", new { collectionName = Name });
        }
        while ((await client.CallAsync("collections/get_load_state", new { collectionName = Name }))!["loadState"]!.ToString() != "LoadStateLoaded")
            await Task.Delay(50);
    }

    private void Report(string what, Workload load, TimeSpan? settled = null, long failedSearches = 0)
    {
        var line = FormattableString.Invariant(
            $"{what}: longest pause of inserts {load.TakeInsertGap().TotalSeconds:F1} s, of searches {load.TakeSearchGap().TotalSeconds:F1} s, {load.Acknowledged} rows, {load.InDoubt} in doubt, {load.Searches} searches, {load.FailedSearches} failed");
        if (settled is { } s) line += FormattableString.Invariant($", all parts answer after {s.TotalSeconds:F1} s, searches failed meanwhile {failedSearches}");
        output.WriteLine(line);
        foreach (var problem in load.Problems.GroupBy(p => p).Skip(_reported)) line += $"\n    {problem.Count()} × {problem.Key}";
        _reported = load.Problems.Distinct().Count();
        if (Environment.GetEnvironmentVariable("MILVUS_CLUSTER_REPORT") is { } file) File.AppendAllText(file, line + "\n");
    }
}
